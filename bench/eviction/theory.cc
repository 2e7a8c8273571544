#include "bench/eviction/theory.h"

#include <algorithm>
#include <cmath>
#include <functional>

namespace rcb::eviction {
namespace {

constexpr double kClassWidth = 0.99;  // of popularities that are taken together

double LruHolds(double probability, double window) { return -std::expm1(-probability * window); }

double RandomHolds(double probability, double window) {
  return probability * window / (1 + probability * window);
}

}  // namespace

Popularity::Popularity(std::vector<double> probabilities)
    : keys_(static_cast<double>(probabilities.size())) {
  std::sort(probabilities.begin(), probabilities.end(), std::greater<>());
  double first = 0;
  for (const double probability : probabilities) {
    const bool is_new = classes_.empty() || probability < kClassWidth * first;
    if (is_new) {
      classes_.emplace_back();
      first = probability;
    }
    Class& last = classes_.back();
    last.probability += (probability - last.probability) / (last.keys + 1);  // the mean
    ++last.keys;
  }
}

template <typename Value>
double Popularity::Sum(const Value& value) const {
  double sum = 0;
  for (const Class& each : classes_) sum += each.keys * value(each.probability);
  return sum;
}

template <typename Holds>
double Popularity::Solve(double held, const Holds& holds) const {
  const auto held_in = [&](double window) {
    return Sum([&](double probability) { return holds(probability, window); });
  };
  double low = 0;
  double high = 1;
  constexpr double kForever = 1e18;
  while (high < kForever && held_in(high) < held) high *= 2;
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2;
    (held_in(middle) < held ? low : high) = middle;
  }
  return high;
}

double Popularity::LruWindow(double held) const { return Solve(held, LruHolds); }

double Popularity::RandomWindow(double held) const { return Solve(held, RandomHolds); }

double Popularity::Lru(double held) const {
  if (held >= keys_) return 1;
  const double window = LruWindow(held);
  return Sum([window](double p) { return p * LruHolds(p, window); });
}

double Popularity::Random(double held) const {
  if (held >= keys_) return 1;
  const double window = RandomWindow(held);
  return Sum([window](double p) { return p * RandomHolds(p, window); });
}

double Popularity::Bound(double held) const {
  double sum = 0;
  for (const Class& each : classes_) {
    sum += each.probability * std::min(each.keys, held);
    held -= each.keys;
    if (held <= 0) break;
  }
  return std::min(sum, 1.0);
}

double Tolerance(double tolerance, double hit_ratio, int64_t operations) {
  constexpr double kSigmas = 3.9;
  constexpr double kOfTheory = 0.6;  // what theory idealises
  const double sigma = std::sqrt(std::max(hit_ratio * (1 - hit_ratio), 1e-4) /
                                 static_cast<double>(std::max<int64_t>(operations, 1)));
  return std::max(tolerance, kOfTheory * tolerance + kSigmas * sigma);
}

}  // namespace rcb::eviction
