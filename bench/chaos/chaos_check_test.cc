#include "bench/chaos/chaos_check.h"

#include <cstdint>
#include <vector>

#include "gtest/gtest.h"

namespace rcb::chaos {
namespace {

constexpr int64_t kMs = 1'000'000;

// One operation a millisecond, each of which takes half of one, but for those in between, which are
// told apart by `change`.
template <typename Change>
std::vector<SeenOp> OpsOf(int64_t length_ms, const Change& change) {
  std::vector<SeenOp> ops;
  for (int64_t ms = 0; ms < length_ms; ++ms) {
    SeenOp op{ms * kMs, ms * kMs + kMs / 2, true};
    if (change(ms, op)) ops.push_back(op);
  }
  return ops;
}

InjectedFault FaultOf(const char* kind, int64_t begin_ms, int64_t end_ms) {
  return {
      {kind, "server", begin_ms, end_ms - begin_ms}, begin_ms * kMs, begin_ms * kMs, end_ms * kMs};
}

TEST(ChaosCheckTest, AllIsThereWhereNothingFails) {
  const Service service = MeasureService(OpsOf(1000, [](int64_t, SeenOp&) { return true; }),
                                         {FaultOf("delay", 300, 400)});
  EXPECT_EQ(service.availability, 1);
  EXPECT_EQ(service.served_ratio, 1);
  EXPECT_EQ(service.repair_ns.at("delay"), 0);
}

TEST(ChaosCheckTest, FailuresAndSilenceAreBothNoService) {
  // From 300 to 400 ms one in ten fails, and from 600 to 700 ms nothing ends.
  const auto change = [](int64_t ms, SeenOp& op) {
    op.is_served = ms < 300 || ms >= 400 || ms % 10 != 0;
    return ms < 600 || ms >= 700;
  };
  const Service service = MeasureService(
      OpsOf(1000, change), {FaultOf("lose_replies", 300, 400), FaultOf("stall", 610, 690)});
  EXPECT_DOUBLE_EQ(service.availability, 16 / 20.);
  EXPECT_EQ(service.repair_ns.at("lose_replies"), 100 * kMs);
  EXPECT_EQ(service.repair_ns.at("stall"), 90 * kMs) << "from its beginning";
  EXPECT_DOUBLE_EQ(service.served_ratio, 890 / 900.);
  EXPECT_EQ(service.calm_served_ratio, 1);
}

TEST(ChaosCheckTest, AFewFailuresAreStillService) {
  const auto fails_one_in = [](int64_t share) {
    return MeasureService(OpsOf(1000,
                                [share](int64_t ms, SeenOp& op) {
                                  op.is_served = ms % share != 0;
                                  return true;
                                }),
                          {})
        .availability;
  };
  EXPECT_EQ(fails_one_in(10), 0);
  EXPECT_EQ(fails_one_in(25), 1);
}

TEST(ChaosCheckTest, TheWorstFaultOfAKindCountsAndNoLongerThanUntilTheNext) {
  const auto change = [](int64_t ms, SeenOp&) {
    const bool is_down = (ms >= 200 && ms < 250) || (ms >= 400 && ms < 550);
    return !is_down;
  };
  const Service service =
      MeasureService(OpsOf(1000, change), {FaultOf("kill", 200, 220), FaultOf("cut", 300, 300),
                                           FaultOf("kill", 400, 420), FaultOf("refuse", 500, 600)});
  EXPECT_EQ(service.repair_ns.at("kill"), 100 * kMs) << "the next fault begins then";
  EXPECT_EQ(service.repair_ns.at("cut"), 0);
  EXPECT_EQ(service.repair_ns.at("refuse"), 50 * kMs);
}

TEST(ChaosCheckTest, LatenciesAreOfTimesWithAndWithoutTrouble) {
  const auto change = [](int64_t ms, SeenOp& op) {
    if (ms >= 300 && ms < 400) op.return_ns = op.invoke_ns + 10 * kMs;
    return true;
  };
  const Service service = MeasureService(OpsOf(1000, change), {FaultOf("delay", 300, 400)});
  EXPECT_NEAR(service.fault_p95_us, 10'000, 10);
  EXPECT_NEAR(service.calm_p95_us, 500, 1);
}

TEST(ChaosCheckTest, WithoutOperationsThereWasNoService) {
  const Service service = MeasureService({}, {FaultOf("stall", 0, 10)});
  EXPECT_EQ(service.availability, 0);
  EXPECT_EQ(service.served_ratio, 0);
}

}  // namespace
}  // namespace rcb::chaos
