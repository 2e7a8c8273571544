#include "common/harness/options.h"

#include <optional>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "common/history/model_history.h"

namespace rcb {
namespace {

constexpr int64_t kMaxWorkers = 50'000;
constexpr int64_t kMaxThreads = 256;

bool ParseRate(absl::string_view text, double* rate) {
  double parsed = 0;
  if (!absl::SimpleAtod(text, &parsed) || !(parsed >= 0.1) || parsed > 1e7) return false;
  *rate = parsed;
  return true;
}

bool ParseMilliseconds(absl::string_view text, absl::Duration max, int64_t* ms) {
  absl::Duration parsed;
  if (!absl::ParseDuration(text, &parsed)) return false;
  if (parsed < absl::Milliseconds(10) || parsed > max) return false;
  *ms = absl::ToInt64Milliseconds(parsed);
  return true;
}

// A name of small letters, digits and dashes, and at least one word after it.
bool ParseServerOption(absl::string_view text, std::vector<std::string>* options) {
  static const char* const kOurs[] = {"port",        "bind",       "unixsocket", "unixsocketperm",
                                      "dir",         "daemonize",  "maxclients", "tls-port",
                                      "requirepass", "supervised", "logfile"};
  const std::vector<absl::string_view> words = absl::StrSplit(text, ' ', absl::SkipEmpty());
  if (words.size() < 2 || absl::c_linear_search(kOurs, words[0])) return false;
  for (const char c : words[0]) {
    const auto letter = static_cast<unsigned char>(c);
    if (!absl::ascii_islower(letter) && !absl::ascii_isdigit(letter) && c != '-') return false;
  }
  if (words[0][0] == '-') return false;
  options->emplace_back(text);
  return true;
}

// Nothing that a pattern of SCAN or of an ACL gives a meaning, and no blank.
bool ParseKeyPrefix(absl::string_view text, std::string* prefix) {
  constexpr size_t kMaxSize = 64;
  constexpr absl::string_view kPunctuation = ":_-./@#{}";
  if (text.empty() || text.size() > kMaxSize) return false;
  for (const char c : text) {
    const bool is_plain = absl::ascii_isalnum(static_cast<unsigned char>(c));
    if (!is_plain && kPunctuation.find(c) == absl::string_view::npos) return false;
  }
  *prefix = std::string(text);
  return true;
}

std::vector<Flag> ServerFlags(Options* o) {
  return {
      {"redis",
       "redis://[[user]:password@]host[:port][/db], unix:///path[?db=N] or "
       "redis+sentinel://[[user]:password@]host[:port][,host[:port]...]/master-name[/db]",
       "use this running server, or the primary that these Sentinels name, not a private one; a "
       "password can come from the environment, in RCB_REDIS_PASSWORD",
       [o](absl::string_view v) { return !(o->redis = std::string(v)).empty(); }},
      {"redis_server", "a path",
       "the server binary to start (default: redis-server or valkey-server on PATH)",
       [o](absl::string_view v) { return !(o->redis_server = std::string(v)).empty(); }},
      {"server_option", "a setting and its value, such as 'io-threads 4'",
       "passes it to the private server; may be given several times; what the suite sets itself, "
       "such as port, can't be set",
       [o](absl::string_view v) { return ParseServerOption(v, &o->server_options); }},
      {"allow_config_changes", "",
       "lets families that need other settings, such as maxmemory, change those of the server that "
       "--redis names, if it holds no keys; they are put back afterwards",
       [o](absl::string_view) { return o->allow_config_changes = true; }},
      {"key_prefix", "1 to 64 letters, digits and any of :_-./@#{}",
       "begins the names of all keys and channels, for users who may use no others (default "
       "rcb:)",
       [o](absl::string_view v) { return ParseKeyPrefix(v, &o->key_prefix); }},
      {"transport", "tcp or unix", "the way to the private server (default tcp)",
       [o](absl::string_view v) { return ParseChoice(v, "tcp", "unix", &o->transport); }},
  };
}

std::vector<Flag> LoadFlags(Options* o) {
  return {
      {"workers", "different numbers from 1 to 50000, with commas",
       "how many clients contend (default: several, per family)",
       [o](absl::string_view v) { return ParseIntegers(v, kMaxWorkers, &o->workers); }},
      {"threads", "different numbers from 1 to 256, with commas",
       "how many threads share the workers (default 1)",
       [o](absl::string_view v) { return ParseIntegers(v, kMaxThreads, &o->threads); }},
      {"rate", "operations per second over all workers, from 0.1 to 1e7",
       "open loop: operations arrive at random (Poisson) at this mean rate, and latency counts "
       "from when they were meant to start (default: closed loop)",
       [o](absl::string_view v) { return ParseRate(v, &o->rate); }},
      {"op_timeout", "a duration from 10ms to 1h, such as 5s",
       "the deadline of every wait for a reply (default 5s)",
       [o](absl::string_view v) {
         return ParseMilliseconds(v, absl::Hours(1), &o->op_timeout_ms);
       }},
      {"duration", "a duration from 10ms to 1000h, such as 8h",
       "runs each selected row again and again until the time is over, but each at least once, and "
       "tells of errors and violations when they happen (default: once)",
       [o](absl::string_view v) {
         return ParseMilliseconds(v, absl::Hours(1000), &o->duration_ms);
       }},
      {"seed", "a whole number", "of all randomness in the load (default 1)",
       [o](absl::string_view v) { return absl::SimpleAtoi(v, &o->seed); }},
      {"trial", "on or off",
       "whether clients misbehave on purpose for up to some 300 ms behind the timed region of each "
       "row: they are late, stall or die where its contract says what follows (default on)",
       [o](absl::string_view v) { return ParseChoice(v, "on", "off", &o->trial); }},
      {"history_limit", "a number from 1 to 100000000",
       "how many operations a run may record for its checker, 32 bytes each (default 4000000)",
       [o](absl::string_view v) { return ParseInteger(v, 1, 100'000'000, &o->history_limit); }},
  };
}

std::vector<Flag> OutputFlags(Options* o) {
  return {
      {"histograms", "a directory",
       "writes the latencies of each row there, as percentile text of HdrHistogram (.hgrm)",
       [o](absl::string_view v) { return !(o->histograms = std::string(v)).empty(); }},
      {"series", "a file",
       "writes there what happens over time, as JSON lines: operations, errors, computations and "
       "latencies of each interval, and events",
       [o](absl::string_view v) { return !(o->series = std::string(v)).empty(); }},
      {"series_interval", "a duration from 10ms to 1h, such as 100ms",
       "how long the intervals of --series are (default 100ms)",
       [o](absl::string_view v) {
         return ParseMilliseconds(v, absl::Hours(1), &o->series_interval_ms);
       }},
      {"metrics_port", "a number from 1 to 65535",
       "answers Prometheus on http://ADDRESS:PORT/metrics while benchmarks run: operations, "
       "latencies, "
       "errors, violations and computations of each row so far",
       [o](absl::string_view v) { return ParseInteger(v, 1, 65'535, &o->metrics_port); }},
      {"metrics_address", "a numeric IPv4 address",
       "of this machine, on which --metrics_port listens (default 127.0.0.1)",
       [o](absl::string_view v) { return !(o->metrics_address = std::string(v)).empty(); }},
      {"log", "a file",
       "adds there, as JSON lines, who ran what when on which server with which flags, and each "
       "lost "
       "connection, error, fault and violation; no password",
       [o](absl::string_view v) { return !(o->log = std::string(v)).empty(); }},
  };
}

std::vector<Flag> HistoryFlags(Options* o) {
  return {
      {"history_out", "a directory",
       "writes the history of each run there, after the run, where the family has a model",
       [o](absl::string_view v) { return !(o->history_out = std::string(v)).empty(); }},
      {"history_check", "a file",
       "judges the history in this file and runs nothing: one of --history_out, or of Jepsen, "
       "Knossos or Elle, in EDN or JSON",
       [o](absl::string_view v) { return !(o->history_check = std::string(v)).empty(); }},
      {"history_model", "counter, register, cas_register, mutex or list_append",
       "what the history is of (default: what its file says)",
       [o](absl::string_view v) {
         const std::optional<HistoryModel> model = ParseHistoryModel(v);
         if (model) o->history_model = HistoryModelName(*model);
         return model.has_value();
       }},
      {"history_initial", "a value, such as 0 or nil",
       "what each register or counter of the history held at first (default: what its file says, "
       "or nil, or of counters 0)",
       [o](absl::string_view v) { return !(o->history_initial = std::string(v)).empty(); }},
      {"history_format", "text or json", "how the verdict on the history is written (default text)",
       [o](absl::string_view v) { return ParseChoice(v, "text", "json", &o->history_format); }},
  };
}

}  // namespace

std::vector<Flag> CommonFlags(Options* options) {
  std::vector<Flag> flags = {
      {"help", "", "shows all flags and ends",
       [options](absl::string_view) { return options->help = true; }},
      {"version", "", "shows the version of the suite and of Google Benchmark, and ends",
       [options](absl::string_view) { return options->version = true; }},
      {"list_metrics", "", "shows all counters, as in scripts/metrics.tsv, and ends",
       [options](absl::string_view) { return options->list_metrics = true; }},
  };
  for (Flag& flag : ServerFlags(options)) flags.push_back(std::move(flag));
  for (Flag& flag : LoadFlags(options)) flags.push_back(std::move(flag));
  for (Flag& flag : OutputFlags(options)) flags.push_back(std::move(flag));
  for (Flag& flag : HistoryFlags(options)) flags.push_back(std::move(flag));
  return flags;
}

}  // namespace rcb
