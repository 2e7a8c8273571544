#include "common/workload/zipf.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "absl/random/distributions.h"

namespace rcb {
namespace {

// Terms that Zeta adds one by one, before the rest is an integral.
constexpr uint64_t kSummed = 1'000'000;

// expm1(t)/t and log1p(t)/t, which are 1 at 0.
double ExpOver(double t) {
  constexpr double kSmall = 1e-8;
  return std::abs(t) > kSmall ? std::expm1(t) / t : 1 + t / 2;
}
double LogOver(double t) {
  constexpr double kSmall = 1e-8;
  return std::abs(t) > kSmall ? std::log1p(t) / t : 1 - t / 2;
}

// The integral of x^-exponent from 1 to `x`, also for the exponent 1.
double PowerIntegral(double exponent, double x) {
  const double log_x = std::log(x);
  return ExpOver((1 - exponent) * log_x) * log_x;
}

}  // namespace

double Zeta(double exponent, uint64_t ranks) {
  double sum = 0;
  for (uint64_t i = std::min(ranks, kSummed); i > 0; --i) {  // the smallest first
    sum += std::pow(static_cast<double>(i), -exponent);
  }
  if (ranks <= kSummed) return sum;
  // Euler and Maclaurin: the terms between two bounds are the integral and half of the ends.
  const auto from = static_cast<double>(kSummed);
  const auto to = static_cast<double>(ranks);
  return sum + PowerIntegral(exponent, to) - PowerIntegral(exponent, from) +
         (std::pow(to, -exponent) - std::pow(from, -exponent)) / 2;
}

std::vector<double> ZipfProbabilities(double exponent, uint64_t ranks) {
  std::vector<double> probabilities(ranks);
  double sum = 0;
  for (uint64_t i = ranks; i > 0; --i) {
    probabilities[i - 1] = std::pow(static_cast<double>(i), -exponent);
    sum += probabilities[i - 1];
  }
  for (double& probability : probabilities) probability /= sum;
  return probabilities;
}

AliasTable::AliasTable(const std::vector<double>& probabilities) : rows_(probabilities.size()) {
  constexpr double kWhole = 4294967296.0;  // 2^32
  const size_t count = probabilities.size();
  std::vector<double> shares(count);  // of a row, 1 is a whole one
  std::vector<uint32_t> small;
  std::vector<uint32_t> large;
  for (size_t i = 0; i < count; ++i) {
    shares[i] = probabilities[i] * static_cast<double>(count);
    (shares[i] < 1 ? small : large).push_back(static_cast<uint32_t>(i));
  }
  // Each small one gives the rest of its row to a large one.
  while (!small.empty() && !large.empty()) {
    const uint32_t giver = small.back();
    const uint32_t taker = large.back();
    small.pop_back();
    rows_[giver] = {static_cast<uint32_t>(shares[giver] * kWhole), taker};
    shares[taker] -= 1 - shares[giver];
    if (shares[taker] >= 1) continue;
    large.pop_back();
    small.push_back(taker);
  }
  // Only rounding is left: these have rows of their own.
  small.insert(small.end(), large.begin(), large.end());
  for (const uint32_t row : small) rows_[row] = {UINT32_MAX, row};
}

ZipfByRejection::ZipfByRejection(double exponent, uint64_t ranks)
    : exponent_(exponent), ranks_(static_cast<double>(ranks)) {
  lowest_ = Integral(1.5) - 1;
  highest_ = Integral(ranks_ + 0.5);
  shortcut_ = 2 - InverseIntegral(Integral(2.5) - Density(2));
}

double ZipfByRejection::Density(double x) const { return std::pow(x, -exponent_); }

double ZipfByRejection::Integral(double x) const { return PowerIntegral(exponent_, x); }

double ZipfByRejection::InverseIntegral(double y) const {
  const double t = std::max(y * (1 - exponent_), -1.0);  // rounding may lead below -1
  return std::exp(LogOver(t) * y);
}

uint64_t ZipfByRejection::Next(absl::InsecureBitGen& random) const {
  for (;;) {
    const double area = absl::Uniform(random, lowest_, highest_);
    const double x = InverseIntegral(area);
    const double rank = std::clamp(std::floor(x + 0.5), 1.0, ranks_);
    const bool is_below = rank - x <= shortcut_ || area >= Integral(rank + 0.5) - Density(rank);
    if (is_below) return static_cast<uint64_t>(rank) - 1;
  }
}

}  // namespace rcb
