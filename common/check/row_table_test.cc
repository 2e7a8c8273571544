#include "common/check/row_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <map>
#include <random>
#include <vector>

namespace rcb {
namespace {

TEST(RowTableTest, EqualRowsGetOneNumberInTheOrderOfTheirFirst) {
  std::mt19937_64 random(1);
  for (size_t words : {1U, 2U, 5U}) {
    RowTable table(words);
    std::map<std::vector<uint64_t>, int32_t> expected;
    for (int i = 0; i < 20'000; ++i) {
      std::vector<uint64_t> row(words);
      for (uint64_t& word : row) word = random() % 9;
      const auto next = static_cast<int32_t>(expected.size());
      const int32_t number = expected.try_emplace(row, next).first->second;
      ASSERT_EQ(table.Add(row.data()), number);
    }
    ASSERT_EQ(table.size(), expected.size());
    for (const auto& [row, number] : expected) {
      const uint64_t* stored = table.Row(static_cast<size_t>(number));
      EXPECT_EQ(std::vector<uint64_t>(stored, stored + words), row);
    }
  }
}

TEST(RowTableTest, AClearedTableBeginsAtZero) {
  RowTable table(1);
  for (uint64_t row = 0; row < 100; ++row) table.Add(&row);
  table.Clear();
  EXPECT_EQ(table.size(), 0U);
  const uint64_t row = 99;
  EXPECT_EQ(table.Add(&row), 0);
}

TEST(CountsTableTest, EqualArraysGetOneNumberHoweverTheyWereMade) {
  for (size_t length : {1U, 2U, 3U, 8U, 13U}) {
    std::mt19937_64 random(length);
    CountsTable table(length);
    std::map<std::vector<int64_t>, int32_t> numbers = {
        {std::vector<int64_t>(length), CountsTable::kZeros}};
    for (int way = 0; way < 200; ++way) {
      std::vector<int64_t> counts(length);
      int32_t number = CountsTable::kZeros;
      for (int step = 0; step < 12; ++step) {
        const size_t index = random() % length;
        ++counts[index];
        number = table.WithOneMore(number, index);
        ASSERT_EQ(numbers.try_emplace(counts, number).first->second, number);
        for (size_t i = 0; i < length; ++i) ASSERT_EQ(table.At(number, i), counts[i]);
      }
    }
    int64_t steps = 0;
    for (const auto& [a, number] : numbers) {
      for (int way = 0; way < 5; ++way) {
        const auto place = static_cast<std::ptrdiff_t>(random() % numbers.size());
        const auto& [b, other] = *std::next(numbers.begin(), place);
        const bool is_at_most = std::equal(a.begin(), a.end(), b.begin(), std::less_equal<>());
        ASSERT_EQ(table.IsAtMost(number, other, &steps), is_at_most);
      }
    }
    EXPECT_GT(steps, 0);
    std::map<int32_t, int> arrays;
    for (const auto& [counts, number] : numbers) EXPECT_EQ(++arrays[number], 1);
  }
}

}  // namespace
}  // namespace rcb
