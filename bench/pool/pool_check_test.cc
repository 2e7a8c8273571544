// The checkers of Pool against brute force on small random records, and on good records of a pool
// that were falsified.

#include "bench/pool/pool_check.h"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <random>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

namespace rcb::pool {
namespace {

using Records = std::vector<Exchange>;

// By definition: whoever was served while another of its thread waited that had asked earlier, or
// later.
int64_t BruteForce(const Records& exchanges, bool oldest_first) {
  int64_t count = 0;
  for (const Exchange& served : exchanges) {
    if (served.served_ns == 0) continue;
    const bool is_wrong = std::any_of(
        exchanges.begin(), exchanges.end(), [&served, oldest_first](const Exchange& other) {
          const bool waits =
              other.wanted_ns < served.served_ns && EndOfWait(other) > served.served_ns;
          const bool is_ahead = oldest_first ? other.wanted_ns < served.wanted_ns
                                             : other.wanted_ns > served.wanted_ns;
          return other.thread == served.thread && waits && is_ahead;
        });
    if (is_wrong) ++count;
  }
  return count;
}

// Any waits at all on two threads, with equal times among them.
Records AnyWaits(std::mt19937& random) {
  const auto draw = [&random](int max) {
    return std::uniform_int_distribution<int>(0, max)(random);
  };
  Records exchanges(static_cast<size_t>(1 + draw(7)));
  for (Exchange& exchange : exchanges) {
    exchange.thread = static_cast<int16_t>(draw(1));
    exchange.wanted_ns = 1 + draw(12);
    const int64_t end_ns = exchange.wanted_ns + draw(8);
    if (draw(4) > 0) exchange.served_ns = end_ns;
    exchange.done_ns = end_ns + (exchange.served_ns != 0 ? draw(3) : 0);
  }
  std::shuffle(exchanges.begin(), exchanges.end(), random);
  return exchanges;
}

// What a pool of two connections does for requests that come one at each tick, of which some give
// up.
Records PoolRecord(std::mt19937& random, bool oldest_first) {
  const auto draw = [&random](int max) {
    return std::uniform_int_distribution<int>(0, max)(random);
  };
  Records exchanges;
  std::deque<size_t> line;
  std::vector<int64_t> busy_until = {0, 0};
  for (int64_t now = 1; now < 400; ++now) {
    if (now < 200 && draw(2) > 0) {
      Exchange exchange;
      exchange.wanted_ns = 10 * now;
      exchange.nonce = now;
      line.push_back(exchanges.size());
      exchanges.push_back(exchange);
    }
    if (!line.empty() && draw(15) == 0) {
      exchanges[line.front()].done_ns = 10 * now + 1;
      exchanges[line.front()].ending = Ending::kGaveUp;
      line.pop_front();
    }
    for (int64_t& until : busy_until) {
      if (until > now || line.empty()) continue;
      const size_t next = oldest_first ? line.front() : line.back();
      oldest_first ? line.pop_front() : line.pop_back();
      exchanges[next].served_ns = 10 * now + 2 + (&until - busy_until.data());
      until = now + 1 + draw(4);
      exchanges[next].done_ns = 10 * until;
    }
  }
  return exchanges;
}

TEST(PoolCheckTest, AgreesWithBruteForceOnTheOrder) {
  std::mt19937 random(1);
  int wrong = 0;
  for (int i = 0; i < 20'000; ++i) {
    const Records exchanges = AnyWaits(random);
    const int64_t oldest_first = BruteForce(exchanges, /*oldest_first=*/true);
    const int64_t newest_first = BruteForce(exchanges, /*oldest_first=*/false);
    ASSERT_EQ(CheckOldestFirst(exchanges).count, oldest_first) << "record " << i;
    ASSERT_EQ(CheckNewestFirst(exchanges).count, newest_first) << "record " << i;
    wrong += oldest_first + newest_first > 0 ? 1 : 0;
  }
  EXPECT_GT(wrong, 2000);
  EXPECT_LT(wrong, 19'000);
}

TEST(PoolCheckTest, APoolKeepsItsOrderAndNoOther) {
  std::mt19937 random(2);
  for (const bool oldest_first : {true, false}) {
    const Records exchanges = PoolRecord(random, oldest_first);
    EXPECT_EQ(CheckOldestFirst(exchanges).none(), oldest_first);
    EXPECT_EQ(CheckNewestFirst(exchanges).none(), !oldest_first);
  }
}

// Of two that waited at the same time, the one is served in place of the other.
TEST(PoolCheckTest, EachSwapOfTwoThatWaitIsCaught) {
  std::mt19937 random(3);
  for (const bool oldest_first : {true, false}) {
    const Records good = PoolRecord(random, oldest_first);
    int swaps = 0;
    for (size_t i = 0; i < good.size(); ++i) {
      for (size_t k = 0; k < good.size(); ++k) {
        const Exchange& first = good[i];
        const Exchange& second = good[k];
        const bool both_wait = first.served_ns != 0 && second.served_ns != 0 &&
                               first.served_ns < second.served_ns &&
                               second.wanted_ns < first.served_ns;
        if (!both_wait) continue;
        Records bad = good;
        std::swap(bad[i].served_ns, bad[k].served_ns);
        const Violations found = oldest_first ? CheckOldestFirst(bad) : CheckNewestFirst(bad);
        EXPECT_FALSE(found.none()) << i << " with " << k;
        ++swaps;
      }
    }
    EXPECT_GT(swaps, 20);
  }
}

TEST(PoolCheckTest, EachWaitBeyondTheBoundIsCaught) {
  std::mt19937 random(4);
  const Records exchanges = PoolRecord(random, /*oldest_first=*/true);
  int64_t longest_ns = 0;
  for (const Exchange& exchange : exchanges) {
    longest_ns = std::max(longest_ns, EndOfWait(exchange) - exchange.wanted_ns);
  }
  EXPECT_TRUE(CheckWaits(exchanges, longest_ns).none());
  EXPECT_GT(CheckWaits(exchanges, longest_ns - 1).count, 0);
  Records starved = exchanges;
  starved[5].served_ns = 0;
  starved[5].done_ns = starved[5].wanted_ns + longest_ns + 1;
  EXPECT_EQ(CheckWaits(starved, longest_ns).count, 1) << "who gave up has waited too";
}

TEST(PoolCheckTest, EachFalseReplyIsCaught) {
  Records good(20);
  for (size_t i = 0; i < good.size(); ++i) {
    good[i].nonce = static_cast<int64_t>(i) + 1;
    good[i].key = static_cast<int32_t>(i % 3);
    good[i].ending = i % 7 == 6 ? Ending::kUnanswered : Ending::kAnswered;
    if (good[i].ending == Ending::kUnanswered) continue;
    good[i].got_nonce = good[i].nonce;
    good[i].got_key = good[i].key;
  }
  EXPECT_TRUE(CheckReplies(good).none());
  for (size_t i = 0; i < good.size(); ++i) {
    if (good[i].ending == Ending::kUnanswered) continue;
    Records other = good;
    other[i].got_nonce = 99;
    EXPECT_EQ(CheckReplies(other).count, 1) << "the reply to another request";
    other = good;
    other[i].got_key = -1;
    EXPECT_EQ(CheckReplies(other).count, 1) << "a reply without a key";
    other = good;
    other[i].got_key = other[i].key + 1;
    EXPECT_EQ(CheckReplies(other).first.substr(0, 7), "request") << "the value of another key";
  }
}

}  // namespace
}  // namespace rcb::pool
