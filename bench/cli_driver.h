// For tests of the program as its users meet it: starts the bench binary in a directory of its own,
// keeps what it writes, and finds what it leaves behind.

#ifndef RCB_BENCH_CLI_DRIVER_H_
#define RCB_BENCH_CLI_DRIVER_H_

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "common/redis/blocking_client.h"
#include "common/redis/uri.h"
#include "common/server/private_server.h"
#include "gtest/gtest.h"

namespace rcb {

// A fresh directory, removed with all that is in it. Programs started in it work there, and have a
// part of it as their TMPDIR.
class Workspace {
 public:
  Workspace();
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;
  ~Workspace();

  // Where a test may put a file of this name.
  std::string Path(const std::string& name) const;
  const std::string& directory() const { return directory_; }
  std::string tmpdir() const { return directory_ + "/tmp"; }
  // What programs started here have left: files in TMPDIR, and processes that still run.
  std::vector<std::string> Leftovers() const;

 private:
  std::string directory_;
};

// How a program ended, and what it wrote.
struct CliResult {
  int status = -1;  // its exit status, or 128 + the signal that killed it, as in a shell
  std::string out;
  std::string err;
  int64_t elapsed_ms = 0;
};

struct CliOptions {
  std::vector<std::string> environment;  // "NAME=value", beside the test's own
  int64_t open_files = 0;                // the hard limit (ulimit -Hn); 0: as the test's own
  int terminal = -1;                     // standard error, where a test wants to read it itself
  int pipe = -1;                         // the same of standard output
  int ignored_signal = 0;                // as under nohup; 0: none
  bool is_administrator = true;          // false: even root may not administer the system
};

// One run of the bench program.
class Bench {
 public:
  // `workspace` outlives it. One at a time in each workspace: they share the files they write to.
  Bench(const Workspace& workspace, const std::vector<std::string>& flags,
        const CliOptions& options = {});
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;
  ~Bench();  // kills it

  void Signal(int number) const;
  // Waits until the private server has answered so many commands: a benchmark is at work. False and
  // a test failure where that does not happen.
  bool AwaitTraffic(int64_t commands);
  // Of the private server; after AwaitTraffic.
  pid_t server_pid() const { return server_pid_; }
  Endpoint server_endpoint() const;
  // Of all its private servers, the oldest first.
  std::vector<pid_t> ServerPids() const;
  // What it has written on standard output so far.
  std::string Out() const;
  // Waits until it has written this on standard output; false and a test failure where it does not
  // within 10 s.
  bool AwaitOutput(const std::string& text) const;
  // Waits for its end; after `limit_ms` kills it, and fails the test.
  CliResult Wait(int64_t limit_ms = 240'000);

 private:
  const Workspace& workspace_;
  pid_t pid_ = -1;
  pid_t server_pid_ = 0;
  int64_t start_ns_;
};

// Every test also fails where the program left something behind.
class CliTest : public testing::Test {
 protected:
  void TearDown() override;

  // Starts the program and waits for its end.
  CliResult Run(const std::vector<std::string>& flags, const CliOptions& options = {}) const;

  Workspace workspace_;
};

// `flags`, and --rounds where they select benchmarks that understand it.
std::vector<std::string> WithRounds(std::vector<std::string> flags, int64_t rounds);

// A server that stands in for a user's; null and a test failure where it does not start.
std::unique_ptr<PrivateServer> StartServer(const std::vector<std::string>& flags = {});

// Sends one command on a connection of its own, as an administrator would; it must succeed.
Reply Ask(const Endpoint& server, const std::vector<std::string>& command);

// Waits until the server has answered so many more commands; false and a test failure where it
// does not within 10 s.
bool AwaitCommands(const Endpoint& server, int64_t commands);

// Asks again and again until it is so; false where it is not within 10 s.
bool Await(const std::function<bool()>& is_so);

std::string ReadFile(const std::string& path);
std::vector<std::string> Lines(const std::string& text);

// Reads JSON as RFC 8259 has it: no NaN, nothing after the end, no name twice in an object. Fails
// the test, and yields null, where it is anything else.
nlohmann::json ParseStrictly(const std::string& text);

// The rows whose name begins like this.
std::vector<nlohmann::json> RowsOf(const nlohmann::json& document, const std::string& prefix);

}  // namespace rcb

#endif  // RCB_BENCH_CLI_DRIVER_H_
