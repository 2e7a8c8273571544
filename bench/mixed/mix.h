// The classes of operation of Mixed, and how often each is drawn: what --mix stands for.

#ifndef RCB_BENCH_MIXED_MIX_H_
#define RCB_BENCH_MIXED_MIX_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/random/distributions.h"
#include "absl/random/random.h"
#include "absl/strings/string_view.h"
#include "common/workload/key_distribution.h"

namespace rcb::mixed {

// Those that have weights come first. A get-or-compute that finds the value at once is a kHit, and
// some operations on the bank only look at its books.
enum Class : uint8_t {
  kGet,
  kSet,
  kIncr,
  kCompute,
  kTransfer,
  kInvalidate,
  kExpire,
  kHit,
  kSnapshot,
};
inline constexpr size_t kWeightedClasses = 7;
inline constexpr std::array<const char*, 9> kClassNames = {
    "get", "set", "incr", "compute", "transfer", "invalidate", "expire", "hit", "snapshot"};

// Of each class that has one; any scale.
using Weights = std::array<int64_t, kWeightedClasses>;

// How long a computation takes: always `min_ms`, or heavy-tailed between the two.
struct Durations {
  double min_ms = 5;
  double max_ms = 5;
  double tail = 1.1;  // the exponent of a bounded Pareto distribution

  double DrawMs(absl::InsecureBitGen& random) const;
};

// What runs: the weights, and what goes with them.
struct Mix {
  std::string name;  // as --mix has it
  Weights weights{};
  int64_t keys = 1000;
  KeyDistribution distribution = KeyDistribution::Zipf(0.99);
  Durations computation;
  int64_t grace_ms = 20;  // within which a value is gone that was told to expire
  double min_run_s = 0;   // see BenchmarkSpec::min_run_s

  // What it may be, for messages and --help.
  static constexpr char kTakes[] =
      "cache, counter, write_heavy, ai_api, or weights that are not all 0, such as get:70,set:30, "
      "of get, set, incr, compute, transfer, invalidate and expire";
  // None where `text` is none of that.
  static std::optional<Mix> Parse(absl::string_view text);
  static Mix Default() { return *Parse("cache"); }
};

// Draws classes by their weights. Any thread.
class ClassChooser {
 public:
  explicit ClassChooser(const Weights& weights) {
    int64_t sum = 0;
    for (size_t i = 0; i < weights.size(); ++i) sums_[i] = sum += weights[i];
  }

  Class Next(absl::InsecureBitGen& random) const {
    const auto drawn = absl::Uniform<int64_t>(random, 0, sums_.back());
    size_t place = 0;
    while (sums_[place] <= drawn) ++place;
    return static_cast<Class>(place);
  }

 private:
  Weights sums_{};
};

}  // namespace rcb::mixed

#endif  // RCB_BENCH_MIXED_MIX_H_
