// The first half of CheckListAppend: what the lists of a history show by themselves, before any
// graph. Only list_append_check.cc uses it.

#ifndef RCB_COMMON_CHECK_LIST_APPEND_SCAN_H_
#define RCB_COMMON_CHECK_LIST_APPEND_SCAN_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "common/check/list_append_check.h"
#include "common/check/list_append_history.h"
#include "common/check/violations.h"

namespace rcb::list_append {

inline constexpr int32_t kNone = -1;

struct Write {
  int64_t key = 0;
  int64_t value = 0;
  size_t op = 0;
  int32_t transaction = 0;
  // Its place in the longest read of the key, in which only writes count that may be there.
  int32_t place = kNone;
  bool is_last = false;  // its transaction wrote nothing to this key after it
};

struct Read {
  int64_t key = 0;
  size_t op = 0;
  int32_t transaction = 0;
  // How many values it shows before those at its end that are its transaction's own.
  int32_t external_size = kNone;
  // How many places it shows, without those of its own transaction and with them; kNone if the read
  // is a violation, from which nothing should be concluded.
  int32_t version = kNone;
  int32_t seen = kNone;
};

// The writes of all transactions to one key, and the reads of the acknowledged ones. Both are
// sorted by transaction and step.
struct KeyGroup {
  absl::Span<Write> writes;
  absl::Span<Read> reads;
};

// Counts violations, and keeps the words of the one that came to light first.
class Findings {
 public:
  // `at_ns` is when the violation came to light.
  void Note(ListAnomaly anomaly, int64_t at_ns, const std::string& text);

  // What was noted; nothing is said about what was checked.
  ListVerdict Verdict() const;

 private:
  struct Finding {
    ListAnomaly anomaly = ListAnomaly::kGarbage;
    std::string text;
  };

  std::array<int64_t, kListAnomalies> counts_ = {};
  EarliestFinding<Finding> first_;
};

// It can be moved but not copied, because the groups point into the writes and reads.
struct Scan {
  std::vector<Write> writes;
  std::vector<Read> reads;
  std::vector<KeyGroup> groups;
  // What is known of each transaction, by its number.
  std::vector<bool> took_effect;      // it was acknowledged, or some read shows it
  std::vector<bool> has_lost_append;  // one of its appends was lost
  std::vector<bool> has_lost_update;  // it updated the same state as another

  Scan() = default;
  Scan(Scan&&) = default;
  Scan& operator=(Scan&&) = default;
};

// Finds the anomalies up to kLostUpdate, in O(n log n). Aborts as CheckListAppend does.
Scan ScanLists(const ListHistory& history, Findings* findings);

}  // namespace rcb::list_append

#endif  // RCB_COMMON_CHECK_LIST_APPEND_SCAN_H_
