#include "common/server/scratch_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

#include "gtest/gtest.h"

namespace rcb {
namespace {

namespace fs = std::filesystem;

// The number of a process that has existed and does not any more.
pid_t DeadProcess() {
  const pid_t pid = fork();
  if (pid == 0) _exit(0);
  EXPECT_EQ(waitpid(pid, nullptr, 0), pid);
  return pid;
}

class ScratchDirectoryTest : public testing::Test {
 protected:
  void SetUp() override {
    const char* const tmpdir = getenv("TMPDIR");
    if (tmpdir != nullptr) tmpdir_before_ = tmpdir;
    ASSERT_NE(mkdtemp(parent_.data()), nullptr);
    setenv("TMPDIR", parent_.c_str(), 1);
  }
  void TearDown() override {
    fs::remove_all(parent_);
    if (tmpdir_before_.empty()) {
      unsetenv("TMPDIR");
    } else {
      setenv("TMPDIR", tmpdir_before_.c_str(), 1);
    }
  }

  ScratchDirectory Make() {
    absl::StatusOr<ScratchDirectory> directory = ScratchDirectory::Make();
    EXPECT_TRUE(directory.ok()) << directory.status();
    return *std::move(directory);
  }
  fs::path MakeStale(const std::string& name) {
    const fs::path path = fs::path(parent_) / name;
    fs::create_directories(path / "within");
    std::ofstream(path / "within" / "file") << "x";
    return path;
  }

  std::string parent_ = "/tmp/scratch_test_XXXXXX";
  std::string tmpdir_before_;
};

TEST_F(ScratchDirectoryTest, IsPrivateAndGoesAwayWithItsContents) {
  fs::path path;
  {
    const ScratchDirectory directory = Make();
    path = directory.path();
    struct stat facts = {};
    ASSERT_EQ(stat(path.c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 0777, 0700u);
    EXPECT_EQ(path.parent_path(), parent_);
    fs::create_directories(path / "a" / "b");
    std::ofstream(path / "a" / "file") << "x";
    fs::create_symlink(parent_, path / "link");
  }
  EXPECT_FALSE(fs::exists(path));
  EXPECT_TRUE(fs::exists(parent_)) << "followed a link out of the directory";
}

TEST_F(ScratchDirectoryTest, SweepsWhatADeadProcessLeft) {
  const fs::path stale = MakeStale("rcb-" + std::to_string(DeadProcess()) + "-aB3xyz");
  const ScratchDirectory directory = Make();
  EXPECT_FALSE(fs::exists(stale));
}

TEST_F(ScratchDirectoryTest, LeavesTheDirectoriesOfLivingProcesses) {
  const ScratchDirectory own = Make();
  const fs::path parents = MakeStale("rcb-" + std::to_string(getppid()) + "-abcdef");
  const ScratchDirectory directory = Make();
  EXPECT_TRUE(fs::exists(own.path()));
  EXPECT_TRUE(fs::exists(parents));
}

TEST_F(ScratchDirectoryTest, LeavesALockedDirectoryWhateverItsProcessNumber) {
  const fs::path locked = MakeStale("rcb-" + std::to_string(DeadProcess()) + "-abcdef");
  const int fd = open(locked.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  ASSERT_EQ(flock(fd, LOCK_EX), 0);
  { const ScratchDirectory directory = Make(); }
  EXPECT_TRUE(fs::exists(locked));
  close(fd);
  { const ScratchDirectory directory = Make(); }
  EXPECT_FALSE(fs::exists(locked));
}

TEST_F(ScratchDirectoryTest, HoldsTheLockOfItsOwnDirectory) {
  const ScratchDirectory directory = Make();
  const int fd = open(directory.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  EXPECT_EQ(flock(fd, LOCK_EX | LOCK_NB), -1);
  close(fd);
}

TEST_F(ScratchDirectoryTest, LeavesWhateverDoesNotFullyMatchItsNames) {
  const std::string dead = std::to_string(DeadProcess());
  const std::string names[] = {"rcb-" + dead + "-abcde",
                               "rcb-" + dead + "-abcdefg",
                               "rcb-" + dead + "-abc.ef",
                               "rcb-0" + dead + "-abcdef",
                               "xrcb-" + dead + "-abcdef",
                               "rcb-" + dead + "-abcdef-x",
                               "rcb--1-abcdef",
                               "rcb-0-abcdef",
                               "rcb--abcdef",
                               "rcb-" + dead};
  for (const std::string& name : names) MakeStale(name);
  const fs::path file = fs::path(parent_) / ("rcb-" + dead + "-afile1");
  std::ofstream(file) << "x";
  const fs::path link = fs::path(parent_) / ("rcb-" + dead + "-alink1");
  const fs::path linked = MakeStale("linked");
  fs::create_directory_symlink(linked, link);

  const ScratchDirectory directory = Make();
  for (const std::string& name : names) {
    EXPECT_TRUE(fs::exists(fs::path(parent_) / name / "within" / "file")) << name;
  }
  EXPECT_TRUE(fs::exists(file));
  EXPECT_TRUE(fs::exists(linked / "within" / "file"));
}

TEST_F(ScratchDirectoryTest, FallsBackToTmpWhereASocketPathWouldGrowTooLong) {
  for (const std::string& unfit : {parent_ + std::string(60, 'x'), std::string("relative")}) {
    setenv("TMPDIR", unfit.c_str(), 1);
    EXPECT_EQ(fs::path(Make().path()).parent_path(), "/tmp");
  }
}

TEST_F(ScratchDirectoryTest, NamesTheParentThatCannotBeWritten) {
  setenv("TMPDIR", "/proc/self", 1);
  const absl::Status status = ScratchDirectory::Make().status();
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_NE(status.message().find("/proc/self"), absl::string_view::npos) << status;
  EXPECT_NE(status.message().find("TMPDIR"), absl::string_view::npos) << status;
}

}  // namespace
}  // namespace rcb
