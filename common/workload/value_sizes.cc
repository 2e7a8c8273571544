#include "common/workload/value_sizes.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace rcb {
namespace {

constexpr double kMaxSigma = 3;

bool ParseBytes(absl::string_view text, int64_t* bytes) {
  int64_t parsed = 0;
  if (!absl::SimpleAtoi(text, &parsed) || parsed < 1 || parsed > ValueSizes::kMax) return false;
  *bytes = parsed;
  return true;
}

// The `index`-th of the random bits that belong to `number`: splitmix64 (Steele, Lea, Flood,
// OOPSLA 2014).
uint64_t BitsOf(uint64_t number, uint64_t index) {
  uint64_t bits = (2 * number + index + 1) * 0x9E3779B97F4A7C15;
  bits = (bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9;
  bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EB;
  return bits ^ (bits >> 31);
}

// The same as a number from (0, 1).
double UniformOf(uint64_t number, uint64_t index) {
  constexpr double kStep = 1.0 / 9007199254740992.0;  // 2^-53
  return (static_cast<double>(BitsOf(number, index) >> 11) + 0.5) * kStep;
}

}  // namespace

ValueSizes ValueSizes::Constant(int64_t bytes) {
  ValueSizes sizes;
  sizes.kind_ = Kind::kConstant;
  sizes.low_ = bytes;
  return sizes;
}

std::optional<ValueSizes> ValueSizes::Parse(absl::string_view text) {
  ValueSizes sizes;
  if (absl::ConsumePrefix(&text, "uniform:")) {
    const std::vector<absl::string_view> ends = absl::StrSplit(text, '-');
    sizes.kind_ = Kind::kUniform;
    const bool is_range = ends.size() == 2 && ParseBytes(ends[0], &sizes.low_) &&
                          ParseBytes(ends[1], &sizes.high_) && sizes.low_ <= sizes.high_;
    return is_range ? std::optional<ValueSizes>(sizes) : std::nullopt;
  }
  if (absl::ConsumePrefix(&text, "lognormal:")) {
    const std::vector<absl::string_view> parts = absl::StrSplit(text, ':');
    sizes.kind_ = Kind::kLogNormal;
    const bool is_whole = parts.size() == 2 && ParseBytes(parts[0], &sizes.low_) &&
                          absl::SimpleAtod(parts[1], &sizes.sigma_) && sizes.sigma_ >= 0 &&
                          sizes.sigma_ <= kMaxSigma;
    return is_whole ? std::optional<ValueSizes>(sizes) : std::nullopt;
  }
  sizes.kind_ = Kind::kConstant;
  return ParseBytes(text, &sizes.low_) ? std::optional<ValueSizes>(sizes) : std::nullopt;
}

std::string ValueSizes::ToText() const {
  if (kind_ == Kind::kUniform) return absl::StrCat("uniform:", low_, "-", high_);
  if (kind_ == Kind::kLogNormal) return absl::StrCat("lognormal:", low_, ":", sigma_);
  return absl::StrCat(low_);
}

int64_t ValueSizes::Of(uint64_t number) const {
  if (kind_ == Kind::kUniform) {
    const auto width = static_cast<uint64_t>(high_ - low_ + 1);
    return low_ + static_cast<int64_t>(BitsOf(number, 0) % width);
  }
  if (kind_ == Kind::kLogNormal) {
    // Box and Muller.
    const double radius = std::sqrt(-2 * std::log(UniformOf(number, 0)));
    const double normal = radius * std::cos(2 * std::numbers::pi * UniformOf(number, 1));
    const double bytes = std::round(static_cast<double>(low_) * std::exp(sigma_ * normal));
    return static_cast<int64_t>(std::clamp(bytes, 1.0, static_cast<double>(kMax)));
  }
  return low_;
}

}  // namespace rcb
