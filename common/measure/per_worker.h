// What each worker notes for itself: one T a worker, each on cache lines of its own.

#ifndef RCB_COMMON_MEASURE_PER_WORKER_H_
#define RCB_COMMON_MEASURE_PER_WORKER_H_

#include <cstddef>
#include <vector>

namespace rcb {

// A worker uses its own T while operations run, without a lock; one thread reads them all after the
// run. The padding keeps workers of different threads from sharing a cache line.
template <typename T>
class PerWorker {
 public:
  // One default T for each of `workers` workers.
  explicit PerWorker(int workers) : slots_(static_cast<size_t>(workers)) {}

  // Of worker `index`, from 0.
  T& operator[](int index) { return slots_[static_cast<size_t>(index)].value; }
  const T& operator[](int index) const { return slots_[static_cast<size_t>(index)].value; }
  int size() const { return static_cast<int>(slots_.size()); }

  // Calls `visit` with each T, in the order of the workers.
  template <typename Visit>
  void ForEach(const Visit& visit) const {
    for (const Slot& slot : slots_) visit(slot.value);
  }

 private:
  struct alignas(64) Slot {
    T value{};
  };

  std::vector<Slot> slots_;
};

// All elements of all workers' lists.
template <typename T>
std::vector<T> Concatenate(const PerWorker<std::vector<T>>& lists) {
  std::vector<T> all;
  lists.ForEach(
      [&all](const std::vector<T>& own) { all.insert(all.end(), own.begin(), own.end()); });
  return all;
}

}  // namespace rcb

#endif  // RCB_COMMON_MEASURE_PER_WORKER_H_
