// Decides whether transactions that appended to lists and read them could have happened one at a
// time, each between its invocation and its return: strict serializability, in O(n log n).
//
// Which order to try is no question, because a list shows the order of its appends: the longest
// read of a list is its history, and all others must be its beginnings. From it follows which
// transaction must come before which; real time adds more; where these form a cycle there is no
// order. See K. Kingsbury and P. Alvaro, "Elle: Inferring Isolation Anomalies from Experimental
// Observations", VLDB 2020. Elle promises to report nothing false; here the converse holds too,
// because appends that no read shows are ordered behind the longest read, and all lists were empty
// at first.

#ifndef RCB_COMMON_CHECK_LIST_APPEND_CHECK_H_
#define RCB_COMMON_CHECK_LIST_APPEND_CHECK_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "common/check/list_append_history.h"
#include "common/check/violations.h"

namespace rcb {

// What can be wrong, and what is counted of it. Those up to kLostUpdate are seen in the lists
// themselves. The others are cycles of dependencies, one for each set of transactions that depend
// on each other, and named after the first kind that fits. -realtime says that there is a serial
// order, but not one that agrees with real time. A kGSingle is not counted where a lost update
// among its transactions is, nor a kGSingleRealtime where a lost append is.
enum class ListAnomaly : uint8_t {
  kGarbage,            // values read that nobody appended
  kDuplicate,          // values that some list holds more than once
  kIncompatibleOrder,  // reads that are not a beginning of the longest read of their list
  kInternal,           // reads that contradict other steps of their own transaction; appends that
                       // show without, or before, the one before of their transaction
  kG1a,                // aborted read: values of failed transactions that were read
  kG1b,                // intermediate read: reads that end between two appends of a transaction
  kLostAppend,         // acknowledged appends that a read invoked after their return lacks
  kLostUpdate,         // appends to a list by transactions that had read the same state of it as
                       // another that appended to it
  kG0,                 // dirty write: ww only
  kG1c,                // circular information flow: ww and wr
  kGSingle,            // read skew: one rw
  kG2,                 // write skew: two or more rw
  kG0Realtime,
  kG1cRealtime,
  kGSingleRealtime,  // stale read
  kG2Realtime,
};
inline constexpr size_t kListAnomalies = 16;

// Its name in the literature, such as "G-single-realtime".
const char* ListAnomalyName(ListAnomaly anomaly);

// What the checker found.
struct ListVerdict {
  // They are the sum of all counts. There are none if and only if the history is strictly
  // serializable. The words are about the violation that came to light first, with the transactions
  // (T0 is transaction 0 of the history), the keys, and the values.
  Violations violations;
  std::array<int64_t, kListAnomalies> counts = {};  // by anomaly
  // What was checked: the transactions that took effect, and the dependencies between them. Those
  // of real time are reduced to what implies the rest.
  int64_t transactions = 0;
  int64_t edges = 0;

  int64_t count(ListAnomaly anomaly) const { return counts[static_cast<size_t>(anomaly)]; }
  bool is_strictly_serializable() const { return violations.none(); }
};

// Checks `history`, of lists that were empty before it. A transaction applies all of its appends or
// none; one of unknown outcome took effect if a read shows any of them. Aborts if a value is
// appended to the same list twice, be it by transactions that failed, and unless
// 0 <= invoke_ns <= return_ns < INT64_MAX (return_ns of acknowledged transactions only). Any
// thread.
ListVerdict CheckListAppend(const ListHistory& history);

}  // namespace rcb

#endif  // RCB_COMMON_CHECK_LIST_APPEND_CHECK_H_
