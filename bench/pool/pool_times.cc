#include "bench/pool/pool_times.h"

#include <algorithm>

#include "common/measure/histogram.h"

namespace rcb::pool {
namespace {

double Microseconds(int64_t ns) { return static_cast<double>(ns) / 1e3; }

double PerAnswer(int64_t count, int64_t answers) {
  return static_cast<double>(count) / static_cast<double>(std::max<int64_t>(answers, 1));
}

}  // namespace

Counters MeasureTimes(const std::vector<Exchange>& exchanges, int64_t workers,
                      int64_t connections) {
  Histogram waits;
  Histogram services;
  int64_t unanswered = 0;
  int64_t give_ups = 0;
  double lent_ns = 0;
  int64_t first_ns = INT64_MAX;
  int64_t last_ns = 0;
  for (const Exchange& exchange : exchanges) {
    first_ns = std::min(first_ns, exchange.wanted_ns);
    last_ns = std::max(last_ns, exchange.done_ns);
    if (exchange.ending == Ending::kUnanswered) ++unanswered;
    if (exchange.ending == Ending::kGaveUp) ++give_ups;
    if (exchange.served_ns == 0) continue;
    waits.Record(exchange.served_ns - exchange.wanted_ns);
    lent_ns += static_cast<double>(exchange.done_ns - exchange.served_ns);
    if (exchange.ending == Ending::kAnswered && !exchange.is_slow) {
      services.Record(exchange.done_ns - exchange.served_ns);
    }
  }
  const double wait_us = Microseconds(waits.ValueAtQuantile(0.5));
  const double service_us = Microseconds(services.ValueAtQuantile(0.5));
  const int64_t span_ns = std::max<int64_t>(last_ns - first_ns, 1);
  Counters counters = {
      {"wait_p50_us", wait_us},
      {"wait_p95_us", Microseconds(waits.ValueAtQuantile(0.95))},
      {"service_p50_us", service_us},
      {"utilisation", lent_ns / static_cast<double>(span_ns) / static_cast<double>(connections)},
      {"discards_per_op", PerAnswer(unanswered, services.count())},
      {"give_ups_per_op", PerAnswer(give_ups, services.count())},
  };
  const double queue = static_cast<double>(workers) / static_cast<double>(connections) - 1;
  if (queue > 0 && service_us > 0) {
    counters.emplace_back("x_wait_floor", wait_us / (queue * service_us));
  }
  return counters;
}

}  // namespace rcb::pool
