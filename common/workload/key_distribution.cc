#include "common/workload/key_distribution.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/workload/ycsb.h"
#include "common/workload/zipf.h"

namespace rcb {
namespace {

using Kind = KeyDistribution::Kind;

constexpr double kMaxExponent = 10;
constexpr double kExponentOfLatest = 0.99;

bool ParseNumber(absl::string_view text, double min, double max, double* value) {
  double parsed = 0;
  if (!absl::SimpleAtod(text, &parsed) || !(parsed >= min) || !(parsed <= max)) return false;
  *value = parsed;
  return true;
}

bool ParseHot(absl::string_view operations, absl::string_view keys, KeyDistribution* parsed) {
  return ParseNumber(operations, 0, 100, &parsed->hot_operations_pct) &&
         ParseNumber(keys, 0, 100, &parsed->hot_keys_pct) && parsed->hot_keys_pct > 0;
}

// The parts of `text` are set where the result is true.
bool ParseParts(const std::vector<absl::string_view>& parts, KeyDistribution* parsed) {
  const absl::string_view name = parts[0];
  const size_t count = parts.size();
  if (name == "uniform") return count == 1;
  if (name == "ycsb_scrambled") {
    parsed->kind = Kind::kYcsbScrambled;
    return count == 1;
  }
  if (name == "two_step") {
    parsed->kind = Kind::kTwoStep;
    return count == 1 && ParseHot("80", "20", parsed);
  }
  if (name == "zipf") {
    parsed->kind = Kind::kZipf;
    return count == 2 && ParseNumber(parts[1], 0, kMaxExponent, &parsed->exponent);
  }
  if (name == "latest") {
    parsed->kind = Kind::kLatest;
    parsed->exponent = kExponentOfLatest;
    return count == 1 || (count == 2 && ParseNumber(parts[1], 0, kMaxExponent, &parsed->exponent));
  }
  if (name == "hotspot") {
    parsed->kind = Kind::kHotspot;
    return count == 3 && ParseHot(parts[1], parts[2], parsed);
  }
  parsed->kind = Kind::kMoving;
  return name == "moving" && count == 4 && ParseHot(parts[1], parts[2], parsed) &&
         absl::SimpleAtoi(parts[3], &parsed->operations_per_move) &&
         parsed->operations_per_move > 0;
}

std::vector<double> HotspotProbabilities(const KeyDistribution& distribution, uint64_t keys) {
  const uint64_t hot = distribution.HotKeys(keys);
  const auto cold = static_cast<double>(keys - hot);
  const double share = keys == hot ? 1 : distribution.hot_operations_pct / 100;
  std::vector<double> probabilities(keys, cold > 0 ? (1 - share) / cold : 0);
  std::fill_n(probabilities.begin(), hot, share / static_cast<double>(hot));
  return probabilities;
}

}  // namespace

std::optional<KeyDistribution> KeyDistribution::Parse(absl::string_view text) {
  KeyDistribution parsed;
  if (!ParseParts(absl::StrSplit(text, ':'), &parsed)) return std::nullopt;
  return parsed;
}

std::string KeyDistribution::ToText() const {
  const std::string hot = absl::StrCat(hot_operations_pct, ":", hot_keys_pct);
  switch (kind) {
    case Kind::kUniform:
      return "uniform";
    case Kind::kZipf:
      return absl::StrCat("zipf:", exponent);
    case Kind::kYcsbScrambled:
      return "ycsb_scrambled";
    case Kind::kLatest:
      return absl::StrCat("latest:", exponent);
    case Kind::kHotspot:
      return absl::StrCat("hotspot:", hot);
    case Kind::kTwoStep:
      return "two_step";
    case Kind::kMoving:
      break;
  }
  return absl::StrCat("moving:", hot, ":", operations_per_move);
}

uint64_t KeyDistribution::HotKeys(uint64_t keys) const {
  const double hot = std::floor(static_cast<double>(keys) * hot_keys_pct / 100);
  return std::clamp<uint64_t>(static_cast<uint64_t>(hot), 1, keys);
}

std::vector<double> ProbabilitiesOf(const KeyDistribution& distribution, uint64_t keys) {
  switch (distribution.kind) {
    case Kind::kUniform:
      return std::vector<double>(keys, 1 / static_cast<double>(keys));
    case Kind::kZipf:
      return ZipfProbabilities(distribution.exponent, keys);
    case Kind::kLatest: {
      std::vector<double> probabilities = ZipfProbabilities(distribution.exponent, keys);
      std::reverse(probabilities.begin(), probabilities.end());
      return probabilities;
    }
    case Kind::kYcsbScrambled:
      return ycsb::Probabilities(keys);
    case Kind::kHotspot:
    case Kind::kTwoStep:
    case Kind::kMoving:
      break;
  }
  return HotspotProbabilities(distribution, keys);
}

}  // namespace rcb
