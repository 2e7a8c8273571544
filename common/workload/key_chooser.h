// Which key an operation is about.
//
//   const KeyChooser prototype(KeyDistribution::Zipf(0.99), /*keys=*/1'000'000);  // once a run
//   KeyChooser chooser = prototype;                       // one for each worker; they share tables
//   const uint64_t key = chooser.Next(*worker.random);    // from 0 to 999'999

#ifndef RCB_COMMON_WORKLOAD_KEY_CHOOSER_H_
#define RCB_COMMON_WORKLOAD_KEY_CHOOSER_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/random/random.h"
#include "common/workload/key_distribution.h"
#include "common/workload/zipf.h"

namespace rcb {

// A copy is cheap, and shares only what does not change: give each worker its own. What it draws
// follows from its generator alone.
class KeyChooser {
 public:
  // Draws from keys 0 to keys - 1. Up to kMaxTable keys take a table of eight bytes each, which is
  // made here.
  KeyChooser(const KeyDistribution& distribution, uint64_t keys);

  static constexpr uint64_t kMaxTable = uint64_t{1} << 22;

  // The key of the next operation.
  uint64_t Next(absl::InsecureBitGen& random) {
    const uint64_t key = Draw(random) + offset_;
    if (distribution_.kind == KeyDistribution::Kind::kMoving &&
        ++draws_ % distribution_.operations_per_move == 0) {
      Rotate(hot_keys_);
    }
    return key < keys_ ? key : key - keys_;
  }

  // From now on, key i + `by` is as popular as key i was, round and round: so popularity shifts
  // suddenly, or, with `latest`, the newest key is one that was just inserted.
  void Rotate(uint64_t by) { offset_ = (offset_ + by) % keys_; }

  uint64_t keys() const { return keys_; }
  const KeyDistribution& distribution() const { return distribution_; }

 private:
  uint64_t Draw(absl::InsecureBitGen& random);
  uint64_t DrawRank(absl::InsecureBitGen& random);
  uint64_t DrawHot(absl::InsecureBitGen& random) const;

  KeyDistribution distribution_;
  uint64_t keys_;
  uint64_t hot_keys_;
  uint64_t offset_ = 0;
  int64_t draws_ = 0;
  std::shared_ptr<const AliasTable> table_;  // of Zipf, where it fits
  // Draws that have begun, round and round, so that nobody waits for the memory of the table.
  static constexpr size_t kAhead = 8;
  std::array<AliasTable::Draw, kAhead> ahead_ = {};
  size_t begun_ = 0;
  std::shared_ptr<const ZipfByRejection> rejection_;  // where not
};

}  // namespace rcb

#endif  // RCB_COMMON_WORKLOAD_KEY_CHOOSER_H_
