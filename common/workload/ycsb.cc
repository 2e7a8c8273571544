#include "common/workload/ycsb.h"

#include <cmath>
#include <cstddef>

namespace rcb::ycsb {
namespace {

constexpr double kTheta = 0.99;
constexpr double kZeta = 26.46902820178302;    // over the items, as YCSB has it
constexpr double kItems = 10'000'000'000 + 1;  // its bounds are both inclusive
constexpr uint64_t kHashedItems = 1'000'000;

// What the closed form is made of.
struct Constants {
  const double alpha = 1 / (1 - kTheta);
  const double second = std::pow(0.5, kTheta);     // the weight of item 1
  const double two = 1 + 1 / std::pow(2, kTheta);  // zeta of two items
  const double eta = (1 - std::pow(2 / kItems, 1 - kTheta)) / (1 - two / kZeta);
};
const Constants& Known() {
  static const Constants kConstants;
  return kConstants;
}

// The uniform number where `item` begins, the inverse of ItemOf.
double BeginOf(double item) {
  const Constants& known = Known();
  if (item < 2) return item / kZeta;
  const double begin = (std::pow(item / kItems, 1 / known.alpha) - 1) / known.eta + 1;
  return std::fmax(begin, (1 + known.second) / kZeta);
}

}  // namespace

uint64_t Hash(uint64_t value) {
  uint64_t hash = 0xCBF29CE484222325;
  for (int octet = 0; octet < 8; ++octet) {
    hash = (hash ^ (value & 0xff)) * 1099511628211;
    value >>= 8;
  }
  const bool is_negative = (hash >> 63) != 0;
  return is_negative ? ~hash + 1 : hash;
}

uint64_t ItemOf(double uniform) {
  const Constants& known = Known();
  const double weight = uniform * kZeta;
  if (weight < 1) return 0;
  if (weight < 1 + known.second) return 1;
  return static_cast<uint64_t>(kItems * std::pow(known.eta * uniform - known.eta + 1, known.alpha));
}

std::vector<double> Probabilities(uint64_t keys) {
  std::vector<double> probabilities(keys);
  double begin = 0;
  for (uint64_t item = 0; item < kHashedItems; ++item) {
    const double end = BeginOf(static_cast<double>(item + 1));
    probabilities[Hash(item) % keys] += end - begin;
    begin = end;
  }
  const double rest = (1 - begin) / static_cast<double>(keys);
  for (double& probability : probabilities) probability += rest;
  return probabilities;
}

}  // namespace rcb::ycsb
