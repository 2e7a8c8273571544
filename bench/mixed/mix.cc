#include "bench/mixed/mix.h"

#include <cmath>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"

namespace rcb::mixed {
namespace {

constexpr int64_t kMaxWeight = 1'000'000;

struct Preset {
  const char* name;
  Weights weights;  // get, set, incr, compute, transfer, invalidate, expire
};

constexpr Preset kPresets[] = {
    {"cache", {46, 8, 8, 28, 7, 2, 1}},
    {"counter", {10, 3, 75, 5, 5, 1, 1}},
    {"write_heavy", {20, 40, 10, 10, 10, 5, 5}},
    // Answers of a model, the counters of its use, and what users have paid. In thousandths.
    {"ai_api", {40, 20, 60, 850, 20, 2, 8}},
};

// "get:70,set:30": each class at most once, not all 0.
std::optional<Weights> ParseWeights(absl::string_view text) {
  Weights weights{};
  std::array<bool, kWeightedClasses> is_given{};
  int64_t sum = 0;
  for (absl::string_view part : absl::StrSplit(text, ',')) {
    const std::vector<absl::string_view> fields = absl::StrSplit(part, ':');
    size_t place = 0;
    while (place < weights.size() && fields[0] != kClassNames[place]) ++place;
    if (place == weights.size() || fields.size() != 2 || is_given[place]) return std::nullopt;
    int64_t& weight = weights[place];
    is_given[place] = true;
    if (!absl::SimpleAtoi(fields[1], &weight) || weight < 0 || weight > kMaxWeight) {
      return std::nullopt;
    }
    sum += weight;
  }
  if (sum == 0) return std::nullopt;
  return weights;
}

}  // namespace

// By the inverse of its distribution function.
double Durations::DrawMs(absl::InsecureBitGen& random) const {
  if (min_ms >= max_ms) return min_ms;
  const double uniform = absl::Uniform(random, 0.0, 1.0);
  const double share = 1 - std::pow(min_ms / max_ms, tail);
  return min_ms / std::pow(1 - uniform * share, 1 / tail);
}

std::optional<Mix> Mix::Parse(absl::string_view text) {
  Mix mix;
  mix.name = std::string(text);
  for (const Preset& preset : kPresets) {
    if (text != preset.name) continue;
    mix.weights = preset.weights;
    if (text == "ai_api") {
      mix.keys = 50;
      mix.distribution = KeyDistribution::Zipf(1.2);
      mix.computation = {/*min_ms=*/200, /*max_ms=*/2000};
      mix.grace_ms = 2500;  // so that even the longest computation ends within it
      mix.min_run_s = 5;
    }
    return mix;
  }
  const std::optional<Weights> weights = ParseWeights(text);
  if (!weights) return std::nullopt;
  mix.weights = *weights;
  return mix;
}

}  // namespace rcb::mixed
