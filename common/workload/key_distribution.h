// How popular the keys of a workload are: what --key_distribution stands for.

#ifndef RCB_COMMON_WORKLOAD_KEY_DISTRIBUTION_H_
#define RCB_COMMON_WORKLOAD_KEY_DISTRIBUTION_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace rcb {

struct KeyDistribution {
  enum class Kind {
    kUniform,        // all keys are as popular
    kZipf,           // key i is drawn in proportion to (i + 1)^-exponent
    kYcsbScrambled,  // as YCSB draws: see ycsb.h
    kLatest,         // Zipf over how new a key is; the newest is the last one at first
    kHotspot,        // so many operations go to so many keys, and each is uniform
    kTwoStep,        // four of five operations go to the first fifth of the keys
    kMoving,         // a hotspot that moves on by its own width, again and again
  };

  Kind kind = Kind::kUniform;
  double exponent = 0;              // kZipf, kLatest
  double hot_operations_pct = 0;    // kHotspot, kTwoStep, kMoving: of operations,
  double hot_keys_pct = 0;          // and of keys
  int64_t operations_per_move = 0;  // kMoving, of one chooser

  static KeyDistribution Zipf(double exponent) {
    KeyDistribution distribution;
    distribution.kind = Kind::kZipf;
    distribution.exponent = exponent;
    return distribution;
  }

  // What it may be, for messages and --help.
  static constexpr char kTakes[] =
      "uniform, zipf:EXPONENT, ycsb_scrambled, latest[:EXPONENT], two_step, "
      "hotspot:PERCENT_OF_OPERATIONS:PERCENT_OF_KEYS or moving:THE_SAME_TWO:OPERATIONS_PER_MOVE";
  // None where `text` is none of that.
  static std::optional<KeyDistribution> Parse(absl::string_view text);
  // The text that Parse makes this of.
  std::string ToText() const;

  // How many of `keys` are hot, at least one.
  uint64_t HotKeys(uint64_t keys) const;
};

// The probability of each of `keys` keys, as long as nothing moves.
std::vector<double> ProbabilitiesOf(const KeyDistribution& distribution, uint64_t keys);

}  // namespace rcb

#endif  // RCB_COMMON_WORKLOAD_KEY_DISTRIBUTION_H_
