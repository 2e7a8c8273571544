// What an operation notes for its checker beyond the one number that it yields.

#ifndef RCB_COMMON_HARNESS_NOTES_H_
#define RCB_COMMON_HARNESS_NOTES_H_

#include <cstddef>
#include <vector>

#include "common/check/history.h"
#include "common/harness/worker.h"
#include "common/measure/per_worker.h"

namespace rcb {

// One T for each operation of each worker. What is noted before the first command is there for the
// checker also where the outcome of the operation is unknown. A worker's notes are its own while
// operations run; Of is for one thread afterwards.
template <typename T>
class Notes {
 public:
  explicit Notes(int workers) : notes_(workers) {}

  // The note of the operation that `worker` is on, a default T until it is written.
  T& For(const Worker& worker) {
    std::vector<T>& own = notes_[worker.index];
    const auto place = static_cast<size_t>(worker.operation);
    if (own.size() <= place) own.resize(place + 1);
    return own[place];
  }

  // The note of a recorded operation; a default T where it ended before it noted anything.
  T Of(const OpRecord& record) const {
    const std::vector<T>& own = notes_[record.worker];
    const auto place = static_cast<size_t>(record.operation);
    return place < own.size() ? own[place] : T();
  }

 private:
  PerWorker<std::vector<T>> notes_;
};

}  // namespace rcb

#endif  // RCB_COMMON_HARNESS_NOTES_H_
