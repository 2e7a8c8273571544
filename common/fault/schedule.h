// When which fault happens to what, as data that a seed or a text gives.

#ifndef RCB_COMMON_FAULT_SCHEDULE_H_
#define RCB_COMMON_FAULT_SCHEDULE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace rcb {

// One fault. What `kind` and `target` mean is known to whoever has the means: see FaultMeans.
struct Fault {
  std::string kind;       // what happens, such as "stall"
  std::string target;     // what it happens to, such as "server"
  int64_t start_ms = 0;   // from the beginning of the run
  int64_t length_ms = 0;  // until it is undone; 0: it happens at once, and nothing is to be undone

  bool operator==(const Fault& other) const = default;
};

// In the order of their starts. They may overlap.
using Schedule = std::vector<Fault>;

// A kind of fault that may be drawn.
struct FaultKind {
  std::string kind;
  std::string target;
  int64_t min_length_ms = 0;
  int64_t max_length_ms = 0;
  int64_t extra_ms = 0;  // that it takes besides to make it happen and to undo it
};

// What a schedule is drawn from.
struct ScheduleRange {
  std::vector<FaultKind> kinds;
  int64_t min_gap_ms = 0;  // before the first fault, and between the end of one and the next
  int64_t max_gap_ms = 0;
  int64_t duration_ms = 0;  // no fault ends later than this
};

// Draws faults one after the other until the time is over. Each kind comes once before any comes
// again, in an order that is drawn. The same seed gives the same schedule in every process, on
// every machine and with every standard library.
Schedule DrawSchedule(uint64_t seed, const ScheduleRange& range);

// "stall@server:500+200,cut@clients:900+0": kind, target, start and length in milliseconds.
std::string ToText(const Schedule& schedule);
// Reads what ToText writes, in any order; "" is no fault at all. kInvalidArgument: one line that
// names what can't be read. `kinds` are those that are known.
absl::StatusOr<Schedule> ParseSchedule(absl::string_view text, const std::vector<FaultKind>& kinds);

}  // namespace rcb

#endif  // RCB_COMMON_FAULT_SCHEDULE_H_
