// Each variant of Pool on a real server, judged by its own checker.

#include "bench/pool/pool.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bench/families.h"
#include "bench/test_family.h"
#include "common/harness/test_bed.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

using testing::ElementsAre;
using testing::Gt;
using testing::IsSupersetOf;
using testing::Lt;

constexpr int64_t kOperations = 6000;

std::vector<BenchmarkSpec> SmallPools() { return VariantsOf(PoolFamily(), {"--pool=6"}); }

BenchmarkSpec Small(const std::string& name) { return SpecOf(PoolFamily(), name, {"--pool=6"}); }

// The one of that name on a server that takes few clients.
BenchmarkSpec OnAFullServer(const std::string& name) {
  std::vector<BenchmarkSpec> specs = VariantsOf(PoolFamily());
  const auto found = std::find_if(specs.begin(), specs.end(), [&name](const BenchmarkSpec& spec) {
    return spec.name == name && spec.needs.max_clients > 0;
  });
  EXPECT_NE(found, specs.end());
  return *found;
}

TEST(PoolTest, EachSafeVariantIsClean) {
  for (const BenchmarkSpec& spec : SmallPools()) {
    if (spec.role != Role::kSafe || spec.needs.max_clients > 0) continue;
    for (const int threads : {1, 2}) {
      if (spec.needs.shared_connections == 1 && threads > 1) continue;  // there is no such row
      SCOPED_TRACE(absl::StrCat(spec.name, " on ", threads, " threads"));
      TestBed bed(spec, {.threads = threads});
      for (int run = 0; run < 2; ++run) {
        ASSERT_EQ(bed.RunOnce(kOperations), absl::OkStatus());
        EXPECT_EQ(bed.totals().tally.succeeded, kOperations) << bed.first_error();
        const absl::StatusOr<Findings> findings = bed.Judge();
        ASSERT_TRUE(findings.ok()) << findings.status();
        EXPECT_TRUE(findings->violations.none()) << findings->violations.first;
        // Each has lived through a reply that did not come in time.
        EXPECT_THAT(CountersOf(*findings)["discards_per_op"], Gt(0));
      }
    }
  }
}

TEST(PoolTest, EachControlIsCaughtByTheDetectorOfItsPromise) {
  std::set<std::pair<std::string, std::string>> caught;
  for (const BenchmarkSpec& spec : SmallPools()) {
    if (spec.role != Role::kControl) continue;
    for (const int threads : {1, 2}) {
      SCOPED_TRACE(absl::StrCat(spec.name, " on ", threads, " threads"));
      TestBed bed(spec, {.threads = threads});
      ASSERT_EQ(bed.RunOnce(kOperations), absl::OkStatus());
      EXPECT_EQ(bed.totals().tally.succeeded, kOperations) << bed.first_error();
      const Findings findings = bed.Check();
      EXPECT_FALSE(findings.violations.none());
      for (const auto& [detector, count] : findings.detections) {
        if (count > 0) caught.emplace(spec.name, detector);
      }
    }
  }
  using Pair = std::pair<std::string, std::string>;
  EXPECT_THAT(caught, IsSupersetOf({Pair("Pool/unsafe/reuse_after_timeout", "by_reply"),
                                    Pair("Pool/unsafe/leak_on_error", "by_balance"),
                                    Pair("Pool/unsafe/blocking_in_pool", "by_patience"),
                                    Pair("Pool/unsafe/barging", "by_oldest_first"),
                                    Pair("Pool/unsafe/barging", "by_newest_first")}));
}

TEST(PoolTest, ALeakIsAllButOneOfTheConnections) {
  TestBed bed(Small("Pool/unsafe/leak_on_error"), {});
  // Slow requests are 20 ms apart.
  ASSERT_EQ(bed.RunOnce(20'000), absl::OkStatus());
  const double lost = CountersOf(bed.Check())["connections_lost"];
  EXPECT_THAT(lost, Gt(0));
  EXPECT_THAT(lost, Lt(6));
}

TEST(PoolTest, WaitsAreMeasuredApartFromService) {
  TestBed bed(Small("Pool/locking/fifo"), {.workers = 24});
  ASSERT_EQ(bed.RunOnce(20'000), absl::OkStatus());
  std::map<std::string, double> counters = CountersOf(bed.Check());
  EXPECT_THAT(counters["service_p50_us"], Gt(0));
  EXPECT_THAT(counters["wait_p50_us"], Gt(counters["service_p50_us"])) << "three are before it";
  EXPECT_GE(counters["wait_p95_us"], counters["wait_p50_us"]);
  EXPECT_THAT(counters["x_wait_floor"], Gt(0.5));
  EXPECT_THAT(counters["utilisation"], Gt(0.5));
  EXPECT_LE(counters["utilisation"], 1);
}

TEST(PoolTest, WhoHasAConnectionForItselfWaitsForNone) {
  TestBed bed(Small("Pool/lockfree/per_worker"), {.workers = 24});
  ASSERT_EQ(bed.RunOnce(kOperations), absl::OkStatus());  // connects
  ASSERT_EQ(bed.RunOnce(kOperations), absl::OkStatus());
  std::map<std::string, double> counters = CountersOf(bed.Check());
  EXPECT_THAT(counters["wait_p50_us"], Lt(counters["service_p50_us"] / 10));
  EXPECT_EQ(counters.count("x_wait_floor"), 0U);
}

TEST(PoolTest, WhoWaitsTooLongGivesUpAndAsksAgain) {
  BenchmarkSpec spec = SpecOf(PoolFamily(), "Pool/locking/bounded_wait", {"--pool=1"});
  TestBed bed(spec, {.workers = 50});
  // The third request keeps the only connection for longer than the others are ready to wait.
  ASSERT_EQ(bed.RunOnce(kOperations), absl::OkStatus());
  EXPECT_EQ(bed.totals().tally.succeeded, kOperations) << bed.first_error();
  const Findings findings = bed.Check();
  EXPECT_TRUE(findings.violations.none()) << findings.violations.first;
  EXPECT_THAT(CountersOf(findings)["give_ups_per_op"], Gt(0));
}

TEST(PoolTest, AServerThatIsFullOnlyMakesClientsWait) {
  // The room that others leave after 100 ms is taken.
  const std::pair<const char*, int64_t> kRuns[] = {{"Pool/locking/fifo", 40'000},
                                                   {"Pool/lockfree/connect_each", 2'000}};
  for (const auto& [name, operations] : kRuns) {
    SCOPED_TRACE(name);
    TestBed bed(OnAFullServer(name), {.workers = 200});
    for (int run = 0; run < 2; ++run) {
      ASSERT_EQ(bed.RunOnce(operations), absl::OkStatus());
      EXPECT_EQ(bed.totals().tally.succeeded, operations) << bed.first_error();
      const absl::StatusOr<Findings> findings = bed.Judge();
      ASSERT_TRUE(findings.ok()) << findings.status();
      EXPECT_TRUE(findings->violations.none()) << findings->violations.first;
      EXPECT_THAT(CountersOf(*findings)["refusals_per_op"], Gt(0));
      EXPECT_THAT(CountersOf(*findings)["recovery_p95_us"], Gt(0));
    }
  }
}

// Where nobody stands in line for a connection, whoever finds it closed opens it.
TEST(PoolTest, ItGoesOnAfterAllConnectionsWereLost) {
  for (const char* name : {"Pool/unsafe/barging", "Pool/locking/fifo"}) {
    SCOPED_TRACE(name);
    TestBed bed(Small(name), {.op_timeout_ms = 2000});
    std::atomic<bool> is_over{false};
    std::thread killer([&] {
      absl::StatusOr<BlockingClient> redis =
          BlockingClient::Connect((*TestBed::Server())->endpoint(), 2000);
      while (redis.ok() && !is_over) {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        static_cast<void>(redis->Command({"CLIENT", "KILL", "TYPE", "normal"}));
      }
    });
    EXPECT_EQ(bed.RunOnce(20'000), absl::OkStatus());
    is_over = true;
    killer.join();
    EXPECT_THAT(bed.totals().tally.succeeded, Gt(15'000)) << bed.first_error();
  }
}

TEST(PoolTest, EachSizeIsARow) {
  std::vector<int64_t> sizes;
  for (const BenchmarkSpec& spec : VariantsOf(PoolFamily(), {"--pool=1,20,200"})) {
    if (spec.name == "Pool/locking/lifo") sizes.push_back(spec.args.front().second);
    if (spec.name == "Pool/lockfree/per_worker") {
      EXPECT_THAT(spec.workers, ElementsAre(1, 20, 200)) << "as many workers as connections";
    }
    if (spec.name == "Pool/unsafe/leak_on_error") {
      EXPECT_THAT(spec.needs.shared_connections, Gt(1)) << "one connection has to stay";
    }
  }
  EXPECT_THAT(sizes, ElementsAre(1, 20, 200));
}

}  // namespace
}  // namespace rcb
