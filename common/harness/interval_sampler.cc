#include "common/harness/interval_sampler.h"

#include <utility>

#include "common/measure/clock.h"

namespace rcb {

IntervalSampler::IntervalSampler(IntervalFeed& feed, ThreadSlot& slot)
    : feed_(feed), slot_(slot), before_(SumOfWorkers()), timer_(slot.loop, [this] { OnDue(); }) {
  StartTimer(NowNs());
}

// At the end of the interval that `now_ns` is in, which all threads count alike.
void IntervalSampler::StartTimer(int64_t now_ns) {
  const int64_t number = (now_ns - feed_.origin_ns()) / feed_.interval_ns();
  timer_.Start(feed_.origin_ns() + (number + 1) * feed_.interval_ns());
}

void IntervalSampler::OnDue() {
  if (slot_.loop.cancelled()) return;
  const int64_t now_ns = NowNs();
  feed_.HandOver(slot_.index, now_ns, CountsSince(), slot_.latency);
  TakeLatency();
  StartTimer(now_ns);
}

void IntervalSampler::Finish() {
  timer_.Stop();
  feed_.EndThread(slot_.index, NowNs(), CountsSince(), slot_.latency);
  TakeLatency();
  std::swap(slot_.latency, whole_);
}

IntervalCounts IntervalSampler::SumOfWorkers() const {
  IntervalCounts sum;
  sum.operations = slot_.completed;
  for (const auto& state : slot_.workers) {
    sum.errors += state->tally.errors + state->tally.timeouts;
    sum.computations += state->tally.computations;
  }
  return sum;
}

// What there is since the last time.
IntervalCounts IntervalSampler::CountsSince() {
  const IntervalCounts now = SumOfWorkers();
  IntervalCounts since;
  since.operations = now.operations - before_.operations;
  since.errors = now.errors - before_.errors;
  since.computations = now.computations - before_.computations;
  before_ = now;
  return since;
}

void IntervalSampler::TakeLatency() {
  whole_.Merge(slot_.latency);
  slot_.latency.Clear();
}

}  // namespace rcb
