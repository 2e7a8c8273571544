// What theory says of a cache that holds some of its keys, where each operation asks for a key
// drawn independently of all others.

#ifndef RCB_BENCH_EVICTION_THEORY_H_
#define RCB_BENCH_EVICTION_THEORY_H_

#include <cstdint>
#include <vector>

namespace rcb::eviction {

// How popular the keys of a workload are. Any thread: it is immutable.
class Popularity {
 public:
  // `probabilities` of the keys, in any order.
  explicit Popularity(std::vector<double> probabilities);

  // The hit ratio of a cache that holds `held` keys on the average,
  // - if it evicts the key that was used least recently: Che, Tung, Wang, IEEE JSAC 20(7), 2002;
  double Lru(double held) const;
  // - if it evicts any key, or the one that was filled first, which is the same: Gelenbe, IEEE
  //   Transactions on Computers C-22(6), 1973;
  double Random(double held) const;
  // - if it always holds the most popular ones, which nothing can exceed that does not know what
  //   comes next.
  double Bound(double held) const;

  // After how many operations without a use LRU evicts a key.
  double LruWindow(double held) const;
  // The operations T at which a cache with random eviction holds a key of popularity p with the
  // probability pT / (1 + pT).
  double RandomWindow(double held) const;

 private:
  // Neighbours in popularity, as if they were equally popular: there are far fewer classes than
  // keys, and what follows differs by less than 1e-4.
  struct Class {
    double probability = 0;
    double keys = 0;
  };
  // The sum of keys * value(probability).
  template <typename Value>
  double Sum(const Value& value) const;
  // Where `holds`, which grows, sums to `held` keys.
  template <typename Holds>
  double Solve(double held, const Holds& holds) const;

  std::vector<Class> classes_;  // the most popular first
  double keys_ = 0;
};

// How far a measured hit ratio may be from theory in `operations` of them: `tolerance`, of which
// some is left to chance in long runs, and more where there were few. A correct cache leaves that
// in less than one run in 10,000.
double Tolerance(double tolerance, double hit_ratio, int64_t operations);

}  // namespace rcb::eviction

#endif  // RCB_BENCH_EVICTION_THEORY_H_
