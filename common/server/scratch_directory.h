// A private temporary directory that goes away with its owner, and the sweeping of those whose
// owner was killed before it could do so.

#ifndef RCB_COMMON_SERVER_SCRATCH_DIRECTORY_H_
#define RCB_COMMON_SERVER_SCRATCH_DIRECTORY_H_

#include <string>
#include <utility>

#include "absl/status/statusor.h"

namespace rcb {

class ScratchDirectory {
 public:
  // Makes "rcb-<our pid>-XXXXXX" with mode 0700 under $TMPDIR, or under /tmp where $TMPDIR is not
  // an absolute path or too long for a unix socket within. Before that, removes the directories of
  // this name whose process is dead, if they are this user's and nobody holds their lock.
  static absl::StatusOr<ScratchDirectory> Make();

  ScratchDirectory(ScratchDirectory&& other) noexcept
      : path_(std::exchange(other.path_, "")), lock_fd_(std::exchange(other.lock_fd_, -1)) {}
  ScratchDirectory& operator=(ScratchDirectory&&) = delete;
  // Removes the directory and everything in it.
  ~ScratchDirectory();

  // Absolute, without a trailing slash.
  const std::string& path() const { return path_; }

 private:
  ScratchDirectory(std::string path, int lock_fd) : path_(std::move(path)), lock_fd_(lock_fd) {}

  std::string path_;
  int lock_fd_;  // the open directory, flocked: a process id proves nothing to another container
};

}  // namespace rcb

#endif  // RCB_COMMON_SERVER_SCRATCH_DIRECTORY_H_
