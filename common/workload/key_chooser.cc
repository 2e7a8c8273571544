#include "common/workload/key_chooser.h"

#include "absl/random/distributions.h"
#include "common/workload/ycsb.h"

namespace rcb {

using Kind = KeyDistribution::Kind;

KeyChooser::KeyChooser(const KeyDistribution& distribution, uint64_t keys)
    : distribution_(distribution), keys_(keys), hot_keys_(distribution.HotKeys(keys)) {
  if (distribution.kind != Kind::kZipf && distribution.kind != Kind::kLatest) return;
  if (keys <= kMaxTable) {
    table_ = std::make_shared<AliasTable>(ZipfProbabilities(distribution.exponent, keys));
  } else {
    rejection_ = std::make_shared<ZipfByRejection>(distribution.exponent, keys);
  }
}

uint64_t KeyChooser::DrawRank(absl::InsecureBitGen& random) {
  if (table_ == nullptr) return rejection_->Next(random);
  while (begun_ < kAhead) ahead_[begun_++] = table_->Begin(random);
  AliasTable::Draw& oldest = ahead_[begun_++ % kAhead];
  const uint64_t rank = table_->End(oldest);
  oldest = table_->Begin(random);
  return rank;
}

uint64_t KeyChooser::DrawHot(absl::InsecureBitGen& random) const {
  const bool is_hot =
      hot_keys_ == keys_ || absl::Uniform(random, 0.0, 100.0) < distribution_.hot_operations_pct;
  return is_hot ? absl::Uniform<uint64_t>(random, 0, hot_keys_)
                : absl::Uniform<uint64_t>(random, hot_keys_, keys_);
}

uint64_t KeyChooser::Draw(absl::InsecureBitGen& random) {
  switch (distribution_.kind) {
    case Kind::kUniform:
      return absl::Uniform<uint64_t>(random, 0, keys_);
    case Kind::kZipf:
      return DrawRank(random);
    case Kind::kLatest:
      return keys_ - 1 - DrawRank(random);
    case Kind::kYcsbScrambled:
      return ycsb::KeyOf(absl::Uniform(random, 0.0, 1.0), keys_);
    case Kind::kHotspot:
    case Kind::kTwoStep:
    case Kind::kMoving:
      break;
  }
  return DrawHot(random);
}

}  // namespace rcb
