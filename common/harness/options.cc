#include "common/harness/options.h"

#include <functional>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"

namespace rcb {
namespace {

constexpr int64_t kMostWorkers = 50'000;
constexpr int64_t kMostThreads = 256;

struct Flag {
  absl::string_view name;
  absl::string_view takes;  // for messages and --help
  absl::string_view help;
  std::function<bool(absl::string_view value)> parse;
};

bool ParseInteger(absl::string_view text, int64_t least, int64_t most, int64_t* value) {
  int64_t parsed = 0;
  if (!absl::SimpleAtoi(text, &parsed) || parsed < least || parsed > most) return false;
  *value = parsed;
  return true;
}

bool ParseIntegers(absl::string_view text, int64_t most, std::vector<int64_t>* values) {
  std::vector<int64_t> parsed;
  for (absl::string_view piece : absl::StrSplit(text, ',')) {
    int64_t value = 0;
    if (!ParseInteger(piece, 1, most, &value)) return false;
    if (absl::c_linear_search(parsed, value)) return false;  // names of benchmarks are unique
    parsed.push_back(value);
  }
  *values = std::move(parsed);
  return true;
}

bool ParseRate(absl::string_view text, double* rate) {
  double parsed = 0;
  if (!absl::SimpleAtod(text, &parsed) || !(parsed >= 0.1) || parsed > 1e7) return false;
  *rate = parsed;
  return true;
}

bool ParseTimeout(absl::string_view text, int64_t* timeout_ms) {
  absl::Duration parsed;
  if (!absl::ParseDuration(text, &parsed)) return false;
  if (parsed < absl::Milliseconds(10) || parsed > absl::Hours(1)) return false;
  *timeout_ms = absl::ToInt64Milliseconds(parsed);
  return true;
}

bool ParseChoice(absl::string_view text, absl::string_view one, absl::string_view other,
                 std::string* choice) {
  if (text != one && text != other) return false;
  *choice = std::string(text);
  return true;
}

std::vector<Flag> ServerFlags(Options* o) {
  return {
      {"redis", "redis://[[user]:password@]host[:port][/db] or unix:///path[?db=N]",
       "use this running server, not a private one; a password can come from the environment, in "
       "RCB_REDIS_PASSWORD",
       [o](absl::string_view v) { return !(o->redis = std::string(v)).empty(); }},
      {"redis_server", "a path",
       "the server binary to start (default: redis-server or valkey-server on PATH)",
       [o](absl::string_view v) { return !(o->redis_server = std::string(v)).empty(); }},
      {"transport", "tcp or unix", "the way to the private server (default tcp)",
       [o](absl::string_view v) { return ParseChoice(v, "tcp", "unix", &o->transport); }},
  };
}

std::vector<Flag> LoadFlags(Options* o) {
  return {
      {"workers", "different numbers from 1 to 50000, with commas",
       "how many clients contend (default: several, per family)",
       [o](absl::string_view v) { return ParseIntegers(v, kMostWorkers, &o->workers); }},
      {"threads", "different numbers from 1 to 256, with commas",
       "how many threads share the workers (default 1)",
       [o](absl::string_view v) { return ParseIntegers(v, kMostThreads, &o->threads); }},
      {"rate", "operations per second over all workers, from 0.1 to 1e7",
       "open loop: operations arrive at random (Poisson) at this mean rate, and latency counts "
       "from when they were meant to start (default: closed loop)",
       [o](absl::string_view v) { return ParseRate(v, &o->rate); }},
      {"rounds", "a number from 1 to 100000",
       "rounds (Stampede) or expiry epochs (StampedeExpiry) of a run",
       [o](absl::string_view v) { return ParseInteger(v, 1, 100'000, &o->rounds); }},
      {"compute", "wait or cpu",
       "what the expensive computation does: wait as for a database, or burn the thread's "
       "processor (default wait)",
       [o](absl::string_view v) { return ParseChoice(v, "wait", "cpu", &o->compute); }},
      {"compute_ms", "milliseconds, from 1 to 10000", "how long the expensive computation takes",
       [o](absl::string_view v) { return ParseInteger(v, 1, 10'000, &o->compute_ms); }},
      {"op_timeout", "a duration from 10ms to 1h, such as 5s",
       "the deadline of every wait for a reply (default 5s)",
       [o](absl::string_view v) { return ParseTimeout(v, &o->op_timeout_ms); }},
      {"seed", "a whole number", "of all randomness in the load (default 1)",
       [o](absl::string_view v) { return absl::SimpleAtoi(v, &o->seed); }},
      {"history_limit", "a number from 1 to 100000000",
       "how many operations a run may record for its checker, 32 bytes each (default 4000000)",
       [o](absl::string_view v) { return ParseInteger(v, 1, 100'000'000, &o->history_limit); }},
  };
}

std::vector<Flag> AllFlags(Options* options) {
  std::vector<Flag> flags = ServerFlags(options);
  for (Flag& flag : LoadFlags(options)) flags.push_back(std::move(flag));
  return flags;
}

// The flag that `argument` sets, or null.
const Flag* Find(const std::vector<Flag>& flags, absl::string_view argument) {
  if (!absl::ConsumePrefix(&argument, "--")) return nullptr;
  const absl::string_view name = argument.substr(0, argument.find('='));
  for (const Flag& flag : flags) {
    if (flag.name == name) return &flag;
  }
  return nullptr;
}

absl::Status Set(const Flag& flag, absl::string_view argument) {
  const size_t equals = argument.find('=');
  if (equals != absl::string_view::npos && flag.parse(argument.substr(equals + 1))) {
    return absl::OkStatus();
  }
  // The value of --redis may hold a password.
  const bool secret = flag.name == "redis" || equals == absl::string_view::npos;
  const std::string value = secret ? "" : absl::StrCat(", not '", argument.substr(equals + 1), "'");
  return absl::InvalidArgumentError(absl::StrCat("--", flag.name, "= takes ", flag.takes, value));
}

}  // namespace

absl::Status ParseFlags(int* argc, char** argv, Options* options) {
  const std::vector<Flag> flags = AllFlags(options);
  int kept = 1;
  for (int i = 1; i < *argc; ++i) {
    const absl::string_view argument = argv[i];
    if (argument == "--help") {
      options->help = true;
    } else if (const Flag* flag = Find(flags, argument)) {
      absl::Status set = Set(*flag, argument);
      if (!set.ok()) return set;
    } else {
      argv[kept++] = argv[i];
    }
  }
  *argc = kept;
  argv[kept] = nullptr;
  return absl::OkStatus();
}

std::string FlagsHelp() {
  Options unused;
  std::string text;
  for (const Flag& flag : AllFlags(&unused)) {
    absl::StrAppendFormat(&text, "  --%s=  %s\n        %s\n", flag.name, flag.takes, flag.help);
  }
  return text;
}

}  // namespace rcb
