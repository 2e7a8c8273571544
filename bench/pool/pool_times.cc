#include "bench/pool/pool_times.h"

#include <algorithm>

#include "common/measure/histogram.h"

namespace rcb::pool {
namespace {

double Microseconds(int64_t ns) { return static_cast<double>(ns) / 1e3; }

double Ratio(double part, double whole) { return whole > 0 ? part / whole : 0; }

// The times of ordinary requests on their connections.
Histogram Services(const std::vector<Exchange>& exchanges) {
  Histogram services;
  for (const Exchange& exchange : exchanges) {
    if (exchange.ending != Ending::kAnswered || exchange.is_slow) continue;
    services.Record(exchange.done_ns - exchange.served_ns);
  }
  return services;
}

double FloorNs(const Histogram& services, int64_t workers, int64_t connections) {
  if (connections == 0) return 0;
  const double others = static_cast<double>(workers) / static_cast<double>(connections) - 1;
  return std::max(others, 0.0) * static_cast<double>(services.ValueAtQuantile(0.5));
}

// The share of the time for which connections were lent.
double Utilisation(const std::vector<Exchange>& exchanges, int64_t connections) {
  double lent_ns = 0;
  int64_t first_ns = INT64_MAX;
  int64_t last_ns = 0;
  for (const Exchange& exchange : exchanges) {
    first_ns = std::min(first_ns, exchange.wanted_ns);
    last_ns = std::max(last_ns, exchange.done_ns);
    if (exchange.served_ns == 0) continue;
    lent_ns += static_cast<double>(exchange.done_ns - exchange.served_ns);
  }
  const auto span_ns = static_cast<double>(last_ns - first_ns);
  return Ratio(lent_ns, span_ns * static_cast<double>(connections));
}

}  // namespace

double WaitFloorNs(const std::vector<Exchange>& exchanges, int64_t workers, int64_t connections) {
  return FloorNs(Services(exchanges), workers, connections);
}

Counters MeasureTimes(const std::vector<Exchange>& exchanges, int64_t workers,
                      int64_t connections) {
  Histogram waits;
  int64_t unanswered = 0;
  int64_t give_ups = 0;
  for (const Exchange& exchange : exchanges) {
    if (exchange.ending == Ending::kUnanswered) ++unanswered;
    if (exchange.ending == Ending::kGaveUp) ++give_ups;
    if (exchange.served_ns != 0) waits.Record(exchange.served_ns - exchange.wanted_ns);
  }
  const Histogram services = Services(exchanges);
  const auto answers = static_cast<double>(services.count());
  Counters counters = {
      {"wait_p50_us", Microseconds(waits.ValueAtQuantile(0.5))},
      {"wait_p95_us", Microseconds(waits.ValueAtQuantile(0.95))},
      {"service_p50_us", Microseconds(services.ValueAtQuantile(0.5))},
      {"discards_per_op", Ratio(static_cast<double>(unanswered), answers)},
      {"give_ups_per_op", Ratio(static_cast<double>(give_ups), answers)},
  };
  if (connections == 0) return counters;
  counters.emplace_back("utilisation", Utilisation(exchanges, connections));
  const double floor_ns = FloorNs(services, workers, connections);
  if (floor_ns > 0) {
    counters.emplace_back("x_wait_floor",
                          static_cast<double>(waits.ValueAtQuantile(0.5)) / floor_ns);
  }
  return counters;
}

Counters MeasureRefusals(int64_t refusals, const std::vector<int64_t>& recoveries_ns,
                         size_t requests) {
  Histogram recoveries;
  for (const int64_t took_ns : recoveries_ns) recoveries.Record(took_ns);
  Counters counters = {
      {"refusals_per_op", Ratio(static_cast<double>(refusals), static_cast<double>(requests))}};
  // Where nobody was let in after all, there is no such time.
  if (recoveries.count() > 0) {
    counters.emplace_back("recovery_p95_us", Microseconds(recoveries.ValueAtQuantile(0.95)));
  }
  return counters;
}

}  // namespace rcb::pool
