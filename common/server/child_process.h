// A server process that cannot outlive us and cannot be orphaned.

#ifndef RCB_COMMON_SERVER_CHILD_PROCESS_H_
#define RCB_COMMON_SERVER_CHILD_PROCESS_H_

#include <sys/types.h>

#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace rcb {

// Not thread-safe.
class ChildProcess {
 public:
  // Starts the executable `path` with `arguments` (argv, its own name first) in a process group of
  // its own (so that Ctrl-C in a terminal reaches us alone), with no open file but /dev/null as its
  // input and `log_path` as its output. The kernel kills it when the thread that calls this ends
  // (prctl(2), PR_SET_PDEATHSIG), however it ends: call it from the main thread. An executable that
  // cannot be run shows as a child that exited with kCannotExecute. It runs in the network
  // namespace of the descriptor `space`; -1: in ours.
  static absl::StatusOr<std::unique_ptr<ChildProcess>> Spawn(
      const std::string& path, const std::vector<std::string>& arguments,
      const std::string& log_path, int space = -1);

  // The same from any thread: a thread is kept for the child's life, with which the kernel ties it.
  static absl::StatusOr<std::unique_ptr<ChildProcess>> SpawnFromAnyThread(
      const std::string& path, const std::vector<std::string>& arguments,
      const std::string& log_path, int space = -1);

  static constexpr int kCannotExecute = 127;  // as in a shell

  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;
  // Kills the whole process group (SIGKILL) and waits for the child's end.
  ~ChildProcess();

  pid_t pid() const { return pid_; }
  // False once the child has exited. A stopped process is alive.
  bool IsAlive();
  // Sends a signal, such as SIGSTOP, to the child alone. Fails with kFailedPrecondition where it
  // has ended.
  absl::Status Signal(int number);
  // Kills the whole process group (SIGKILL) and waits for the child's end. Fails as Signal does.
  absl::Status Kill();
  // E.g. "exited with status 1", "was killed by signal 9 (Killed)"; "is running" while it is.
  std::string Describe();

 private:
  explicit ChildProcess(pid_t pid) : pid_(pid) {}

  void KillGroup();

  pid_t pid_;
  bool reaped_ = false;
  int wait_status_ = 0;
  std::promise<void> ended_;  // tells keeper_
  std::thread keeper_;        // that has started the child, where it is not the caller
};

// Whether `path` is a file that we may run.
bool IsExecutable(const std::string& path);

// The path of the executable of this name on PATH; empty if there is none.
std::string FindOnPath(const std::string& name);

}  // namespace rcb

#endif  // RCB_COMMON_SERVER_CHILD_PROCESS_H_
