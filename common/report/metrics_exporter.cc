#include "common/report/metrics_exporter.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <prometheus/counter.h>
#include <prometheus/exposer.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <map>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace rcb {
namespace {

// Upper bounds in seconds, from 10 us to 100 s, five for each power of ten. They are numbers that
// the library prints in few digits.
prometheus::Histogram::BucketBoundaries Bounds() {
  prometheus::Histogram::BucketBoundaries bounds;
  for (const double parts : {1e5, 1e4, 1e3, 1e2, 1e1, 1e0, 1e-1}) {
    for (const double step : {1.0, 1.5, 2.0, 3.0, 5.0}) bounds.push_back(step / parts);
  }
  bounds.push_back(100);
  return bounds;
}

// As scripts/export does, so that rules and dashboards are for both.
prometheus::Labels LabelsOf(const std::string& row) {
  const std::vector<std::string> parts = absl::StrSplit(row, '/');
  prometheus::Labels labels;
  const char* const places[] = {"family", "discipline", "variant"};
  for (size_t i = 0; i < std::size(places); ++i) {
    labels[places[i]] = i < parts.size() ? parts[i] : "";
  }
  labels["workers"] = "";
  std::vector<std::string> arguments;
  for (size_t i = std::size(places); i < parts.size(); ++i) {
    const std::string& part = parts[i];
    if (absl::StartsWith(part, "workers:")) {
      labels["workers"] = part.substr(std::strlen("workers:"));
    } else if (part != "real_time" && part != "threads:1" &&
               !absl::StartsWith(part, "iterations:") && !absl::StartsWith(part, "repeats:")) {
      arguments.push_back(part);
    }
  }
  if (!arguments.empty()) labels["arguments"] = absl::StrJoin(arguments, "/");
  return labels;
}

std::string ToHostPort(const std::string& address, int port) {
  return absl::StrCat(address, ":", port);
}

// False where the address is none.
bool ParsePlace(const std::string& address, int port, sockaddr_in* place) {
  place->sin_family = AF_INET;
  place->sin_port = htons(static_cast<uint16_t>(port));
  return inet_pton(AF_INET, address.c_str(), &place->sin_addr) == 1;
}

// Why nobody can listen there: the client library does not tell. Empty where one can.
std::string WhyNotListen(const sockaddr_in& place) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  int error = fd < 0 ? errno : 0;
  if (error == 0) {
    // What the last program left in TIME_WAIT is in nobody's way.
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(fd, reinterpret_cast<const sockaddr*>(&place), sizeof(place)) != 0 ||
        listen(fd, 1) != 0) {
      error = errno;
    }
  }
  if (fd >= 0) close(fd);
  return error == 0 ? "" : std::strerror(error);
}

// Connects and goes away again.
void Knock(const sockaddr_in& place) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return;
  static_cast<void>(connect(fd, reinterpret_cast<const sockaddr*>(&place), sizeof(place)));
  close(fd);
}

// While it lives, signals go to other threads than those that are started here.
class SignalsElsewhere {
 public:
  SignalsElsewhere() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  SignalsElsewhere(const SignalsElsewhere&) = delete;
  SignalsElsewhere& operator=(const SignalsElsewhere&) = delete;
  ~SignalsElsewhere() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_;
};

}  // namespace

struct MetricsExporter::Rows {
  struct Row {
    prometheus::Counter& operations;
    prometheus::Counter& errors;
    prometheus::Counter& violations;
    prometheus::Counter& computations;
    prometheus::Histogram& latency;
  };

  using Counters = prometheus::Family<prometheus::Counter>;

  Counters& AddCounters(const char* name, const char* help) {
    return prometheus::BuildCounter().Name(name).Help(help).Register(*registry);
  }

  // Of a row's name, as the feed tells it; made on first use, at zero.
  Row& RowOf(const std::string& name) {
    const auto found = rows.find(name);
    if (found != rows.end()) return found->second;
    const prometheus::Labels labels = LabelsOf(name);
    const Row row = {operations.Add(labels), errors.Add(labels), violations.Add(labels),
                     computations.Add(labels), latency.Add(labels, bounds)};
    return rows.emplace(name, row).first->second;
  }

  const prometheus::Histogram::BucketBoundaries bounds = Bounds();
  const std::shared_ptr<prometheus::Registry> registry = std::make_shared<prometheus::Registry>();
  Counters& operations = AddCounters("rcb_operations_total", "operations that succeeded");
  Counters& errors = AddCounters("rcb_errors_total", "operations that failed or timed out");
  Counters& violations = AddCounters(
      "rcb_violations_total", "observations that the contract forbids, of runs that were judged");
  Counters& computations =
      AddCounters("rcb_computations_total", "computations of what the cache saves");
  prometheus::Family<prometheus::Histogram>& latency =
      prometheus::BuildHistogram()
          .Name("rcb_latency_seconds")
          .Help("latency of an operation, failures and timeouts included")
          .Register(*registry);
  std::map<std::string, Row> rows;
  sockaddr_in place = {};  // where it listens
  std::unique_ptr<prometheus::Exposer> exposer;
};

MetricsExporter::MetricsExporter(std::unique_ptr<Rows> rows) : rows_(std::move(rows)) {}

// The library looks at most every two seconds whether it is to end, unless somebody comes.
MetricsExporter::~MetricsExporter() {
  std::atomic<bool> is_closed{false};
  std::thread closing([this, &is_closed] {
    rows_->exposer.reset();
    is_closed = true;
  });
  while (!is_closed) {
    Knock(rows_->place);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  closing.join();
}

absl::StatusOr<std::unique_ptr<MetricsExporter>> MetricsExporter::Listen(const std::string& address,
                                                                         int port) {
  auto rows = std::make_unique<Rows>();
  const bool is_address = ParsePlace(address, port, &rows->place);
  std::string reason = is_address ? WhyNotListen(rows->place) : "not a numeric IPv4 address";
  if (reason.empty()) {
    const SignalsElsewhere signals_elsewhere;
    try {  // the one way that the library has to say no
      rows->exposer = std::make_unique<prometheus::Exposer>(ToHostPort(address, port));
    } catch (const std::runtime_error& error) {
      reason = error.what();
    }
  }
  if (!reason.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("--metrics_port=", port,
                                                   ": nothing can listen on ",
                                                   ToHostPort(address, port), ": ", reason));
  }
  rows->exposer->RegisterCollectable(rows->registry);
  return std::unique_ptr<MetricsExporter>(new MetricsExporter(std::move(rows)));
}

void MetricsExporter::OnInterval(const Interval& interval) {
  Rows::Row& row = rows_->RowOf(interval.row);
  row.operations.Increment(static_cast<double>(interval.counts.operations));
  row.errors.Increment(static_cast<double>(interval.counts.errors));
  row.computations.Increment(static_cast<double>(interval.counts.computations));
  const auto& bounds = rows_->bounds;
  std::vector<double> in_bucket(bounds.size() + 1);
  interval.latency.ForEachBucket([&bounds, &in_bucket](int64_t ns, int64_t count) {
    const auto bound =
        std::lower_bound(bounds.begin(), bounds.end(), static_cast<double>(ns) / 1e9);
    in_bucket[static_cast<size_t>(bound - bounds.begin())] += static_cast<double>(count);
  });
  row.latency.ObserveMultiple(in_bucket, interval.latency.sum_ns() / 1e9);
}

// Rows are there from their first mark on, for a rate takes two values.
void MetricsExporter::OnMark(const Mark& mark) {
  Rows::Row& row = rows_->RowOf(mark.row);
  if (!mark.violations) return;
  const double more = static_cast<double>(*mark.violations) - row.violations.Value();
  if (more > 0) row.violations.Increment(more);
}

}  // namespace rcb
