// Drawing ranks by their popularity, exactly: the most popular is rank 0.

#ifndef RCB_COMMON_WORKLOAD_ZIPF_H_
#define RCB_COMMON_WORKLOAD_ZIPF_H_

#include <cstdint>
#include <vector>

#include "absl/random/random.h"

namespace rcb {

// Probability of each of `ranks` ranks under Zipf's law: that of rank i is proportional to
// (i + 1)^-exponent. Any exponent of at least 0; 0 is uniform.
std::vector<double> ZipfProbabilities(double exponent, uint64_t ranks);

// The sum of i^-exponent for i from 1 to `ranks`, also where there are billions.
double Zeta(double exponent, uint64_t ranks);

// Draws from a list of probabilities with one random number and one look into a table of eight
// bytes for each. Walker's alias method, with Vose's way to build the table: IEEE Transactions on
// Software Engineering 17(9), 1991. Immutable: any thread may draw, with a generator of its own.
class AliasTable {
 public:
  // `probabilities` sum to about 1, and are fewer than 2^32.
  explicit AliasTable(const std::vector<double>& probabilities);

  // A draw that is not looked up yet: the row, and a number that is uniform within it.
  struct Draw {
    uint64_t row = 0;
    uint32_t within = 0;
  };

  // Begins a draw, and has its row fetched into the cache: a large table is seldom there.
  Draw Begin(absl::InsecureBitGen& random) const {
    // The high half of the product is uniform over the rows, and the low half within the row.
    __extension__ using Wide = unsigned __int128;
    const Wide product = static_cast<Wide>(random()) * rows_.size();
    const auto row = static_cast<uint64_t>(product >> 64);
    __builtin_prefetch(&rows_[row]);
    return {row, static_cast<uint32_t>(static_cast<uint64_t>(product) >> 32)};
  }
  uint64_t End(const Draw& draw) const {
    const Row row = rows_[draw.row];
    return draw.within < row.own ? draw.row : row.alias;
  }

 private:
  struct Row {
    uint32_t own;    // so many of 2^32 draws of this row are for itself, and the rest
    uint32_t alias;  // for this one
  };
  std::vector<Row> rows_;
};

// Draws Zipf ranks without a table, however many there are. Rejection-inversion: Hoermann,
// Derflinger, ACM TOMACS 6(3), 1996. Immutable, as above.
class ZipfByRejection {
 public:
  ZipfByRejection(double exponent, uint64_t ranks);

  uint64_t Next(absl::InsecureBitGen& random) const;

 private:
  double Density(double x) const;          // x^-exponent,
  double Integral(double x) const;         // its integral from 1,
  double InverseIntegral(double y) const;  // and the inverse of that

  double exponent_;
  double ranks_;
  double lowest_ = 0;   // the integral where rank 0 begins
  double highest_ = 0;  // and where the last one ends
  double shortcut_ = 0;
};

}  // namespace rcb

#endif  // RCB_COMMON_WORKLOAD_ZIPF_H_
