#include "common/server/child_process.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace rcb {
namespace {

// Runs in the child between fork and exec: system calls only, since another thread of the parent
// may have held any lock at the time of the fork.
[[noreturn]] void Become(const char* path, char* const* arguments, int input, int log, int space,
                         pid_t parent) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(ChildProcess::kCannotExecute);  // it died before the prctl
  if (space >= 0 && setns(space, CLONE_NEWNET) != 0) _exit(ChildProcess::kCannotExecute);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  if (dup2(input, STDIN_FILENO) < 0 || dup2(log, STDOUT_FILENO) < 0 ||
      dup2(log, STDERR_FILENO) < 0) {
    _exit(ChildProcess::kCannotExecute);
  }
  // Marks rather than closes: a sanitizer's own descriptors must last until the exec.
  close_range(STDERR_FILENO + 1, UINT_MAX, CLOSE_RANGE_CLOEXEC);
  execv(path, arguments);
  _exit(ChildProcess::kCannotExecute);
}

}  // namespace

absl::StatusOr<std::unique_ptr<ChildProcess>> ChildProcess::Spawn(
    const std::string& path, const std::vector<std::string>& arguments, const std::string& log_path,
    int space) {
  const int input = open("/dev/null", O_RDONLY | O_CLOEXEC);
  const int log = open(log_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  std::vector<std::string> copies = arguments;
  std::vector<char*> argv;
  for (std::string& copy : copies) argv.push_back(copy.data());
  argv.push_back(nullptr);

  const pid_t parent = getpid();
  const pid_t pid = input < 0 || log < 0 ? -1 : fork();
  if (pid == 0) Become(path.c_str(), argv.data(), input, log, space, parent);
  const int error = errno;
  if (input >= 0) close(input);
  if (log >= 0) close(log);
  if (pid < 0) {
    return absl::UnavailableError(absl::StrCat("cannot start ", path, " with its log in ", log_path,
                                               ": ", std::strerror(error)));
  }
  setpgid(pid, pid);  // as the child does: whichever comes first, the group exists from here on
  return std::unique_ptr<ChildProcess>(new ChildProcess(pid));
}

absl::StatusOr<std::unique_ptr<ChildProcess>> ChildProcess::SpawnFromAnyThread(
    const std::string& path, const std::vector<std::string>& arguments, const std::string& log_path,
    int space) {
  using Spawned = absl::StatusOr<std::unique_ptr<ChildProcess>>;
  std::promise<Spawned> spawning;
  std::future<Spawned> spawned = spawning.get_future();
  std::promise<void> ended;
  std::thread keeper(
      [&path, &arguments, &log_path, space](std::promise<Spawned> tell,
                                            std::future<void> until_ended) {
        tell.set_value(Spawn(path, arguments, log_path, space));
        until_ended.wait();
      },
      std::move(spawning), ended.get_future());
  Spawned child = spawned.get();
  if (!child.ok()) {
    ended.set_value();
    keeper.join();
    return child;
  }
  (*child)->ended_ = std::move(ended);
  (*child)->keeper_ = std::move(keeper);
  return child;
}

bool ChildProcess::IsAlive() {
  if (reaped_) return false;
  siginfo_t state = {};
  // WNOWAIT: while the child is a zombie, its number cannot become another process group's.
  const int rc = waitid(P_PID, static_cast<id_t>(pid_), &state, WEXITED | WNOHANG | WNOWAIT);
  if (rc == 0 && state.si_pid == 0) return true;
  if (rc == 0) KillGroup();
  reaped_ = true;  // also where SIGCHLD is ignored and the kernel has reaped it for us
  return false;
}

std::string ChildProcess::Describe() {
  if (IsAlive()) return "is running";
  if (WIFSIGNALED(wait_status_)) {
    const int number = WTERMSIG(wait_status_);
    return absl::StrCat("was killed by signal ", number, " (", strsignal(number), ")");
  }
  const int status = WEXITSTATUS(wait_status_);
  return absl::StrCat("exited with status ", status,
                      status == kCannotExecute ? " (cannot be executed)" : "");
}

void ChildProcess::KillGroup() {
  if (reaped_) return;
  kill(-pid_, SIGKILL);
  kill(pid_, SIGKILL);  // if setpgid failed
  while (waitpid(pid_, &wait_status_, 0) < 0 && errno == EINTR) {
  }
  reaped_ = true;
}

absl::Status ChildProcess::Signal(int number) {
  if (!IsAlive()) return absl::FailedPreconditionError(absl::StrCat("the server ", Describe()));
  kill(pid_, number);
  return absl::OkStatus();
}

absl::Status ChildProcess::Kill() {
  if (!IsAlive()) return absl::FailedPreconditionError(absl::StrCat("the server ", Describe()));
  KillGroup();
  return absl::OkStatus();
}

ChildProcess::~ChildProcess() {
  KillGroup();
  if (!keeper_.joinable()) return;
  ended_.set_value();
  keeper_.join();
}

bool IsExecutable(const std::string& path) {
  struct stat facts = {};
  return stat(path.c_str(), &facts) == 0 && S_ISREG(facts.st_mode) &&
         access(path.c_str(), X_OK) == 0;
}

std::string FindOnPath(const std::string& name) {
  const char* const path = std::getenv("PATH");
  for (const absl::string_view folder : absl::StrSplit(path == nullptr ? "" : path, ':')) {
    std::string candidate = absl::StrCat(folder, "/", name);
    if (!folder.empty() && IsExecutable(candidate)) return candidate;
  }
  return "";
}

}  // namespace rcb
