// The first half of CheckListAppend: what the lists of a history show by themselves, before any
// graph. Of use to list_append_check.cc only.

#ifndef RCB_COMMON_CHECK_LIST_APPEND_SCAN_H_
#define RCB_COMMON_CHECK_LIST_APPEND_SCAN_H_

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "common/check/list_append_check.h"
#include "common/check/list_append_history.h"

namespace rcb::list_append {

inline constexpr int32_t kNone = -1;

struct Write {
  int64_t key = 0;
  int64_t value = 0;
  size_t op = 0;
  int32_t transaction = 0;
  int32_t place = kNone;  // in the longest read of the key, counting writes that may be there only
  bool is_last = false;   // of its transaction to this key
};

struct Read {
  int64_t key = 0;
  size_t op = 0;
  int32_t transaction = 0;
  int32_t external_size = kNone;  // without the values at its end that are its transaction's own
  // The places that it shows, without those of its own transaction and with them; kNone if the read
  // is a violation, from which nothing should be concluded.
  int32_t version = kNone;
  int32_t seen = kNone;
};

// The writes of all transactions to one key and the reads of the acknowledged ones, each by
// transaction and step.
struct KeyGroup {
  absl::Span<Write> writes;
  absl::Span<Read> reads;
};

// Counts violations, and keeps the words of the one that came to light first.
class Findings {
 public:
  // `at_ns`: when the violation came to light.
  void Note(ListAnomaly anomaly, int64_t at_ns, const std::string& text);

  ListVerdict& verdict() { return verdict_; }

 private:
  int64_t first_ns_ = std::numeric_limits<int64_t>::max();
  ListVerdict verdict_;
};

// Groups point into writes and reads: can be moved, not copied.
struct Scan {
  std::vector<Write> writes;
  std::vector<Read> reads;
  std::vector<KeyGroup> groups;
  // By transaction.
  std::vector<bool> took_effect;      // acknowledged, or unknown and some read shows it
  std::vector<bool> has_lost_append;  // a lost append was its
  std::vector<bool> has_lost_update;  // it was one of those that updated the same state

  Scan() = default;
  Scan(Scan&&) = default;
  Scan& operator=(Scan&&) = default;
};

// Finds the anomalies up to kLostUpdate. Aborts as CheckListAppend does. O(n log n).
Scan ScanLists(const ListHistory& history, Findings* findings);

}  // namespace rcb::list_append

#endif  // RCB_COMMON_CHECK_LIST_APPEND_SCAN_H_
