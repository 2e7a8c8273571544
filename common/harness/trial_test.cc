// The trial on a real server: what it says of small locks and pipelines, right ones and wrong ones.

#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/harness/stage.h"
#include "common/harness/test_bed.h"
#include "common/harness/test_session.h"
#include "common/harness/trial_course.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

using testing::HasSubstr;
using Death = TrialContract::Death;

// A lock of one key that its holder deletes. With `has_token` it deletes its own only, with
// `expires` the lock has a lease.
struct SmallLock {
  bool has_token = true;
  bool expires = true;

  Operation Visit(Worker& worker, const RunPlan& plan) const {
    const std::string key = absl::StrCat(plan.key_prefix, "lock");
    const std::string token = absl::StrCat(worker.index, "-", worker.operation);
    Command acquire("SET", key, token, "NX", "PX", plan.LeaseMs(30'000));
    if (!expires) acquire = Command("SET", key, token, "NX");
    Backoff backoff(0.2, 5, 5000);
    while (true) {
      const Reply acquired = co_await worker.redis().Run(acquire);
      if (!acquired.is_nil()) break;
      co_await RetryAfter(worker, backoff);
    }
    worker.Holds();
    co_await worker.redis().Run(Command("PING"));
    static constexpr Script kRelease{R"lua(
      if ARGV[2] == '0' or redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
      return 1)lua"};
    co_await worker.redis().Eval(kRelease, key, token, has_token ? 1 : 0);
    co_return 1;
  }
};

Instance MakeInstance(TrialContract trial,
                      std::function<std::unique_ptr<Scenario>(const RunPlan& plan)> make,
                      int workers = 20) {
  BenchmarkSpec spec("Limiter/policy/small", Role::kSafe, {.promise = "it holds"});
  spec.trial = trial;
  spec.make = std::move(make);
  return {spec, "Limiter/policy/small", workers, /*threads=*/1};
}

Instance LockInstance(const SmallLock& lock, Death death, int workers = 20) {
  TrialContract trial{.death = death, .requests_while_holding = 2};
  return MakeInstance(
      trial,
      [lock](const RunPlan& plan) {
        return std::make_unique<FunctionScenario>(
            [lock, plan](Worker& worker) { return lock.Visit(worker, plan); });
      },
      workers);
}

class TrialTest : public testing::Test {
 protected:
  TrialOutcome Try(const Instance& instance) {
    absl::StatusOr<Deployment*> server = TestBed::Server();
    EXPECT_TRUE(server.ok()) << server.status();
    EXPECT_EQ(stage_.Begin(instance, **server, {.budget = 100}, nullptr), absl::OkStatus());
    DriveAllThreads(*stage_.run());
    retries_ = TotalsOf(stage_.session()).tally.retries;
    round_trips_ = RoundTrips();
    EXPECT_TRUE(stage_.Judge(instance, **server).ok());
    return stage_.Try(instance, **server);
  }

  // Of the timed run.
  int64_t RoundTrips() {
    int64_t sum = 0;
    for (auto& state : stage_.session().slot(0).workers) {
      sum += state->RoundTrips() - state->round_trips_before;
    }
    return sum;
  }

  Stage stage_{StageOptions()};
  int64_t retries_ = 0;
  int64_t round_trips_ = 0;
};

TEST_F(TrialTest, ALockThatKeepsItsPromisePassesAndTheTimedCountsStay) {
  const TrialOutcome outcome = Try(LockInstance(SmallLock(), Death::kOthersGoOn));
  EXPECT_EQ(outcome.not_tried, "");
  EXPECT_EQ(outcome.findings.violations.count, 0) << outcome.findings.violations.first;
  EXPECT_EQ(outcome.findings.detections.at("by_wait"), 0);
  EXPECT_FALSE(outcome.session_is_spent);
  EXPECT_EQ(TotalsOf(stage_.session()).tally.retries, retries_);
  EXPECT_EQ(RoundTrips(), round_trips_);
}

TEST_F(TrialTest, ALockThatOutlivesItsDeadHolderLocksOutTheOthers) {
  const TrialOutcome outcome = Try(LockInstance({.expires = false}, Death::kOthersGoOn));
  EXPECT_EQ(outcome.findings.violations.count, 1);
  EXPECT_THAT(outcome.findings.violations.first,
              HasSubstr("after a holder died, nobody was served"));
  EXPECT_TRUE(outcome.session_is_spent);
}

TEST_F(TrialTest, AContractThatSaysSoMakesItNoViolationAndShowsThatTheDetectorWorks) {
  const TrialOutcome outcome = Try(LockInstance({.expires = false}, Death::kOthersLockedOut));
  EXPECT_EQ(outcome.findings.violations.count, 0) << outcome.findings.violations.first;
  EXPECT_EQ(outcome.findings.detections.at("by_wait"), 1);
}

TEST_F(TrialTest, SomebodyWhoIsNotServedThoughAllBehaveIsAViolation) {
  const TrialOutcome outcome = Try(MakeInstance({}, [](const RunPlan& plan) {
    const bool is_trial = plan.trial.has_value();
    return std::make_unique<FunctionScenario>([is_trial](Worker& worker) -> Operation {
      const bool is_forgotten = is_trial && worker.index == 4;
      co_await worker.loop->Sleep(is_forgotten ? 10'000'000'000 : 1);
      co_return 1;
    });
  }));
  EXPECT_EQ(outcome.findings.violations.count, 1);
  EXPECT_THAT(outcome.findings.violations.first, HasSubstr("were not served within 600 ms"));
}

// Judges that both keys were always equal.
class TwoKeys : public Scenario {
 public:
  TwoKeys(const RunPlan& plan, bool is_atomic)
      : first_(absl::StrCat(plan.key_prefix, "first")),
        second_(absl::StrCat(plan.key_prefix, "second")),
        is_atomic_(is_atomic) {}

  absl::Status Prepare(BlockingClient&) override { return absl::OkStatus(); }
  Operation Operate(Worker& worker) override {
    const Command writes = Command("INCR", first_).Then(Command("INCR", second_));
    Command pipeline = writes;
    if (is_atomic_) pipeline = Command("MULTI").Then(writes).Then(Command("EXEC"));
    co_await worker.redis().Pipeline(pipeline);
    const Reply both = co_await worker.redis().Run(Command("MGET", first_, second_));
    co_return both[0].text() == both[1].text() ? 1 : 0;
  }
  absl::StatusOr<Findings> Check(absl::Span<const OpRecord> history, BlockingClient&) override {
    Findings findings;
    for (const OpRecord& op : history) {
      if (op.value == 0) findings.violations.Add(1, "the keys differed");
    }
    return findings;
  }

 private:
  const std::string first_;
  const std::string second_;
  const bool is_atomic_;
};

TEST_F(TrialTest, APipelineThatIsNotAtomicIsSeenNotToBe) {
  for (const bool is_atomic : {true, false}) {
    SCOPED_TRACE(is_atomic);
    const TrialOutcome outcome =
        Try(MakeInstance({.operations = 10}, [is_atomic](const RunPlan& plan) {
          return std::make_unique<TwoKeys>(plan, is_atomic);
        }));
    EXPECT_EQ(outcome.not_tried, "");
    EXPECT_EQ(outcome.findings.violations.count == 0, is_atomic);
  }
}

TEST_F(TrialTest, ItNeedsAFewWorkers) {
  const TrialOutcome outcome = Try(LockInstance(SmallLock(), Death::kOthersGoOn, /*workers=*/4));
  EXPECT_EQ(outcome.not_tried, "it takes 5 workers on a thread");
}

}  // namespace
}  // namespace rcb
