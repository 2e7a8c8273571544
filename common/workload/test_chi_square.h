// For tests: whether draws follow the probabilities that they should.

#ifndef RCB_COMMON_WORKLOAD_TEST_CHI_SQUARE_H_
#define RCB_COMMON_WORKLOAD_TEST_CHI_SQUARE_H_

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace rcb {

// An excess above this comes by chance once in some 100,000 tests.
inline constexpr double kImprobable = 4.26;

// Pearson's chi-square of `draws` draws, as the standard deviations by which it exceeds its mean
// (Wilson and Hilferty). Keys that are drawn too seldom to tell are one class with the next ones.
template <typename Draw>
double ChiSquareExcess(const Draw& draw, const std::vector<double>& probabilities, int64_t draws) {
  constexpr double kMinExpected = 20;
  std::vector<int64_t> counts(probabilities.size());
  for (int64_t i = 0; i < draws; ++i) ++counts.at(draw());
  double sum = 0;
  double classes = 0;
  double expected = 0;
  double observed = 0;
  const auto close_class = [&] {
    if (expected == 0) return;
    sum += (observed - expected) * (observed - expected) / expected;
    ++classes;
    expected = 0;
    observed = 0;
  };
  for (size_t i = 0; i < probabilities.size(); ++i) {
    expected += probabilities[i] * static_cast<double>(draws);
    observed += static_cast<double>(counts[i]);
    if (expected >= kMinExpected) close_class();
  }
  close_class();
  const double freedom = classes - 1;
  if (freedom <= 0) return observed;
  const double spread = 2 / (9 * freedom);
  return (std::cbrt(sum / freedom) - (1 - spread)) / std::sqrt(spread);
}

}  // namespace rcb

#endif  // RCB_COMMON_WORKLOAD_TEST_CHI_SQUARE_H_
