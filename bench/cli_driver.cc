#include "bench/cli_driver.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <system_error>
#include <thread>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/measure/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

namespace fs = std::filesystem;

constexpr int kTimeoutMs = 10'000;

std::string CommandName(pid_t pid) {
  return std::string(absl::StripAsciiWhitespace(ReadFile(absl::StrCat("/proc/", pid, "/comm"))));
}

// Processes that work in `directory` or below; a program that was started there stays there, and
// so do its children, the server in its own directory.
std::vector<pid_t> ProcessesIn(const std::string& directory) {
  std::vector<pid_t> found;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator("/proc", error)) {
    pid_t pid = 0;
    if (!absl::SimpleAtoi(entry.path().filename().string(), &pid)) continue;
    const std::string cwd = fs::read_symlink(entry.path() / "cwd", error).string();
    if (absl::StartsWith(absl::StrCat(cwd, "/"), absl::StrCat(directory, "/"))) {
      found.push_back(pid);
    }
  }
  return found;
}

// The test's own environment without what would change the program's behaviour.
std::vector<std::string> Environment(const Workspace& workspace,
                                     const std::vector<std::string>& more) {
  std::vector<std::string> environment = more;
  environment.push_back(absl::StrCat("TMPDIR=", workspace.tmpdir()));
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const absl::string_view text = *variable;
    if (absl::StartsWith(text, "TMPDIR=") || absl::StartsWith(text, "BENCHMARK_") ||
        absl::StartsWith(text, "RCB_")) {
      continue;
    }
    environment.emplace_back(text);
  }
  return environment;
}

std::vector<char*> Pointers(std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  return pointers;
}

int OpenForWriting(const std::string& path) {
  return open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
}

// Finds names that stand twice in one object, which the library's parser lets pass.
class NameWatcher {
 public:
  bool operator()(int, nlohmann::json::parse_event_t event, nlohmann::json& parsed) {
    using Event = nlohmann::json::parse_event_t;
    if (event == Event::object_start) names_.emplace_back();
    if (event == Event::object_end) names_.pop_back();
    if (event == Event::key && !names_.back().insert(parsed.get<std::string>()).second) {
      ADD_FAILURE() << "a name stands twice in one object: " << parsed;
    }
    return true;
  }

 private:
  std::vector<std::set<std::string>> names_;
};

}  // namespace

Workspace::Workspace() {
  std::string name = "/tmp/cli-test-XXXXXX";
  if (mkdtemp(name.data()) == nullptr) {
    std::perror("mkdtemp");
    std::abort();
  }
  directory_ = name;
  fs::create_directory(tmpdir());
}

Workspace::~Workspace() {
  for (const pid_t pid : ProcessesIn(directory_)) kill(pid, SIGKILL);
  std::error_code ignored;
  fs::remove_all(directory_, ignored);
}

std::string Workspace::Path(const std::string& name) const {
  return absl::StrCat(directory_, "/", name);
}

std::vector<std::string> Workspace::Leftovers() const {
  std::vector<std::string> found;
  for (const fs::directory_entry& entry : fs::directory_iterator(tmpdir())) {
    found.push_back(entry.path().string());
  }
  for (const pid_t pid : ProcessesIn(directory_)) {
    found.push_back(absl::StrCat("process ", pid, " ", CommandName(pid)));
  }
  return found;
}

Bench::Bench(const Workspace& workspace, const std::vector<std::string>& flags,
             const CliOptions& options)
    : workspace_(workspace), start_ns_(NowNs()) {
  std::vector<std::string> words = {RCB_BENCH_BINARY};
  words.insert(words.end(), flags.begin(), flags.end());
  std::vector<std::string> environment = Environment(workspace, options.environment);
  const std::vector<char*> arguments = Pointers(words);
  const std::vector<char*> variables = Pointers(environment);
  const int out = OpenForWriting(workspace.Path("stdout"));
  const int err = OpenForWriting(workspace.Path("stderr"));
  pid_ = fork();
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const auto limit = static_cast<rlim_t>(options.open_files);
    const rlimit files = {limit, limit};
    if (limit != 0) setrlimit(RLIMIT_NOFILE, &files);
    if (options.ignored_signal != 0) signal(options.ignored_signal, SIG_IGN);
    if (!options.is_administrator) prctl(PR_CAPBSET_DROP, CAP_SYS_ADMIN);
    dup2(options.pipe >= 0 ? options.pipe : out, STDOUT_FILENO);
    dup2(options.terminal >= 0 ? options.terminal : err, STDERR_FILENO);
    if (chdir(workspace.directory().c_str()) == 0) {
      execve(arguments[0], arguments.data(), variables.data());
    }
    _exit(127);
  }
  close(out);
  close(err);
}

Bench::~Bench() {
  if (pid_ <= 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

void Bench::Signal(int number) const {
  if (pid_ > 0) kill(pid_, number);
}

bool Bench::AwaitTraffic(int64_t commands) {
  const bool answers = Await([this] {
    for (const pid_t pid : ProcessesIn(workspace_.tmpdir())) server_pid_ = pid;
    return server_pid_ != 0 && BlockingClient::Connect(server_endpoint(), kTimeoutMs).ok();
  });
  EXPECT_TRUE(answers) << "no private server came up";
  return answers && AwaitCommands(server_endpoint(), commands);
}

std::vector<pid_t> Bench::ServerPids() const {
  std::vector<pid_t> pids = ProcessesIn(workspace_.tmpdir());
  std::sort(pids.begin(), pids.end());
  return pids;
}

Endpoint Bench::server_endpoint() const {
  std::error_code error;
  const fs::path cwd = fs::read_symlink(absl::StrCat("/proc/", server_pid_, "/cwd"), error);
  Endpoint endpoint;
  endpoint.transport = Endpoint::Transport::kUnix;
  endpoint.path = absl::StrCat(cwd.string(), "/redis.sock");
  return endpoint;
}

bool Bench::AwaitOutput(const std::string& text) const {
  const bool written = Await([this, &text] { return absl::StrContains(Out(), text); });
  EXPECT_TRUE(written) << "no '" << text << "' in:\n" << Out();
  return written;
}

std::string Bench::Out() const { return ReadFile(workspace_.Path("stdout")); }

CliResult Bench::Wait(int64_t limit_ms) {
  CliResult result;
  int wait_status = 0;
  const int64_t deadline_ns = NowNs() + limit_ms * 1'000'000;
  while (waitpid(pid_, &wait_status, WNOHANG) == 0) {
    if (NowNs() > deadline_ns) {
      ADD_FAILURE() << "it still runs after " << limit_ms << " ms";
      kill(pid_, SIGKILL);
      waitpid(pid_, &wait_status, 0);
      break;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  pid_ = -1;
  result.status = WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
  result.out = Out();
  result.err = ReadFile(workspace_.Path("stderr"));
  result.elapsed_ms = (NowNs() - start_ns_) / 1'000'000;
  return result;
}

void CliTest::TearDown() { EXPECT_THAT(workspace_.Leftovers(), testing::IsEmpty()); }

CliResult CliTest::Run(const std::vector<std::string>& flags, const CliOptions& options) const {
  return Bench(workspace_, flags, options).Wait();
}

std::vector<std::string> WithRounds(std::vector<std::string> flags, int64_t rounds) {
  bool are_known = true;
  for (const std::string& flag : flags) {
    if (absl::StartsWith(flag, "--benchmark_filter=")) {
      const bool leaves_out = absl::StartsWith(flag, "--benchmark_filter=-");
      are_known =
          absl::StrContains(flag, "Stampede") || absl::StrContains(flag, "Eviction") || leaves_out;
    }
  }
  if (are_known) flags.push_back(absl::StrCat("--rounds=", rounds));
  return flags;
}

std::unique_ptr<PrivateServer> StartServer(const std::vector<std::string>& flags) {
  PrivateServerOptions options;
  options.extra_arguments = flags;
  absl::StatusOr<std::unique_ptr<PrivateServer>> server = PrivateServer::Start(options);
  EXPECT_TRUE(server.ok()) << server.status();
  return server.ok() ? *std::move(server) : nullptr;
}

Reply Ask(const Endpoint& server, const std::vector<std::string>& command) {
  const absl::StatusOr<Reply> reply = AskOnce(server, command, kTimeoutMs);
  EXPECT_TRUE(reply.ok()) << reply.status();
  return reply.ok() ? *reply : Reply();
}

bool AwaitCommands(const Endpoint& server, int64_t commands) {
  const auto processed = [&server] {
    int64_t count = -1;
    for (const std::string& line : Lines(Ask(server, {"INFO", "stats"}).text())) {
      const std::vector<std::string> field = absl::StrSplit(line, ':');
      if (field[0] == "total_commands_processed" && !absl::SimpleAtoi(field[1], &count)) count = -1;
    }
    return count;
  };
  int64_t now = processed();
  const int64_t wanted = now + commands;
  const bool done = Await([&] { return (now = processed()) < 0 || now >= wanted; }) && now >= 0;
  EXPECT_TRUE(done) << "the server answered " << commands - (wanted - now) << " of " << commands
                    << " commands";
  return done;
}

bool Await(const std::function<bool()>& is_so) {
  const int64_t deadline_ns = NowNs() + int64_t{kTimeoutMs} * 1'000'000;
  while (!is_so()) {
    if (NowNs() > deadline_ns) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

std::string ReadFile(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

std::vector<std::string> Lines(const std::string& text) {
  return absl::StrSplit(text, absl::ByAnyChar("\r\n"), absl::SkipWhitespace());
}

nlohmann::json ParseStrictly(const std::string& text) {
  nlohmann::json document = nlohmann::json::parse(text, NameWatcher(), /*allow_exceptions=*/false);
  EXPECT_FALSE(document.is_discarded()) << "not JSON:\n" << text;
  return document.is_discarded() ? nlohmann::json() : document;
}

std::vector<nlohmann::json> RowsOf(const nlohmann::json& document, const std::string& prefix) {
  std::vector<nlohmann::json> rows;
  if (!document.is_object()) return rows;
  for (const nlohmann::json& row : document.value("benchmarks", nlohmann::json::array())) {
    if (absl::StartsWith(row.value("name", ""), prefix)) rows.push_back(row);
  }
  return rows;
}

}  // namespace rcb
