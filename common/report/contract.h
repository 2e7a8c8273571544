// What a row is for and what it promises, declared as data: rows carry it, scripts read it.

#ifndef RCB_COMMON_REPORT_CONTRACT_H_
#define RCB_COMMON_REPORT_CONTRACT_H_

#include <cstdint>
#include <string>
#include <vector>

namespace rcb {

// What a row is for.
enum class Role {
  kControl,      // it is wrong on purpose, and has to violate its contract
  kSafe,         // it must not violate its contract
  kMeasurement,  // it promises nothing
};

// One counter that a contract bounds: "computations_max <= 1".
struct Bound {
  enum class Relation { kAtMost, kEqual, kAtLeast };

  std::string counter;
  Relation relation = Relation::kAtMost;
  double limit = 0;

  bool Holds(double value) const {
    if (relation == Relation::kAtMost) return value <= limit;
    return relation == Relation::kEqual ? value == limit : value >= limit;
  }
};

// What the verdict on a contract is read from. What only the memory of one process shows cannot be
// judged for several load processes together.
enum class Evidence {
  kRecord,           // the record of operations, and the keys at the end
  kMemory,           // counts kept in the memory of this process where things happen
  kRecordAndMemory,  // either would do: each sees what the other may miss
};

struct Contract {
  std::string promise;             // one sentence for people
  std::vector<Bound> bounds = {};  // of counters of the row, besides `violations`
  Evidence evidence = Evidence::kRecord;
  // A control that violated nothing proves nothing unless so many of its operations overlapped.
  int64_t min_overlapping = 200;
};

// What came of a row.
enum class RowVerdict {
  kOk,           // nothing is wrong
  kBroken,       // a safe variant violated its contract
  kCaught,       // a control violated its contract, as it must
  kNotCaught,    // a control could have violated it, and did not: its detector is unproven
  kNotProvable,  // a control could not: too few of its operations overlapped
  kVoid,         // the server lost or may have lost data, so that nothing follows
  kOverloaded,   // more operations were offered than were done
  kError,        // something failed
};

// Such as "not provable here".
const char* ToText(RowVerdict verdict);
// "control", "safe" or "measurement".
const char* ToText(Role role);
// "computations_max <= 1".
std::string ToText(const Bound& bound);
// "record", "memory" or "record and memory".
const char* ToText(Evidence evidence);

}  // namespace rcb

#endif  // RCB_COMMON_REPORT_CONTRACT_H_
