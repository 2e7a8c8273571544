#include "common/server/child_process.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "common/server/scratch_directory.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

constexpr std::chrono::milliseconds kPollInterval{5};
constexpr int kPolls = 2000;  // 10 s

bool Eventually(const std::function<bool()>& holds) {
  for (int i = 0; i < kPolls; ++i) {
    if (holds()) return true;
    std::this_thread::sleep_for(kPollInterval);
  }
  return false;
}

class ChildProcessTest : public testing::Test {
 protected:
  std::unique_ptr<ChildProcess> Spawn(const std::string& path,
                                      const std::vector<std::string>& arguments) {
    absl::StatusOr<std::unique_ptr<ChildProcess>> child =
        ChildProcess::Spawn(path, arguments, LogPath());
    EXPECT_TRUE(child.ok()) << child.status();
    return *std::move(child);
  }
  std::unique_ptr<ChildProcess> Shell(const std::string& script) {
    return Spawn("/bin/sh", {"sh", "-c", script});
  }
  std::string LogPath() const { return scratch_->path() + "/log"; }
  std::string Log() const {
    std::ostringstream text;
    text << std::ifstream(LogPath()).rdbuf();
    return text.str();
  }

  absl::StatusOr<ScratchDirectory> scratch_ = ScratchDirectory::Make();
};

TEST_F(ChildProcessTest, WritesBothOutputsToTheLogAndTellsItsStatus) {
  const auto child = Shell("echo out; echo err >&2; exit 3");
  EXPECT_TRUE(Eventually([&] { return !child->IsAlive(); }));
  EXPECT_EQ(child->Describe(), "exited with status 3");
  EXPECT_EQ(Log(), "out\nerr\n");
}

TEST_F(ChildProcessTest, TellsTheSignalThatKilledIt) {
  const auto child = Shell("kill -9 $$");
  EXPECT_TRUE(Eventually([&] { return !child->IsAlive(); }));
  EXPECT_EQ(child->Describe(), "was killed by signal 9 (Killed)");
}

TEST_F(ChildProcessTest, ExitsWithAnAgreedStatusIfTheFileCannotBeExecuted) {
  const auto child = Spawn("/dev/null", {"null"});
  EXPECT_TRUE(Eventually([&] { return !child->IsAlive(); }));
  EXPECT_EQ(child->Describe(), "exited with status 127 (cannot be executed)");
}

TEST_F(ChildProcessTest, RefusesALogThatCannotBeWritten) {
  const absl::Status status =
      ChildProcess::Spawn("/bin/true", {"true"}, "/no/such/directory/log").status();
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
}

TEST_F(ChildProcessTest, IsAliveWhileStoppedAndDiesWithItsOwner) {
  auto child = Shell("exec sleep 100");
  const pid_t pid = child->pid();
  EXPECT_EQ(kill(pid, SIGSTOP), 0);
  EXPECT_TRUE(child->IsAlive());
  EXPECT_EQ(child->Describe(), "is running");
  child.reset();
  EXPECT_EQ(kill(pid, 0), -1);
  EXPECT_EQ(errno, ESRCH);
}

TEST_F(ChildProcessTest, LeadsAProcessGroupThatDiesWithIt) {
  auto child = Shell("sleep 100 & echo $!; wait");
  const pid_t pid = child->pid();
  EXPECT_EQ(getpgid(pid), pid);
  ASSERT_TRUE(Eventually([&] { return Log().find('\n') != std::string::npos; }));
  const pid_t grandchild = std::stoi(Log());
  ASSERT_EQ(kill(grandchild, 0), 0);
  // Orphans come to us, so that a dead one can be told from a zombie that init has not reaped.
  ASSERT_EQ(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
  child.reset();
  int wait_status = 0;
  EXPECT_TRUE(Eventually([&] { return waitpid(grandchild, &wait_status, WNOHANG) == grandchild; }));
  EXPECT_TRUE(WIFSIGNALED(wait_status));
  ASSERT_EQ(prctl(PR_SET_CHILD_SUBREAPER, 0), 0);
}

TEST_F(ChildProcessTest, InheritsNoOpenFile) {
  const int inheritable = dup(STDERR_FILENO);
  const auto child = Shell("exec sleep 100");
  const std::string fds = "/proc/" + std::to_string(child->pid()) + "/fd";
  // Eventually, because the loader of sleep opens its libraries for a moment.
  EXPECT_TRUE(Eventually([&] {
    std::set<std::string> open_files;
    for (const auto& entry : std::filesystem::directory_iterator(fds)) {
      open_files.insert(entry.path().filename());
    }
    return open_files == std::set<std::string>{"0", "1", "2"};
  }));
  close(inheritable);
}

TEST_F(ChildProcessTest, TakesSignalsThatItsParentBlocks) {
  sigset_t term;
  sigset_t before;
  sigemptyset(&term);
  sigaddset(&term, SIGTERM);
  ASSERT_EQ(sigprocmask(SIG_BLOCK, &term, &before), 0);
  const auto child = Shell("exec sleep 100");
  ASSERT_EQ(sigprocmask(SIG_SETMASK, &before, nullptr), 0);
  ASSERT_EQ(kill(child->pid(), SIGTERM), 0);
  EXPECT_TRUE(Eventually([&] { return !child->IsAlive(); }));
}

}  // namespace
}  // namespace rcb
