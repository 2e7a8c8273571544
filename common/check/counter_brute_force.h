// Linearizability of counters by definition, for tests: is there an order of all acknowledged
// operations, and of some of the unknown increments, that the counter and real time allow?

#ifndef RCB_COMMON_CHECK_COUNTER_BRUTE_FORCE_H_
#define RCB_COMMON_CHECK_COUNTER_BRUTE_FORCE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "common/check/counter_check.h"
#include "common/check/random_test_history.h"

namespace rcb {

// Tries every order, of some twenty operations at most. The last `blind` ones are increments that
// returned nothing.
class CounterOrders {
 public:
  CounterOrders(std::vector<CounterOp> ops, size_t blind, std::optional<int64_t> final_value)
      : ops_(std::move(ops)),
        blind_from_(ops_.size() - blind),
        final_value_(final_value),
        seen_(size_t{1} << ops_.size()) {}

  // Whether one of them leads from `initial` to the end.
  bool HasOne(int64_t initial) { return CanFinish(0, initial); }

 private:
  bool CanFinish(size_t done, int64_t counter) {
    if (seen_[done]) return false;
    seen_[done] = true;
    bool all_acknowledged = true;
    for (size_t i = 0; i < ops_.size(); ++i) {
      if ((done >> i & 1) != 0) continue;
      const bool acknowledged = ops_[i].outcome == Outcome::kOk;
      all_acknowledged = all_acknowledged && !acknowledged;
      const int64_t after = ops_[i].is_read ? counter : counter + 1;
      if (acknowledged && i < blind_from_ && ops_[i].value != after) continue;
      if (MayComeNext(ops_, i, done) && CanFinish(done | size_t{1} << i, after)) return true;
    }
    return all_acknowledged && (!final_value_ || counter == *final_value_);
  }

  const std::vector<CounterOp> ops_;
  const size_t blind_from_;
  const std::optional<int64_t> final_value_;
  std::vector<bool> seen_;  // by set of operations done; the counter's value follows from the set
};

}  // namespace rcb

#endif  // RCB_COMMON_CHECK_COUNTER_BRUTE_FORCE_H_
