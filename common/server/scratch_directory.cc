#include "common/server/scratch_directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <system_error>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace rcb {
namespace {

constexpr char kPrefix[] = "rcb";
constexpr size_t kSuffixLength = 6;  // of mkdtemp
// Leaves room for our directory and a socket in the 107 bytes of a unix socket's path.
constexpr size_t kMaxParentLength = 64;

std::string Parent() {
  const char* const tmpdir = std::getenv("TMPDIR");
  const bool fit = tmpdir != nullptr && *tmpdir == '/' && std::strlen(tmpdir) <= kMaxParentLength;
  return fit ? tmpdir : "/tmp";
}

void RemoveTree(const std::string& path) {
  std::error_code ignored;  // what cannot be removed stays: nobody is left to act on it
  std::filesystem::remove_all(path, ignored);
}

// The process in "rcb-<pid>-XXXXXX"; 0 for any other name.
pid_t OwnerOf(absl::string_view name) {
  const std::vector<absl::string_view> parts = absl::StrSplit(name, '-');
  pid_t owner = 0;
  if (parts.size() != 3 || parts[0] != kPrefix || parts[2].size() != kSuffixLength) return 0;
  for (const char c : parts[2]) {
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c))) return 0;
  }
  if (!absl::SimpleAtoi(parts[1], &owner) || absl::StrCat(owner) != parts[1]) return 0;
  return owner > 0 ? owner : 0;
}

// Opens and locks the directory; -1 if that is impossible, above all if its owner holds the lock.
int OpenLocked(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) == 0) return fd;
  close(fd);
  return -1;
}

void RemoveIfStale(const std::string& path, pid_t owner) {
  if (kill(owner, 0) == 0 || errno != ESRCH) return;
  const int fd = OpenLocked(path);
  if (fd < 0) return;
  struct stat facts = {};
  if (fstat(fd, &facts) == 0 && facts.st_uid == geteuid()) RemoveTree(path);
  close(fd);
}

void SweepStale(const std::string& parent) {
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(opendir(parent.c_str()), closedir);
  if (directory == nullptr) return;
  while (const dirent* const entry = readdir(directory.get())) {
    const pid_t owner = OwnerOf(entry->d_name);
    if (owner != 0) RemoveIfStale(absl::StrCat(parent, "/", entry->d_name), owner);
  }
}

}  // namespace

absl::StatusOr<ScratchDirectory> ScratchDirectory::Make() {
  const std::string parent = Parent();
  SweepStale(parent);
  std::string path = absl::StrCat(parent, "/", kPrefix, "-", getpid(), "-XXXXXX");
  if (mkdtemp(path.data()) == nullptr) {
    return absl::UnavailableError(absl::StrCat("cannot make a temporary directory in ", parent,
                                               ": ", std::strerror(errno),
                                               "; set TMPDIR to one that can be written"));
  }
  return ScratchDirectory(path, OpenLocked(path));
}

ScratchDirectory::~ScratchDirectory() {
  if (!path_.empty()) RemoveTree(path_);
  if (lock_fd_ >= 0) close(lock_fd_);
}

}  // namespace rcb
