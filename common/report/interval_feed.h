// What goes on while a run goes on: interval by interval, put together from what each thread saw.

#ifndef RCB_COMMON_REPORT_INTERVAL_FEED_H_
#define RCB_COMMON_REPORT_INTERVAL_FEED_H_

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "common/measure/histogram.h"

namespace rcb {

// What happened in some time. `operations` are those that succeeded.
struct IntervalCounts {
  int64_t operations = 0;
  int64_t errors = 0;  // timeouts included
  int64_t computations = 0;

  void Add(const IntervalCounts& other);
};

// One interval of a row.
struct Interval {
  std::string row;       // the benchmark's name, as Google Benchmark prints it
  int64_t start_ns = 0;  // both since the row began
  int64_t end_ns = 0;
  std::optional<int64_t> violations;  // of the row so far; none until a run of it was judged
  IntervalCounts counts;
  Histogram latency;  // of operations that ended, whatever came of them
};

// An event: a round, an expiry, a fault.
struct Mark {
  std::string row;
  int64_t at_ns = 0;  // since the row began
  std::string kind;
  std::string text;                   // for people; may be empty
  std::optional<int64_t> violations;  // as of Interval
};

// Hears what a feed has put together, from any thread, but never two calls at once.
class IntervalListener {
 public:
  virtual ~IntervalListener() = default;
  virtual void OnInterval(const Interval& interval) { static_cast<void>(interval); }
  virtual void OnMark(const Mark& mark) { static_cast<void>(mark); }
  virtual void OnRunEnd() {}
};

// Threads hand over what they saw a few times a second, so that a lock costs nothing that counts;
// while operations run, each counts for itself. Any thread, but for BeginRun and EndRun, between
// which all threads of the run hand over.
class IntervalFeed {
 public:
  // A thread of a run that began at `origin_ns` hands over at `origin_ns` and so many ns, and again
  // and again.
  explicit IntervalFeed(int64_t interval_ns) : interval_ns_(interval_ns) {}

  // Before the first run. `listener` outlives the feed.
  void AddListener(IntervalListener* listener) { listeners_.push_back(listener); }
  bool has_listeners() const { return !listeners_.empty(); }
  int64_t interval_ns() const { return interval_ns_; }
  // When the run began (NowNs clock).
  int64_t origin_ns() const { return run_start_ns_; }

  // A run of `row` with so many threads begins. Each run of a row is marked by "run".
  void BeginRun(const std::string& row, int threads);
  // Thread `thread` of the run saw this since the last time, and it is `now_ns`.
  void HandOver(int thread, int64_t now_ns, const IntervalCounts& counts, const Histogram& latency);
  // The same, for the last time.
  void EndThread(int thread, int64_t now_ns, const IntervalCounts& counts,
                 const Histogram& latency);
  // All threads have ended: the rest of the run is told.
  void EndRun();
  // The run that ended last was judged: so many violations of its row are known, by `text`.
  void NoteJudged(int64_t violations, const std::string& text);
  // Something happened in the run.
  void AddMark(const std::string& kind, const std::string& text);

 private:
  // What some threads have handed over of an interval.
  struct Part {
    int64_t end_ns = 0;
    IntervalCounts counts;
    Histogram latency;
  };
  // Of a row, over all its runs.
  struct RowState {
    int64_t start_ns = 0;
    std::optional<int64_t> violations;
  };

  void AddPart(int64_t number, int64_t now_ns, const IntervalCounts& counts,
               const Histogram& latency);
  void TellThrough(int64_t last);
  void Tell(const std::string& kind, const std::string& text);

  const int64_t interval_ns_;
  std::vector<IntervalListener*> listeners_;
  std::mutex mutex_;  // guards all that follows
  std::map<std::string, RowState> rows_;
  std::string row_;
  int64_t run_start_ns_ = 0;
  int64_t told_until_ns_ = 0;            // of the run
  std::vector<int64_t> next_of_thread_;  // the interval that each thread is in
  std::map<int64_t, Part> parts_;        // by the interval's number in the run
};

}  // namespace rcb

#endif  // RCB_COMMON_REPORT_INTERVAL_FEED_H_
