#include "bench/command_line.h"

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <initializer_list>
#include <memory>
#include <regex>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/report/output_files.h"

namespace rcb {
namespace {

constexpr char kMinTimeFlag[] = "benchmark_min_time";

bool IsOneOf(const std::string& value, std::initializer_list<const char*> choices) {
  const std::string lower = absl::AsciiStrToLower(value);
  for (const char* choice : choices) {
    if (lower == choice) return true;
  }
  return false;
}

bool IsTrue(const std::string& value) {
  return IsOneOf(value, {"true", "yes", "on", "t", "y", "1"});
}

bool IsBoolean(const std::string& value) {
  return IsTrue(value) || IsOneOf(value, {"false", "no", "off", "f", "n", "0"});
}

bool IsColor(const std::string& value) { return value == "auto" || IsBoolean(value); }

bool IsFormat(const std::string& value) {
  return value == "console" || value == "json" || value == "csv";
}

bool IsTimeUnit(const std::string& value) {
  return value == "ns" || value == "us" || value == "ms" || value == "s";
}

bool IsSeconds(const std::string& value) {
  constexpr double kMaxSeconds = 86'400;
  double seconds = 0;
  return absl::SimpleAtod(value, &seconds) && seconds >= 0 && seconds <= kMaxSeconds;
}

bool IsCount(const std::string& value) {
  constexpr int kMax = 10'000;
  int count = 0;
  return absl::SimpleAtoi(value, &count) && count >= 1 && count <= kMax;
}

bool IsInteger(const std::string& value) {
  int number = 0;
  return absl::SimpleAtoi(value, &number);
}

// "10x": so many iterations.
bool ParseIterations(absl::string_view text, int64_t* iterations) {
  constexpr int64_t kMax = 1'000'000'000;
  return absl::ConsumeSuffix(&text, "x") && absl::SimpleAtoi(text, iterations) &&
         *iterations >= 1 && *iterations <= kMax;
}

bool IsMinTime(const std::string& value) {
  int64_t iterations = 0;
  return ParseIterations(value, &iterations) ||
         IsSeconds(std::string(absl::StripSuffix(value, "s")));
}

bool IsAnything(const std::string&) { return true; }

// Google Benchmark's flags. It does not check all values, or checks them by ending the program or
// with a message of its own.
struct Rule {
  const char* flag;
  const char* takes;
  bool (*accepts)(const std::string& value);
  const char* help;
};
constexpr Rule kRules[] = {
    {"benchmark_filter", "an extended regular expression", IsAnything,
     "runs the benchmarks whose name it is found in; with a leading '-', the others"},
    {"benchmark_list_tests", "true or false", IsBoolean, "only lists their names"},
    {"benchmark_min_time", "seconds from 0 to 86400, such as 0.5 or 0.5s, or iterations: 10x",
     IsMinTime, "how long each benchmark without rounds is measured at least (default 0.5s)"},
    {"benchmark_min_warmup_time", "seconds, a plain number from 0 to 86400", IsSeconds,
     "how long it runs before that (default 0)"},
    {"benchmark_repetitions", "a number from 1 to 10000", IsCount,
     "how often each is measured (default 1)"},
    {"benchmark_enable_random_interleaving", "true or false", IsBoolean,
     "mixes the repetitions of all benchmarks"},
    {"benchmark_report_aggregates_only", "true or false", IsBoolean,
     "of repetitions, reports the mean, median, stddev and cv only"},
    {"benchmark_display_aggregates_only", "true or false", IsBoolean,
     "the same, but for the file, which has all"},
    {"benchmark_format", "console, json or csv", IsFormat, "of standard output (default console)"},
    {"benchmark_out", "a path", IsAnything, "a file to write the results to as well"},
    {"benchmark_out_format", "console, json or csv", IsFormat, "of that file (default json)"},
    {"benchmark_color", "auto, true or false", IsColor, "colors on standard output"},
    {"benchmark_counters_tabular", "true or false", IsBoolean, "changes nothing here"},
    {"benchmark_context", "key=value, with commas", IsAnything,
     "more of what places the result, for the JSON"},
    {"benchmark_time_unit", "ns, us, ms or s", IsTimeUnit, "of times in JSON and CSV (default ns)"},
    {"benchmark_perf_counters", "names, with commas", IsAnything,
     "counters of the processor, where the library can read them"},
    {"v", "a whole number", IsInteger, "how much Google Benchmark tells of its work (default 0)"},
};

// What Google Benchmark reads for a flag, the last one counts: the environment's
// BENCHMARK_NAME, then each --benchmark_name=value. Without '=' a flag is true.
std::vector<std::string> ValuesOf(int argc, char** argv, const std::string& name) {
  std::vector<std::string> values;
  const char* set = std::getenv(absl::AsciiStrToUpper(name).c_str());
  if (set != nullptr && absl::StartsWith(name, "benchmark_")) values.emplace_back(set);
  for (int i = 1; i < argc; ++i) {
    absl::string_view argument = argv[i];
    if (!absl::ConsumePrefix(&argument, "--") || !absl::ConsumePrefix(&argument, name)) continue;
    if (argument.empty()) values.emplace_back("true");
    if (absl::ConsumePrefix(&argument, "=")) values.emplace_back(argument);
  }
  return values;
}

std::string FlagValue(int argc, char** argv, const std::string& name,
                      const std::string& otherwise) {
  const std::vector<std::string> values = ValuesOf(argc, argv, name);
  return values.empty() ? otherwise : values.back();
}

absl::Status CheckValues(int argc, char** argv) {
  for (const Rule& rule : kRules) {
    for (const std::string& value : ValuesOf(argc, argv, rule.flag)) {
      if (rule.accepts(value)) continue;
      return absl::InvalidArgumentError(
          absl::StrCat("--", rule.flag, "= takes ", rule.takes, ", not '", value, "'"));
    }
  }
  return absl::OkStatus();
}

// As Google Benchmark: a regular expression searched for in the name; a leading '-' inverts it.
absl::StatusOr<std::function<bool(const std::string&)>> Selector(const std::string& filter) {
  std::string pattern = filter.empty() || filter == "all" ? std::string(1, '.') : filter;
  const bool inverted = pattern[0] == '-';
  if (inverted) pattern.erase(0, 1);
  std::shared_ptr<std::regex> regex;
  try {  // the one way that the standard library has to say no
    regex = std::make_shared<std::regex>(pattern, std::regex::extended);
  } catch (const std::regex_error& error) {
    return absl::InvalidArgumentError(
        absl::StrCat("--benchmark_filter=", filter, " is no regular expression: ", error.what()));
  }
  return [regex, inverted](const std::string& name) {
    return std::regex_search(name, *regex) != inverted;
  };
}

// A number of iterations is what the suite sees to: the library would warm up with as few for ever.
absl::Status CheckWarmUp(int argc, char** argv, int64_t iterations) {
  double seconds = 0;
  const std::string value = FlagValue(argc, argv, "benchmark_min_warmup_time", "0");
  if (iterations == 0 || !absl::SimpleAtod(value, &seconds) || seconds == 0) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat("--benchmark_min_warmup_time=", value,
                                                 " takes a --benchmark_min_time in seconds"));
}

// Before 1.8 Google Benchmark takes a plain number of seconds only, and afterwards complains of
// one, a line for each benchmark.
template <typename Run>
constexpr bool TakesPlainSeconds() {
  return requires(Run run) { run.error_occurred; };
}

// Hands the flags to Google Benchmark. What overrides the flags and the environment comes last: the
// least time and, where the library is to leave the file alone, another one that it may open.
absl::Status Initialize(int argc, char** argv, absl::string_view min_time, bool has_own_file) {
  absl::ConsumeSuffix(&min_time, "s");
  std::string flag =
      absl::StrCat("--", kMinTimeFlag, "=", min_time,
                   TakesPlainSeconds<benchmark::BenchmarkReporter::Run>() ? "" : "s");
  std::vector<char*> arguments;
  for (int i = 0; i < argc; ++i) {
    if (!absl::StartsWith(argv[i], absl::StrCat("--", kMinTimeFlag, "="))) {
      arguments.push_back(argv[i]);
    }
  }
  arguments.push_back(flag.data());
  std::string no_file = "--benchmark_out=/dev/null";
  if (has_own_file) arguments.push_back(no_file.data());
  int count = static_cast<int>(arguments.size());
  arguments.push_back(nullptr);
  benchmark::Initialize(&count, arguments.data());
  if (count <= 1) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("unknown flag, or a bad value for it: ", arguments[1], " (see --help)"));
}

}  // namespace

std::string BenchmarkFlagsHelp() {
  std::string text;
  for (const Rule& rule : kRules) {
    absl::StrAppend(&text, "  --", rule.flag, "=  ", rule.takes, "\n        ", rule.help, "\n");
  }
  return text;
}

absl::StatusOr<CommandLine> ReadBenchmarkFlags(int argc, char** argv, bool is_repeated) {
  absl::Status good = CheckValues(argc, argv);
  if (!good.ok()) return good;
  CommandLine line;
  line.format = FlagValue(argc, argv, "benchmark_format", line.format);
  line.out = FlagValue(argc, argv, "benchmark_out", "");
  line.out_format = FlagValue(argc, argv, "benchmark_out_format", line.out_format);
  line.filter = FlagValue(argc, argv, "benchmark_filter", "");
  line.list_only = IsTrue(FlagValue(argc, argv, "benchmark_list_tests", "false"));
  auto selects = Selector(line.filter);
  if (!selects.ok()) return selects.status();
  line.selects = *std::move(selects);

  const std::string min_time = FlagValue(argc, argv, kMinTimeFlag, "0.5");
  if (!ParseIterations(min_time, &line.iterations)) {
    static_cast<void>(absl::SimpleAtod(absl::StripSuffix(min_time, "s"), &line.min_time_s));
  }
  good = CheckWarmUp(argc, argv, line.iterations);
  if (!good.ok()) return good;
  good = Initialize(argc, argv, line.iterations > 0 ? "0" : min_time,
                    /*has_own_file=*/is_repeated && !line.out.empty());
  if (!good.ok()) return good;
  if (!line.out.empty()) good = CheckWritable("--benchmark_out", line.out);
  if (!good.ok()) return good;
  return line;
}

}  // namespace rcb
