// The check of versions on small histories, right ones and wrong ones, and against the definition
// taken by its words on random histories.

#include "common/check/version_check.h"

#include <algorithm>
#include <cstdint>
#include <random>
#include <vector>

#include "absl/random/distributions.h"
#include "absl/random/random.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

using testing::HasSubstr;

VersionedOp Write(int64_t invoke_ns, int64_t return_ns, int64_t version, uint16_t client = 0) {
  return {invoke_ns, return_ns, version, /*key=*/0, client, /*is_write=*/true};
}
VersionedOp Read(int64_t invoke_ns, int64_t return_ns, int64_t version, uint16_t client = 1) {
  return {invoke_ns, return_ns, version, /*key=*/0, client, /*is_write=*/false};
}
VersionReport Check(const std::vector<VersionedOp>& history) { return CheckVersions(history, 1); }

TEST(VersionCheck, AReadIsStaleSinceTheFirstNewerWriteReturned) {
  const VersionReport report =
      Check({Write(0, 10, 2), Write(20, 30, 3, 2), Read(35, 36, 1), Read(35, 36, 2, 3)});
  ASSERT_EQ(report.stale.size(), 2U);
  EXPECT_EQ(report.stale[0].stale_since_ns, 10);
  EXPECT_EQ(report.stale[0].newest, 3);
  EXPECT_EQ(report.stale[1].stale_since_ns, 30);
  EXPECT_EQ(report.reads, 2);
}

TEST(VersionCheck, WhenANewerWriteReturnsFirstItCounts) {
  const VersionReport report = Check({Write(0, 50, 2), Write(0, 20, 3, 2), Read(60, 61, 1)});
  ASSERT_EQ(report.stale.size(), 1U);
  EXPECT_EQ(report.stale[0].stale_since_ns, 20);
}

TEST(VersionCheck, AReadThatOverlapsTheWriteMayReturnEither) {
  for (const int64_t version : {1, 2}) {
    const VersionReport report = Check({Write(0, 10, 2), Read(10, 12, version)});
    EXPECT_TRUE(report.stale.empty());
    EXPECT_TRUE(report.invented.none());
  }
}

TEST(VersionCheck, NobodyMayRelyOnAWriteThatFailed) {
  VersionedOp failed = Write(0, 10, 2);
  failed.outcome = Outcome::kUnknown;
  for (const int64_t version : {1, 2}) {
    const VersionReport report = Check({failed, Read(20, 21, version)});
    EXPECT_TRUE(report.stale.empty());
    EXPECT_TRUE(report.invented.none());
  }
}

TEST(VersionCheck, KeysAreApart) {
  VersionedOp other = Read(20, 21, 1);
  other.key = 7;
  EXPECT_TRUE(Check({Write(0, 10, 2), other}).stale.empty());
}

TEST(VersionCheck, AClientMustNotGoBack) {
  const VersionReport report =
      Check({Write(0, 100, 2), Read(10, 11, 2), Read(12, 13, 1), Read(14, 15, 1, 5)});
  EXPECT_EQ(report.backward.count, 1);
  EXPECT_THAT(report.backward.first,
              HasSubstr("client 1 read version 1 of key 0 after it had read 2"));
}

TEST(VersionCheck, AClientMustReadWhatItWrote) {
  const VersionReport report = Check({Write(0, 10, 2, 1), Read(12, 13, 1, 1), Read(12, 13, 1, 5)});
  EXPECT_EQ(report.own_write.count, 1);
  EXPECT_THAT(report.own_write.first, HasSubstr("after it had written 2"));
}

TEST(VersionCheck, WhatNobodyHadWrittenIsInvented) {
  EXPECT_EQ(Check({Read(0, 1, 2)}).invented.count, 1);
  EXPECT_EQ(Check({Read(0, 1, 2), Write(2, 3, 2)}).invented.count, 1);
  EXPECT_EQ(Check({Read(0, 2, 2), Write(2, 3, 2)}).invented.count, 0);
  EXPECT_EQ(Check({Read(0, 1, 1)}).invented.count, 0);
}

// Each client has one operation at a time; versions are written in order, read at random.
std::vector<VersionedOp> RandomHistory(absl::InsecureBitGen& random) {
  std::vector<VersionedOp> history;
  int64_t version[2] = {1, 1};
  for (uint16_t client = 0; client < 3; ++client) {
    int64_t now_ns = 0;
    for (int i = 0; i < 4; ++i) {
      VersionedOp op;
      op.client = client;
      op.key = absl::Uniform<uint32_t>(random, 0, 2);
      op.invoke_ns = now_ns + absl::Uniform<int64_t>(random, 0, 6);
      op.return_ns = op.invoke_ns + absl::Uniform<int64_t>(random, 0, 8);
      now_ns = op.return_ns + 1;
      op.is_write = absl::Bernoulli(random, 0.4);
      op.version = op.is_write ? ++version[op.key] : absl::Uniform<int64_t>(random, 1, 5);
      if (absl::Bernoulli(random, 0.1)) op.outcome = Outcome::kUnknown;
      if (absl::Bernoulli(random, 0.1)) op.outcome = Outcome::kFailed;
      history.push_back(op);
    }
  }
  std::shuffle(history.begin(), history.end(), random);
  return history;
}

struct Counts {
  int64_t stale = 0;
  int64_t stale_for_ns = 0;
  int64_t backward = 0;
  int64_t own_write = 0;
  int64_t invented = 0;
  bool operator==(const Counts&) const = default;
};

Counts ByDefinition(const std::vector<VersionedOp>& history) {
  Counts counts;
  for (const VersionedOp& read : history) {
    if (read.is_write || read.outcome != Outcome::kOk) continue;
    int64_t since_ns = INT64_MAX;
    bool is_backward = false;
    bool is_own = false;
    bool is_written = read.version == 1;
    for (const VersionedOp& op : history) {
      if (op.key != read.key) continue;
      if (op.is_write && op.version == read.version && op.invoke_ns <= read.return_ns) {
        is_written = true;
      }
      const bool was_before = op.outcome == Outcome::kOk && op.return_ns < read.invoke_ns;
      if (!was_before || op.version <= read.version) continue;
      if (op.is_write) since_ns = std::min(since_ns, op.return_ns);
      if (op.client != read.client) continue;
      (op.is_write ? is_own : is_backward) = true;
    }
    if (since_ns != INT64_MAX) {
      ++counts.stale;
      counts.stale_for_ns += read.invoke_ns - since_ns;
    }
    counts.backward += is_backward ? 1 : 0;
    counts.own_write += is_own ? 1 : 0;
    counts.invented += is_written ? 0 : 1;
  }
  return counts;
}

Counts ByCheck(const std::vector<VersionedOp>& history) {
  const VersionReport report = Check(history);
  Counts counts;
  counts.stale = static_cast<int64_t>(report.stale.size());
  for (const StaleRead& stale : report.stale) {
    counts.stale_for_ns += history[stale.op].invoke_ns - stale.stale_since_ns;
  }
  counts.backward = report.backward.count;
  counts.own_write = report.own_write.count;
  counts.invented = report.invented.count;
  return counts;
}

TEST(VersionCheck, AgreesWithTheDefinitionOnRandomHistories) {
  absl::InsecureBitGen random(std::seed_seq{1});
  Counts found;
  for (int i = 0; i < 100'000; ++i) {
    const std::vector<VersionedOp> history = RandomHistory(random);
    const Counts expected = ByDefinition(history);
    ASSERT_EQ(ByCheck(history), expected) << "history " << i;
    found.stale += expected.stale;
    found.backward += expected.backward;
    found.own_write += expected.own_write;
    found.invented += expected.invented;
  }
  EXPECT_GT(std::min({found.stale, found.backward, found.own_write, found.invented}), 1000);
}

// One value at a time: each read gets the version of the write that took effect last before it.
std::vector<VersionedOp> GoodHistory(absl::InsecureBitGen& random) {
  std::vector<VersionedOp> history;
  int64_t now_ns = 0;
  int64_t version = 1;
  for (int i = 0; i < 60; ++i) {
    const auto client = absl::Uniform<uint16_t>(random, 0, 5);
    const int64_t end_ns = now_ns + absl::Uniform<int64_t>(random, 0, 5);
    const bool is_write = absl::Bernoulli(random, 0.3);
    if (is_write) ++version;
    history.push_back(is_write ? Write(now_ns, end_ns, version, client)
                               : Read(now_ns, end_ns, version, client));
    now_ns = end_ns + 1;
  }
  return history;
}

TEST(VersionCheck, EveryMutationOfAGoodHistoryIsFound) {
  absl::InsecureBitGen random(std::seed_seq{2});
  int mutations = 0;
  for (int i = 0; i < 200; ++i) {
    const std::vector<VersionedOp> good = GoodHistory(random);
    ASSERT_EQ(ByCheck(good), Counts());
    for (size_t place = 0; place < good.size(); ++place) {
      if (good[place].is_write) continue;
      std::vector<VersionedOp> bad = good;
      ++bad[place].version;
      EXPECT_EQ(ByCheck(bad).invented, 1) << "a read of the future at " << place;
      ++mutations;
      if (good[place].version == 1) continue;
      bad[place].version = good[place].version - 1;
      EXPECT_EQ(ByCheck(bad).stale, 1) << "a read of the past at " << place;
    }
  }
  EXPECT_GT(mutations, 5000);
}

}  // namespace
}  // namespace rcb
