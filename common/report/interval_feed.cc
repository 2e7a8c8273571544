#include "common/report/interval_feed.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "common/measure/clock.h"

namespace rcb {
namespace {

constexpr int64_t kEnded = std::numeric_limits<int64_t>::max();

}  // namespace

void IntervalCounts::Add(const IntervalCounts& other) {
  operations += other.operations;
  errors += other.errors;
  computations += other.computations;
}

void IntervalFeed::BeginRun(const std::string& row, int threads) {
  const std::lock_guard<std::mutex> lock(mutex_);
  run_start_ns_ = NowNs();
  told_until_ns_ = run_start_ns_;
  row_ = row;
  const auto [state, is_new] = rows_.try_emplace(row);
  if (is_new) state->second.start_ns = run_start_ns_;
  next_of_thread_.assign(static_cast<size_t>(threads), 0);
  parts_.clear();
  Tell("run", "");
}

void IntervalFeed::HandOver(int thread, int64_t now_ns, const IntervalCounts& counts,
                            const Histogram& latency) {
  const std::lock_guard<std::mutex> lock(mutex_);
  // A thread that was busy for longer than an interval has skipped some: what it saw counts for the
  // last of these, which begins where the one before that was told ends.
  const int64_t next = (now_ns - run_start_ns_) / interval_ns_;
  AddPart(std::max<int64_t>(next - 1, 0), now_ns, counts, latency);
  next_of_thread_[static_cast<size_t>(thread)] = next;
  TellThrough(*std::min_element(next_of_thread_.begin(), next_of_thread_.end()) - 1);
}

void IntervalFeed::EndThread(int thread, int64_t now_ns, const IntervalCounts& counts,
                             const Histogram& latency) {
  const std::lock_guard<std::mutex> lock(mutex_);
  AddPart((now_ns - run_start_ns_) / interval_ns_, now_ns, counts, latency);
  next_of_thread_[static_cast<size_t>(thread)] = kEnded;
}

void IntervalFeed::AddPart(int64_t number, int64_t now_ns, const IntervalCounts& counts,
                           const Histogram& latency) {
  Part& part = parts_[number];
  part.end_ns = std::max(part.end_ns, now_ns);
  part.counts.Add(counts);
  part.latency.Merge(latency);
}

void IntervalFeed::EndRun() {
  const std::lock_guard<std::mutex> lock(mutex_);
  TellThrough(kEnded);
  for (IntervalListener* listener : listeners_) listener->OnRunEnd();
}

// Intervals up to number `last`, which every thread has left.
void IntervalFeed::TellThrough(int64_t last) {
  const RowState& state = rows_[row_];
  while (!parts_.empty() && parts_.begin()->first <= last) {
    Part& part = parts_.begin()->second;
    Interval interval;
    interval.row = row_;
    interval.start_ns = told_until_ns_ - state.start_ns;
    interval.end_ns = part.end_ns - state.start_ns;
    interval.violations = state.violations;
    interval.counts = part.counts;
    interval.latency = std::move(part.latency);
    told_until_ns_ = part.end_ns;
    parts_.erase(parts_.begin());
    for (IntervalListener* listener : listeners_) listener->OnInterval(interval);
  }
}

void IntervalFeed::Tell(const std::string& kind, const std::string& text) {
  const RowState& state = rows_[row_];
  const Mark mark = {row_, NowNs() - state.start_ns, kind, text, state.violations};
  for (IntervalListener* listener : listeners_) listener->OnMark(mark);
}

void IntervalFeed::NoteJudged(int64_t violations, const std::string& text) {
  const std::lock_guard<std::mutex> lock(mutex_);
  rows_[row_].violations = violations;
  Tell("judged", text);
}

void IntervalFeed::AddMark(const std::string& kind, const std::string& text) {
  const std::lock_guard<std::mutex> lock(mutex_);
  Tell(kind, text);
}

}  // namespace rcb
