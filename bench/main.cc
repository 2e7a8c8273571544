// bench: flags, server, run, verdict, exit status.
//
// Exit status: 0 all is well; 1 an error, a broken contract or a control that caught nothing;
// 2 bad input or nothing to run; 128 + the signal after Ctrl-C, SIGTERM and the like; 141 (SIGPIPE)
// when nobody reads standard output any more.

#include <benchmark/benchmark.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "bench/audit.h"
#include "bench/command_line.h"
#include "bench/context.h"
#include "bench/families.h"
#include "bench/judge_history.h"
#include "bench/observers.h"
#include "bench/passes.h"
#include "bench/plan.h"
#include "common/harness/flags.h"
#include "common/harness/interrupt.h"
#include "common/harness/options.h"
#include "common/harness/suite.h"
#include "common/report/catalogue.h"
#include "common/report/console.h"
#include "common/report/file_reporters.h"
#include "common/server/data_loss.h"
#include "common/server/deployment/deployment.h"
#include "common/server/rights.h"

namespace rcb {
namespace {

constexpr int kFailed = 1;
constexpr int kBadInput = 2;

int Refuse(const absl::Status& status) {
  std::fprintf(stderr, "bench: %s\n", std::string(status.message()).c_str());
  return kBadInput;
}

void PrintHelp(const FlagSet& flags) {
  std::cout << "bench: how fast are ways of handling contention on a Redis cache, and are they "
               "correct?\n\n"
               "usage: bench [FLAGS]     e.g. bench --benchmark_filter=Stampede\n\n"
            << flags.Help()
            << "\nflags of Google Benchmark, which come from the environment too, such as "
               "BENCHMARK_MIN_TIME:\n\n"
            << BenchmarkFlagsHelp()
            << "\nexit status: 0 well, 1 an error, a broken contract or a control that caught "
               "nothing,\n  2 bad input or nothing to run, 130 after Ctrl-C, 141 when nobody reads "
               "the output\n";
}

// The soft limit on open files, raised as far as it goes.
int64_t RaiseDescriptorLimit() {
  rlimit limit = {};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  getrlimit(RLIMIT_NOFILE, &limit);
  return static_cast<int64_t>(limit.rlim_cur);
}

absl::StatusOr<std::unique_ptr<Deployment>> OpenServer(const Options& options,
                                                       const Selection& foreseen,
                                                       int64_t descriptor_limit) {
  if (!options.redis.empty() && !options.server_options.empty()) {
    return absl::InvalidArgumentError(
        "--server_option: it is for the private server, and --redis names one that runs: leave one "
        "of the two flags out");
  }
  if (options.redis.empty() && options.allow_config_changes) {
    return absl::InvalidArgumentError(
        "--allow_config_changes: it is for the server that --redis names, and none is named: leave "
        "it "
        "out");
  }
  const absl::Status enough = CheckDescriptors(foreseen, descriptor_limit);
  if (!enough.ok()) return enough;
  const absl::Status parted = CheckNamespaces(foreseen);
  if (!parted.ok()) return parted;
  DeploymentOptions deployment;
  deployment.is_cancelled = IsInterrupted;
  deployment.redis_uri = options.redis;
  if (const char* password = std::getenv("RCB_REDIS_PASSWORD")) {
    deployment.password_from_environment = password;
  }
  deployment.server_binary = options.redis_server;
  deployment.server_options = options.server_options;
  deployment.allow_config_changes = options.allow_config_changes;
  deployment.use_unix_transport = options.transport == "unix";
  deployment.key_prefix = options.key_prefix;
  // Of one benchmark and of the one before it. The room on a user's server is checked once it is
  // known what can run there.
  const int64_t wanted = std::min(2 * std::max<int64_t>(foreseen.max_connections, 1),
                                  std::max<int64_t>(descriptor_limit - kSpareDescriptors, 1));
  deployment.max_clients = options.redis.empty() ? static_cast<int>(wanted) : 1;
  return OpenDeployment(deployment);
}

// Also tells whether all that was reported could be written: a disk may be full, a reader gone.
template <typename Reporter>
class Checked : public Reporter {
 public:
  template <typename... Args>
  explicit Checked(bool* written, Args&... args) : Reporter(args...), written_(written) {}
  void Finalize() override {
    Reporter::Finalize();
    *written_ = this->GetOutputStream().flush().good();
  }

 private:
  bool* written_;
};

// What reporters and the context need of the families.
struct Declarations {
  std::vector<Family> families = AllFamilies();
  Catalogue catalogue;
  FlagSet flags;

  explicit Declarations(Options* options) {
    flags.Add("", CommonFlags(options));
    for (const Family& family : families) {
      catalogue.AddFamily(family.name, family.metrics, family.columns);
      flags.Add(family.name, family.flags);
    }
  }
};

std::unique_ptr<benchmark::BenchmarkReporter> MakeReporter(const std::string& format, Suite& suite,
                                                           const Catalogue& catalogue,
                                                           StatusLine& status_line,
                                                           const std::string& header,
                                                           bool* written) {
  const bool is_open_loop = suite.options().rate > 0;
  const Ledger& ledger = suite.ledger();
  if (format == "json") return std::make_unique<Checked<JsonReporter>>(written, ledger);
  if (format == "csv") return std::make_unique<Checked<CsvReporter>>(written, ledger, catalogue);
  return std::make_unique<Checked<ConsoleReporter>>(written, ledger, catalogue, status_line, header,
                                                    is_open_loop);
}

// A whole document without rows, where Google Benchmark would write nothing.
void ReportNothing(benchmark::BenchmarkReporter& reporter) {
  benchmark::BenchmarkReporter::Context context;
  context.name_field_width = 0;
  reporter.ReportContext(context);
  reporter.Finalize();
}

// The verdict's line and the exit status that follows from it.
int Conclude(Suite& suite, bool on_stdout) {
  const Verdict verdict = suite.ledger().Conclude();
  const int signal = InterruptSignal();
  std::fprintf(on_stdout ? stdout : stderr, "\n%s%s%s%s\n", verdict.unproven.c_str(),
               verdict.line.c_str(), LeftOutClause(suite.left_out()).c_str(),
               signal != 0 ? " (interrupted)" : "");
  if (signal != 0) return 128 + signal;
  return verdict.failed ? kFailed : 0;
}

int RunAll(Suite& suite, const CommandLine& command_line, const Catalogue& catalogue,
           StatusLine& status_line, const std::string& header) {
  bool shown = true;
  bool filed = true;
  auto display = MakeReporter(command_line.format, suite, catalogue, status_line, header, &shown);
  std::unique_ptr<benchmark::BenchmarkReporter> file;
  if (!command_line.out.empty()) {
    file = MakeReporter(command_line.out_format, suite, catalogue, status_line, header, &filed);
  }
  if (suite.selection().benchmarks == 0) {
    if (command_line.format != "console") ReportNothing(*display);
    if (file != nullptr) {
      std::ofstream out(command_line.out);
      file->SetOutputStream(&out);
      ReportNothing(*file);
    }
    return Refuse(absl::NotFoundError(absl::StrCat(
        "--benchmark_filter=", command_line.filter,
        suite.left_out().empty() ? " matches no benchmark" : " matches only what is left out")));
  }
  if (command_line.list_only) {
    benchmark::RunSpecifiedBenchmarks(display.get(), file.get());
    return 0;
  }
  RunPasses(suite, *display, file.get(), command_line.out);
  status_line.Erase();
  suite.CloseSession();
  suite.history_out().Conclude();
  int status = Conclude(suite, command_line.format == "console");
  if (InterruptSignal() == SIGPIPE) {
    std::fprintf(stderr, "bench: nobody reads standard output any more\n");
  } else if (!shown) {
    std::fprintf(stderr, "bench: standard output can't be written\n");
  }
  if (!filed) {
    std::fprintf(stderr, "bench: --benchmark_out=%s: not all of it could be written\n",
                 command_line.out.c_str());
  }
  if (status == 0 &&
      (!shown || !filed || suite.history_out().failed() || suite.histogram_out().failed())) {
    status = kFailed;
  }
  return status;
}

// Judges a file, which no flag of a benchmark has to do with.
int JudgeOnly(const Options& options, int argc, char** argv) {
  if (argc == 1) return JudgeHistoryFile(options);
  return Refuse(absl::InvalidArgumentError(
      absl::StrCat(argv[1], " means nothing to --history_check, which runs no benchmark")));
}

absl::Status CheckHistoryFlags(const Options& options) {
  if (!options.history_model.empty() || !options.history_initial.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(options.history_model.empty() ? "--history_initial" : "--history_model",
                     " is of --history_check=, which is missing"));
  }
  return options.history_out.empty() ? absl::OkStatus() : HistoryOut::Prepare(options.history_out);
}

// Leaves no connection of its own: a server may be short of them.
void RegisterWhatCanRun(const std::vector<Family>& families, Deployment& deployment, Suite& suite) {
  Rights rights(deployment.endpoint(), deployment.identity().key_prefix,
                deployment.identity().library_name, IsInterrupted);
  deployment.NoteKeys(rights.Keys());
  suite.RequireRights(&rights);
  for (const Family& family : families) suite.Register(family);
  suite.RequireRights(nullptr);
}

// What the command line and those who look on come to, for a run.
struct Setting {
  const Options& options;
  const CommandLine& command_line;
  const std::vector<std::string>& arguments;  // of the program, all of them
  StatusLine& status_line;
  Observers& observers;
};

void WarnOf(const Suite& suite, const Deployment& deployment, bool list_only) {
  if (!deployment.is_ours() && !list_only) {
    for (const std::string& warning : LossWarnings(deployment.facts())) {
      std::fprintf(stderr, "bench: %s\n", warning.c_str());
    }
  }
  for (const std::string& line : LeftOutLines(suite.left_out())) {
    std::fprintf(stderr, "bench: %s\n", line.c_str());
  }
}

// On a server that is there, up to the clean-up.
int RunOn(Deployment& deployment, const Declarations& declared, const Setting& setting) {
  const Options& options = setting.options;
  const CommandLine& command_line = setting.command_line;
  Observers& observers = setting.observers;
  Suite suite(
      options, deployment, command_line.selects,
      [&setting](const std::string& name, const Run&) {
        setting.status_line.Show(name, setting.observers.live().figures());
      },
      observers.feed(), observers.log());
  RegisterWhatCanRun(declared.families, deployment, suite);
  const absl::Status plan = CheckPlan(suite, declared.flags, deployment);
  if (!plan.ok()) return Refuse(plan);
  WarnOf(suite, deployment, command_line.list_only);
  AddContext(options, declared.flags, declared.catalogue, deployment);
  if (!suite.left_out().empty()) {
    benchmark::AddCustomContext("left_out", absl::StrJoin(LeftOutLines(suite.left_out()), "; "));
  }
  const bool is_logged = suite.selection().benchmarks > 0 && !command_line.list_only;
  AuditLog* const log = is_logged ? observers.log() : nullptr;
  if (log != nullptr) LogStart(setting.arguments, deployment, suite.left_out(), *log);
  int status = RunAll(suite, command_line, declared.catalogue, setting.status_line,
                      ContextLine(options, deployment));
  if (!observers.CloseSeries() && status == 0) status = kFailed;
  const absl::Status cleaned = deployment.CleanUp();
  if (!cleaned.ok()) {
    std::fprintf(stderr, "bench: %s\n", std::string(cleaned.message()).c_str());
    if (status == 0) status = kFailed;
  }
  if (log != nullptr) LogEnd(cleaned, status, *log);
  if (!observers.CloseLog() && status == 0) status = kFailed;
  return status;
}

// What the program tells of itself, where it is asked for that alone; false where it is not.
bool TellsOfItself(const Options& options, const Declarations& declared) {
  if (options.help) {
    PrintHelp(declared.flags);
  } else if (options.version) {
    std::cout << VersionLine() << "\n";
  } else if (options.list_metrics) {
    std::cout << declared.catalogue.ToTsv();
  } else {
    return false;
  }
  return true;
}

int Main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv, argv + argc);
  Options options;
  Declarations declared(&options);
  const absl::Status parsed = declared.flags.Parse(&argc, argv);
  if (!parsed.ok()) return Refuse(parsed);
  if (TellsOfItself(options, declared)) return 0;
  if (!options.history_check.empty()) return JudgeOnly(options, argc, argv);
  if (!options.redis.empty()) {
    const absl::Status meant = declared.flags.CheckForForeignServer();
    if (!meant.ok()) return Refuse(meant);
  }
  const absl::Status kept = CheckHistoryFlags(options);
  if (!kept.ok()) return Refuse(kept);
  absl::StatusOr<CommandLine> command_line =
      ReadBenchmarkFlags(argc, argv, /*is_repeated=*/options.duration_ms > 0);
  if (!command_line.ok()) return Refuse(command_line.status());
  options.min_time_s = command_line->min_time_s;
  options.iterations = command_line->iterations;
  const absl::Status outputs = CheckOutputs(options);
  if (!outputs.ok()) return Refuse(outputs);
  CatchInterrupts();
  WatchReader(STDOUT_FILENO);
  StatusLine status_line;
  const absl::StatusOr<std::unique_ptr<Observers>> observers =
      Observers::Open(options, status_line.is_on_terminal());
  if (!observers.ok()) return Refuse(observers.status());
  const int64_t descriptor_limit = RaiseDescriptorLimit();
  absl::StatusOr<std::unique_ptr<Deployment>> opened = OpenServer(
      options, Foresee(options, declared.families, command_line->selects), descriptor_limit);
  if (!opened.ok()) return IsInterrupted() ? 128 + InterruptSignal() : Refuse(opened.status());
  return RunOn(**opened, declared, {options, *command_line, arguments, status_line, **observers});
}

}  // namespace
}  // namespace rcb

int main(int argc, char** argv) { return rcb::Main(argc, argv); }
