// Takes records of many keys apart, so that each key is judged by itself.

#ifndef RCB_BENCH_MIXED_BY_KEY_H_
#define RCB_BENCH_MIXED_BY_KEY_H_

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "absl/types/span.h"
#include "bench/mixed/store.h"

namespace rcb::mixed {

// Records that have a `key`, those of each key together, in the order in which they were.
template <typename T>
class ByKey {
 public:
  explicit ByKey(std::vector<T> records) : records_(std::move(records)) {
    std::stable_sort(records_.begin(), records_.end(),
                     [](const T& a, const T& b) { return a.key < b.key; });
  }

  // Those of `key`.
  absl::Span<const T> Of(Key key) const {
    const auto begin = std::lower_bound(records_.begin(), records_.end(), key,
                                        [](const T& a, Key b) { return a.key < b; });
    auto end =
        std::upper_bound(begin, records_.end(), key, [](Key a, const T& b) { return a < b.key; });
    return {records_.data() + (begin - records_.begin()), static_cast<size_t>(end - begin)};
  }

  // Calls `visit` with the records of each key that has some.
  template <typename Visit>
  void ForEach(const Visit& visit) const {
    for (size_t begin = 0; begin < records_.size();) {
      size_t end = begin + 1;
      while (end < records_.size() && records_[end].key == records_[begin].key) ++end;
      visit(absl::Span<const T>(records_).subspan(begin, end - begin));
      begin = end;
    }
  }

 private:
  std::vector<T> records_;
};

}  // namespace rcb::mixed

#endif  // RCB_BENCH_MIXED_BY_KEY_H_
