#include "common/measure/per_worker.h"

#include <cstdint>
#include <numeric>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

using testing::ElementsAre;

TEST(PerWorker, StartsWithADefaultForEachWorker) {
  const PerWorker<int64_t> counts(3);
  EXPECT_EQ(counts.size(), 3);
  std::vector<int64_t> seen;
  counts.ForEach([&seen](int64_t count) { seen.push_back(count); });
  EXPECT_THAT(seen, ElementsAre(0, 0, 0));
}

TEST(PerWorker, KeepsWorkersOnCacheLinesOfTheirOwn) {
  const PerWorker<char> letters(5);
  for (int i = 1; i < letters.size(); ++i) {
    EXPECT_GE(&letters[i] - &letters[i - 1], 64);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(&letters[i]) % 64, 0U);
  }
}

TEST(PerWorker, LosesNothingThatThreadsNoteAtOnce) {
  constexpr int kWorkers = 4;
  constexpr int64_t kNotes = 100'000;
  PerWorker<int64_t> counts(kWorkers);
  std::vector<std::thread> threads;
  for (int worker = 0; worker < kWorkers; ++worker) {
    threads.emplace_back([&counts, worker] {
      for (int64_t i = 0; i < kNotes; ++i) ++counts[worker];
    });
  }
  for (std::thread& thread : threads) thread.join();
  int64_t sum = 0;
  counts.ForEach([&sum](int64_t count) { sum += count; });
  EXPECT_EQ(sum, kWorkers * kNotes);
}

TEST(PerWorker, ListsAreConcatenatedInTheOrderOfTheWorkers) {
  PerWorker<std::vector<int>> lists(3);
  lists[2] = {5};
  lists[0] = {1, 2};
  EXPECT_THAT(Concatenate(lists), ElementsAre(1, 2, 5));
}

}  // namespace
}  // namespace rcb
