#include "common/harness/trial_course.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <thread>

#include "absl/strings/str_cat.h"
#include "common/harness/interrupt.h"
#include "common/harness/trial.h"
#include "common/report/ledger.h"

namespace rcb {
namespace {

constexpr int kTries = 3;
constexpr int64_t kNsPerMs = 1'000'000;
// Where everyone behaves, locks last for so long that a waiter that relies on it is noticed.
constexpr int64_t kCalmLeaseMs = 2000;
constexpr int64_t kCalmBoundMs = 600;
constexpr int64_t kShortLeaseMs = 40;  // doubled with each try
constexpr int kMinWorkers = 5;
constexpr int kFew = 3;  // so few that a wake-up that is lost leaves nobody to make up for it
constexpr int kSome = 8;
constexpr int kMany = 20;

using Death = TrialContract::Death;

// The bursts of one kind of trial. False once nothing more can follow.
using Course = bool (*)(const BenchmarkSpec& spec, const RunPlan& plan, Trial& trial);

// Nobody misbehaves, but requests are late and pipelines arrive in parts.
bool Calm(const BenchmarkSpec& spec, const RunPlan&, Trial& trial) {
  Burst few{.size = kFew, .operations = spec.trial.operations, .bound_ms = kCalmBoundMs};
  Burst many = few;
  many.size = kMany;
  many.bound_ms = 2 * kCalmBoundMs;
  if (spec.shape == Shape::kEpochs) return trial.Drive(many);
  if (spec.trial.operations > 1) return trial.Drive(many) && trial.Drive(many);
  for (int i = 0; i < 10; ++i) {
    if (!trial.Drive(few)) return false;
  }
  if (spec.shape == Shape::kSteady) return trial.Drive(many);
  // Some come while the first one computes, stores and unlocks, and some after that.
  many.spread_us = 6000;
  return trial.Drive(many) && trial.Drive(many) && trial.Drive(many);
}

// Here those that come and go are many, and the value has to be computed anew in the end.
bool HarshEpochs(const RunPlan& plan, Trial& trial) {
  const int64_t lease_ms = plan.trial->lease_ms;
  const int64_t bound_ms = 20 * lease_ms + kCalmBoundMs;
  return trial.Drive({.misbehavior = Misbehavior::kStall,
                      .size = kMany,
                      .bound_ms = bound_ms,
                      .epochs_ms = 3 * lease_ms}) &&
         trial.Drive({.misbehavior = Misbehavior::kDie, .size = kMany, .bound_ms = bound_ms});
}

bool Harsh(const BenchmarkSpec& spec, const RunPlan& plan, Trial& trial) {
  if (spec.shape == Shape::kEpochs) return HarshEpochs(plan, trial);
  const TrialContract& contract = spec.trial;
  const int64_t lease_ms = plan.trial->lease_ms;
  Burst burst{.size = kSome, .bound_ms = 20 * lease_ms + kCalmBoundMs};
  // Enough for the others to be at it before, during and after.
  if (spec.shape == Shape::kSteady) burst.operations = 4;
  burst.misbehavior = Misbehavior::kStall;
  for (int i = 0; i < 2 && contract.stalls; ++i) {
    if (!trial.Drive(burst)) return false;
  }
  burst.misbehavior = Misbehavior::kSlowToAsk;
  for (int i = 0; i < 4 && contract.asks_slowly; ++i) {
    if (!trial.Drive(burst)) return false;
  }
  if (contract.death == Death::kNotTried) return true;
  const double served_ms = (contract.recovery_leases + 1) * static_cast<double>(lease_ms) + 150;
  return trial.Drive({.misbehavior = Misbehavior::kDie,
                      .size = kFew + 1,
                      .operations = contract.operations,
                      .bound_ms = static_cast<int64_t>(served_ms)});
}

// What `course` shows, judged by the scenario too where it came to its end.
TrialOutcome Judge(const BenchmarkSpec& spec, const RunPlan& plan, const TrialGround& ground,
                   Course course, int64_t* standstill_ns) {
  TrialOutcome outcome;
  const std::unique_ptr<Scenario> scenario = spec.make(plan);
  const absl::Status prepared = scenario->Prepare(ground.redis);
  if (!prepared.ok()) {
    outcome.not_tried = std::string(prepared.message());
    return outcome;
  }
  Trial trial(spec, plan, *scenario, ground.slot);
  const bool is_whole = course(spec, plan, trial);
  outcome.session_is_spent = trial.was_cut_off();
  *standstill_ns = trial.max_standstill_ns();
  if (IsInterrupted()) {
    outcome.not_tried = "interrupted";
    return outcome;
  }
  if (!trial.error().empty()) {
    outcome.not_tried = absl::StrCat("an operation failed: ", trial.error());
  }
  const bool must_lock_out = plan.trial->misbehaves && spec.trial.death == Death::kOthersLockedOut;
  if (must_lock_out && trial.locked_out()) {
    outcome.findings.detections[kByWait] = 1;  // as it must: the detector works
    return outcome;
  }
  outcome.findings.Detect(kByWait, trial.violations());
  if (is_whole) {
    const absl::StatusOr<Findings> checked = scenario->Check(trial.history(), ground.redis);
    if (checked.ok()) {
      outcome.findings.MergeViolations(*checked);
    } else {
      outcome.not_tried = std::string(checked.status().message());
    }
  }
  if (is_whole && outcome.not_tried.empty() && spec.residue.is_judged) {
    Violations left = AuditResidue(spec.residue, plan.key_prefix, ground.redis);
    if (!left.none() && plan.trial->misbehaves) {
      // The lock of a holder that died stays until its lease is over, and all may be done before.
      std::this_thread::sleep_for(std::chrono::milliseconds(2 * plan.trial->lease_ms));
      left = AuditResidue(spec.residue, plan.key_prefix, ground.redis);
    }
    outcome.findings.Detect(kByResidue, left);
  }
  return outcome;
}

TrialOutcome Repeat(const BenchmarkSpec& spec, RunPlan plan, const TrialGround& ground,
                    Course course, bool misbehaves) {
  TrialOutcome outcome;
  int64_t lease_ms = misbehaves ? kShortLeaseMs : kCalmLeaseMs;
  for (int i = 0; i < kTries; ++i, lease_ms *= misbehaves ? 2 : 1) {
    plan.key_prefix = ground.make_prefix();
    plan.seed += static_cast<uint64_t>(i);
    plan.trial = TrialPlan{lease_ms, misbehaves};
    int64_t standstill_ns = 0;
    outcome = Judge(spec, plan, ground, course, &standstill_ns);
    ground.delete_keys(plan.key_prefix);
    const int64_t allowed_ns = (misbehaves ? lease_ms / 4 : kCalmBoundMs / 4) * kNsPerMs;
    if (outcome.findings.violations.none() || standstill_ns <= allowed_ns) return outcome;
    outcome.findings = Findings();
    outcome.not_tried =
        absl::StrCat("the machine stood still for ", standstill_ns / kNsPerMs, " ms");
    if (outcome.session_is_spent) return outcome;
  }
  return outcome;
}

}  // namespace

TrialOutcome RunTrial(const BenchmarkSpec& spec, const RunPlan& plan, const TrialGround& ground) {
  TrialOutcome outcome;
  if (static_cast<int>(ground.slot.workers.size()) < kMinWorkers) {
    outcome.not_tried = absl::StrCat("it takes ", kMinWorkers, " workers on a thread");
    return outcome;
  }
  // Rounds are numbered, and epochs end the burst.
  RunPlan own = plan;
  own.feed = nullptr;  // the run is over
  own.threads = 1;
  own.budget = spec.shape == Shape::kEpochs ? 4 : 20;
  outcome = Repeat(spec, own, ground, Calm, /*misbehaves=*/false);
  if (spec.shape == Shape::kEpochs) own.budget *= 3;
  const TrialContract& contract = spec.trial;
  const bool is_calm =
      !contract.stalls && !contract.asks_slowly && contract.death == Death::kNotTried;
  const bool is_over = outcome.session_is_spent || !outcome.findings.violations.none();
  if (is_calm || is_over) return outcome;
  TrialOutcome harsh = Repeat(spec, own, ground, Harsh, /*misbehaves=*/true);
  if (harsh.not_tried.empty()) harsh.not_tried = outcome.not_tried;
  harsh.findings.MergeViolations(outcome.findings);
  return harsh;
}

}  // namespace rcb
