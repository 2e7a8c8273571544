#include "common/harness/counters.h"

#include <sys/resource.h>

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace rcb {
namespace {

double Microseconds(int64_t ns) { return static_cast<double>(ns) / 1e3; }

double Ratio(int64_t part, int64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

double BusyShare(Session& session) {
  int64_t busy_ns = 0;
  int64_t wall_ns = 0;
  for (auto& slot : session.slots()) {
    busy_ns += slot->busy_ns;
    wall_ns += slot->wall_ns;
  }
  return Ratio(busy_ns, wall_ns);
}

double PeakResidentMib() {
  rusage usage = {};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

}  // namespace

double JainIndex(const std::vector<int64_t>& shares) {
  double sum = 0;
  double sum_of_squares = 0;
  for (const int64_t share : shares) {
    sum += static_cast<double>(share);
    sum_of_squares += static_cast<double>(share) * static_cast<double>(share);
  }
  if (sum_of_squares == 0) return 1;
  return sum * sum / (static_cast<double>(shares.size()) * sum_of_squares);
}

Totals TotalsOf(Session& session) {
  Totals totals;
  std::vector<int64_t> shares;
  for (auto& slot : session.slots()) {
    totals.round_trips += slot->SharedRoundTrips() - slot->shared_round_trips_before;
    for (auto& state : slot->workers) {
      totals.tally.Add(state->tally);
      totals.round_trips += state->RoundTrips() - state->round_trips_before;
      shares.push_back(state->tally.succeeded);
    }
  }
  totals.fairness = JainIndex(shares);
  return totals;
}

Histogram LatencyOf(Session& session) {
  Histogram latency;
  for (auto& slot : session.slots()) latency.Merge(slot->latency);
  return latency;
}

int64_t CompletedIn(Session& session) {
  int64_t completed = 0;
  for (auto& slot : session.slots()) completed += slot->completed;
  return completed;
}

std::string DescribeOverload(Run& run) {
  constexpr double kKeepsUp = 0.95;
  const double rate = run.options().rate_per_second;
  if (rate <= 0) return "";
  const Tally tally = TotalsOf(run.session()).tally;
  // Until the last one began: how long that took does not tell whether those before it kept up.
  int64_t until_last_ns = 0;
  for (auto& slot : run.session().slots()) {
    until_last_ns = std::max(until_last_ns, slot->last_start_ns - slot->start_ns);
  }
  const double offered = rate * static_cast<double>(until_last_ns) / 1e9;
  const auto begun = static_cast<double>(tally.started - tally.dropped);
  // The number of arrivals is Poisson, so that fewer than expected may be chance. A queue that is
  // short in time is no growing one: workers begin slowly, and a machine halts for moments.
  constexpr double kShortQueueSeconds = 0.02;
  const double behind = offered - begun;
  const bool is_behind = begun < kKeepsUp * offered && behind > 5 * std::sqrt(offered) &&
                         behind > kShortQueueSeconds * rate;
  if (tally.dropped == 0 && !is_behind) return "";
  const double seconds = static_cast<double>(run.session().slot(0).wall_ns) / 1e9;
  const double achieved = static_cast<double>(CompletedIn(run.session())) / seconds;
  return absl::StrFormat("%.0f operations per second were offered, %.0f done, and %d dropped", rate,
                         achieved, tally.dropped);
}

Counters ClassCounters(Session& session, const BenchmarkSpec& spec) {
  const double seconds = static_cast<double>(session.slot(0).wall_ns) / 1e9;
  Counters counters;
  for (size_t i = 0; i < spec.op_classes.size(); ++i) {
    Histogram latency;
    int64_t completed = 0;
    for (auto& slot : session.slots()) {
      latency.Merge(slot->class_latency[i]);
      completed += slot->class_completed[i];
    }
    const auto add = [&counters, &name = spec.op_classes[i]](const char* suffix, double value) {
      counters.emplace_back(absl::StrCat(name, suffix), value);
    };
    const auto quantile_us = [&latency](double q) {
      return Microseconds(latency.ValueAtQuantile(q));
    };
    if (latency.count() == 0 && spec.tells_classes_apart) continue;
    add("_p95_us", quantile_us(0.95));
    if (!spec.tells_classes_apart) continue;
    add("_p50_us", quantile_us(0.5));
    add("_p99_us", quantile_us(0.99));
    add("_per_second", static_cast<double>(completed) / seconds);
    add("_success_rate", Ratio(completed, latency.count()));
  }
  return counters;
}

std::vector<Metric> MetricsOfClass(const std::string& op_class, const std::string& one,
                                   const std::string& several) {
  constexpr Direction kLower = Direction::kLowerIsBetter;
  constexpr Direction kHigher = Direction::kHigherIsBetter;
  constexpr MetricClass kNoisy = MetricClass::kNoisy;
  return {
      {op_class + "_p50_us", "us", kLower, kNoisy, "median latency of " + one},
      {op_class + "_p95_us", "us", kLower, kNoisy, "95th percentile of the latency of " + one},
      {op_class + "_p99_us", "us", kLower, kNoisy, "99th percentile of the latency of " + one},
      {op_class + "_per_second", "1/s", kHigher, kNoisy, several + " per second that completed"},
      {op_class + "_success_rate", "ratio", kHigher, MetricClass::kContract,
       several + " that did what they promised over those started"},
  };
}

std::vector<OpRecord> HistoryOf(Session& session) {
  std::vector<OpRecord> history;
  size_t size = 0;
  for (auto& slot : session.slots()) size += slot->history.size();
  history.reserve(size);
  for (auto& slot : session.slots()) {
    history.insert(history.end(), slot->history.begin(), slot->history.end());
  }
  return history;
}

Counters CommonCounters(Session& session, const LedgerEntry& entry, int64_t round_trip_ns,
                        double floor_ns) {
  const Histogram latency = LatencyOf(session);
  const Totals totals = TotalsOf(session);
  const Tally& tally = totals.tally;
  const auto quantile_us = [&latency](double q) {
    return Microseconds(latency.ValueAtQuantile(q));
  };
  Counters counters = {
      {"p50_us", quantile_us(0.5)},
      {"p95_us", quantile_us(0.95)},
      {"p99_us", quantile_us(0.99)},
      {"p999_us", quantile_us(0.999)},
      {"max_us", Microseconds(latency.max())},
      {"rtt_us", Microseconds(round_trip_ns)},
      {"violations", static_cast<double>(entry.violations.count)},
      {"success_rate", Ratio(tally.succeeded, tally.started)},
      {"errors", static_cast<double>(entry.errors)},
      {"timeouts", static_cast<double>(entry.timeouts)},
      {"retries_per_op", Ratio(tally.retries, tally.succeeded)},
      {"round_trips_per_op", Ratio(totals.round_trips, tally.succeeded)},
      {"fairness", totals.fairness},
      {"client_cpu", BusyShare(session)},
      {"rss_mib", PeakResidentMib()},
  };
  if (tally.lookups > 0) counters.emplace_back("hit_ratio", Ratio(tally.hits, tally.lookups));
  if (floor_ns > 0) {
    counters.emplace_back("x_floor", static_cast<double>(latency.ValueAtQuantile(0.5)) / floor_ns);
  }
  return counters;
}

}  // namespace rcb
