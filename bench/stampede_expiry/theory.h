// What theory says of expiries, as intervals that a correct variant leaves in less than one run in
// 10,000.

#ifndef RCB_BENCH_STAMPEDE_EXPIRY_THEORY_H_
#define RCB_BENCH_STAMPEDE_EXPIRY_THEORY_H_

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace rcb::expiry {

struct Interval {
  double low = 0;
  double high = 0;
};

// The least k that a sum of `count` geometric numbers, each 0, 1, 2, ... with the mean `mean`, does
// not exceed with probability `p`.
inline int64_t GeometricSumQuantile(int64_t count, double mean, double p) {
  const double n = static_cast<double>(count);
  const double stop = 1 / (1 + mean);
  if (n * std::log(stop) < -600) {  // the first term would be zero; a sum of so many is normal
    const double z = p < 0.5 ? -3.9 : 3.9;
    return std::max<int64_t>(0,
                             static_cast<int64_t>(n * mean + z * std::sqrt(n * mean * (1 + mean))));
  }
  double term = std::pow(stop, n);
  double sum = term;
  int64_t k = 0;
  for (; sum < p && k < 1'000'000; ++k) {
    term *= (n + static_cast<double>(k)) / static_cast<double>(k + 1) * (1 - stop);
    sum += term;
  }
  return k;
}

// The mean number of computations per epoch under XFetch, over `epochs` of them. Readers that draw
// are a Poisson process whose rate grows exponentially towards the expiry. The first one starts a
// computation; until its value is stored, 1 / `beta` times the computation later or `stretch` times
// that, others start too: their number is geometric with the mean e^(stretch/beta) - 1. A tenth of
// the exponent either way is left to what the theory idealises. Vattani et al., PVLDB 8(8), 2015.
inline Interval XfetchComputations(double beta, double stretch, int64_t epochs) {
  constexpr double kTail = 5e-5;
  const auto n = static_cast<double>(epochs);
  const int64_t low = GeometricSumQuantile(epochs, std::exp(0.9 / beta) - 1, kTail);
  const int64_t high = GeometricSumQuantile(epochs, std::exp(1.1 * stretch / beta) - 1, 1 - kTail);
  return {1 + static_cast<double>(low) / n, 1 + static_cast<double>(high) / n};
}

// What is wrong with lifetimes that should be uniform in ttl_ms * (1 +- jitter_pct/100); empty
// where nothing is. Fewer than 50 show too little.
inline std::string JudgeLifetimes(const std::vector<int64_t>& lifetimes_ms, int64_t ttl_ms,
                                  int64_t jitter_pct) {
  constexpr double kSigmas = 4.5;
  constexpr double kSigmasOfSpread = 6;  // the estimate of a variance is skewed
  const auto ttl = static_cast<double>(ttl_ms);
  const double reach = ttl * static_cast<double>(jitter_pct) / 100;
  double sum = 0;
  double sum_of_squares = 0;
  for (const int64_t lifetime_ms : lifetimes_ms) {
    const double off = static_cast<double>(lifetime_ms) - ttl;
    if (std::abs(off) > reach + 1) {
      return absl::StrCat("a lifetime of ", lifetime_ms, " ms is not within ", reach, " ms of ",
                          ttl_ms, " ms");
    }
    sum += off;
    sum_of_squares += off * off;
  }
  const auto n = static_cast<double>(lifetimes_ms.size());
  if (jitter_pct == 0 || n < 50) return "";
  const double variance = reach * reach / 3;
  const bool is_centred = std::abs(sum / n) < 1 + kSigmas * std::sqrt(variance / n);
  const bool is_spread =
      std::abs(sum_of_squares / n / variance - 1) < kSigmasOfSpread * std::sqrt(0.8 / n);
  if (is_centred && is_spread) return "";
  return absl::StrCat("lifetimes are not spread evenly by ", jitter_pct, " %: their mean is ",
                      sum / n, " ms off, and their standard deviation ",
                      std::sqrt(sum_of_squares / n), " ms instead of ", std::sqrt(variance), " ms");
}

}  // namespace rcb::expiry

#endif  // RCB_BENCH_STAMPEDE_EXPIRY_THEORY_H_
