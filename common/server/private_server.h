// A Redis server of our own: nothing on disk but a log, a unix socket and a loopback port that
// nobody else uses, gone when we are.

#ifndef RCB_COMMON_SERVER_PRIVATE_SERVER_H_
#define RCB_COMMON_SERVER_PRIVATE_SERVER_H_

#include <signal.h>
#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/redis/uri.h"
#include "common/server/child_process.h"
#include "common/server/scratch_directory.h"
#include "common/server/server_facts.h"
#include "common/server/site.h"

namespace rcb {

struct PrivateServerOptions {
  // Path of any Redis-compatible server, or a name to find on PATH. Empty: redis-server,
  // valkey-server, or redis-check-rdb or valkey-check-rdb, which are the same executables under
  // other names and the only ones that Debian's redis-tools and valkey-tools have.
  std::string binary;
  int max_clients = 1000;
  int first_port = 0;  // TCP port to try first; 0: any free one
  int start_timeout_ms = 10'000;
  std::vector<std::string> extra_arguments = {};  // appended to the server's command line
  Site site = {};
};

// The path of the executable that `binary` of the options means. Errors name --redis_server.
absl::StatusOr<std::string> FindServerBinary(const std::string& requested);
// Its name as a server. The executable does what its name says: as redis-check-rdb it would check a
// file.
std::string ServerNameToRunAs(const std::string& path);
// A loopback port that was free a moment ago; 0 if the system has none.
int FreePort();
// The last words of the log at `path`, for an error message of one line.
std::string LastWordsOf(const std::string& path);

// Not thread-safe.
class PrivateServer {
 public:
  // Starts a server and waits until it answers on both its unix socket and its TCP
  // port. Call it from the main thread: the server dies with the thread that started it. Errors are
  // one line that names --redis_server and ends with the server's last words.
  static absl::StatusOr<std::unique_ptr<PrivateServer>> Start(const PrivateServerOptions& options);

  // Kills the server and removes its directory.
  ~PrivateServer() = default;

  Endpoint tcp_endpoint() const;
  Endpoint unix_endpoint() const;
  pid_t pid() const { return process_->pid(); }
  // The path of its executable, as PrivateServerOptions::binary takes it.
  const std::string& binary() const { return binary_; }
  // False once the process has exited. A stopped (SIGSTOP) or hanging server is alive.
  bool IsAlive() { return process_->IsAlive(); }
  // Faults, on purpose. From any one thread at a time, while nobody else uses this. All but
  // Relaunch fail with kFailedPrecondition where the process had ended by itself. Stops the process
  // (SIGSTOP): it keeps its connections, takes new ones, and answers nothing.
  absl::Status Pause() { return process_->Signal(SIGSTOP); }
  // Lets it go on.
  absl::Status Resume() { return process_->Signal(SIGCONT); }
  // Kills it (SIGKILL), and does not start it again. Its files stay.
  absl::Status Kill() { return process_->Kill(); }
  // Starts it again after that, with the same files, addresses and settings, and does not wait
  // until it answers.
  absl::Status Relaunch();
  // Waits until a server that was started again answers, and has read its files.
  absl::Status AwaitAnswer();

  // What INFO said right after the start.
  const ServerFacts& facts() const { return facts_; }
  const std::string& directory() const { return directory_.path(); }
  // The last lines of the server's log.
  std::string LogTail() const;

 private:
  PrivateServer(ScratchDirectory directory, int port, const Site& site);

  absl::Status Launch(const std::string& binary, const PrivateServerOptions& options);
  absl::Status AwaitReady(int timeout_ms);
  absl::Status VerifyIdentity(const PrivateServerOptions& options);
  std::string LogPath() const;
  std::string LastWords() const { return LastWordsOf(LogPath()); }

  ScratchDirectory directory_;
  int port_;
  const Site site_;
  std::string binary_;
  std::vector<std::string> arguments_;
  int start_timeout_ms_ = 0;
  std::unique_ptr<ChildProcess> process_;  // after directory_: it must die first
  ServerFacts facts_;
};

}  // namespace rcb

#endif  // RCB_COMMON_SERVER_PRIVATE_SERVER_H_
