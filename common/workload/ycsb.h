// The scrambled Zipf distribution of YCSB, to the bit: what its ScrambledZipfianGenerator draws.
// https://github.com/brianfrankcooper/YCSB
//
// It is no Zipf distribution over the keys: it draws one of 10^10 items by the closed form of Gray
// et al. (SIGMOD 1994), which is exact for the first two and approximate beyond, and hashes the
// item to a key. So the hottest key has 1/26.469 of the operations however many keys there are.

#ifndef RCB_COMMON_WORKLOAD_YCSB_H_
#define RCB_COMMON_WORKLOAD_YCSB_H_

#include <cstdint>
#include <vector>

namespace rcb::ycsb {

// FNV-1a over the eight octets of `value`, the lowest first, and then the absolute value of that as
// a signed number. Utils.fnvhash64
uint64_t Hash(uint64_t value);

// The item that YCSB draws for a uniform number from [0, 1), from 0. ZipfianGenerator.nextLong
uint64_t ItemOf(double uniform);

// The key that it stands for among `keys`.
inline uint64_t KeyOf(double uniform, uint64_t keys) { return Hash(ItemOf(uniform)) % keys; }

// The probability of each key: of the likeliest million items as they are hashed, and of the others
// as if they were spread evenly.
std::vector<double> Probabilities(uint64_t keys);

}  // namespace rcb::ycsb

#endif  // RCB_COMMON_WORKLOAD_YCSB_H_
