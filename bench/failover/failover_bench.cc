#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bench/failover/course.h"
#include "bench/failover/failover.h"
#include "bench/failover/ground.h"
#include "bench/failover/locks.h"
#include "bench/failover/section.h"
#include "bench/families.h"
#include "bench/fault_flags.h"
#include "bench/workload_flags.h"
#include "bench/write_log.h"
#include "common/measure/histogram.h"
#include "common/server/deployment/replicated.h"

namespace rcb {
namespace {

using failover::Course;
using failover::CoursePlan;
using failover::Fault;
using failover::Ground;
using failover::Place;
using failover::Places;
using failover::Section;
using failover::SlowHolder;

constexpr int64_t kNsPerMs = 1'000'000;
// Half of the clients stay with the primary that is cut off.
constexpr Places kSplit = {Place::kBesideSentinels, Place::kBesidePrimary};
constexpr Places kTogether = {Place::kBetween, Place::kBetween};
constexpr int kStandalone = 2;  // of the three servers of Redlock

// What is judged.
enum class Judged { kWrites, kHolders, kLateWrites };

struct Row {
  const char* name;
  Role role;
  Operation (*variant)(Worker& worker, Ground& ground);
  const char* promise;
  CoursePlan course;
  Places places = kTogether;
  Settings settings = {};
  Judged judged = Judged::kWrites;
  int64_t may_lose_ms = 0;  // writes acknowledged so long after the links went down; 0: none
  int standalone = 0;       // servers besides that have a vote
};

constexpr CoursePlan kKilled = {.fault = Fault::kKill};
constexpr CoursePlan kCutOff = {.fault = Fault::kCutOff, .cut_off_ms = 2500};
constexpr CoursePlan kLongCutOff = {.fault = Fault::kCutOff, .cut_off_ms = 4500};
constexpr CoursePlan kPlanned = {.fault = Fault::kPlanned};

constexpr CoursePlan kKilledAfterCut = {.fault = Fault::kKill,
                                        .slow_holder = SlowHolder::kAfterCut};
constexpr CoursePlan kKilledWithHolder = {.fault = Fault::kKill,
                                          .slow_holder = SlowHolder::kBeforeCut};

constexpr char kOneHolder[] =
    "one holder at a time within its lease, and no write of an earlier holder after a later one's";
constexpr char kMajority[] =
    "one holder at a time within its validity, where a majority of the servers still has the lock";
constexpr char kNoLateWrite[] = "no write of an earlier holder is accepted after a later one's";
constexpr char kNoneLost[] = "no acknowledged write is lost in a failover";
constexpr char kConfirmed[] = "no write is lost that all replicas have confirmed";
constexpr char kBounded[] =
    "no write is lost that was acknowledged more than 3.5 s after the replicas fell silent";

std::vector<Row> Rows() {
  return {
      {"Failover/unsafe/async", Role::kControl, failover::Async, kNoneLost, kKilled},
      {"Failover/unsafe/async",
       Role::kControl,
       failover::Async,
       kBounded,
       kLongCutOff,
       kSplit,
       {},
       Judged::kWrites,
       3500},
      {"Failover/unsafe/planned_async", Role::kControl, failover::Async, kNoneLost, kPlanned},
      {"Failover/lockfree/wait", Role::kSafe, failover::Wait, kConfirmed, kKilled},
      {"Failover/lockfree/wait", Role::kSafe, failover::Wait, kConfirmed, kCutOff, kSplit},
      {"Failover/lockfree/min_replicas",
       Role::kSafe,
       failover::Async,
       kBounded,
       kLongCutOff,
       kSplit,
       {{"min-replicas-to-write", "1"}, {"min-replicas-max-lag", "1"}},
       Judged::kWrites,
       3500},
      {"Failover/unsafe/token_lock",
       Role::kControl,
       failover::TokenLock,
       kOneHolder,
       kKilledAfterCut,
       kTogether,
       {},
       Judged::kHolders},
      {"Failover/unsafe/redlock_bare_majority",
       Role::kControl,
       failover::RedlockBareMajority,
       kOneHolder,
       kKilledAfterCut,
       kTogether,
       {},
       Judged::kHolders,
       /*may_lose_ms=*/0,
       kStandalone},
      {"Failover/locking/redlock",
       Role::kSafe,
       failover::Redlock,
       kMajority,
       kKilledAfterCut,
       kTogether,
       {},
       Judged::kHolders,
       /*may_lose_ms=*/0,
       kStandalone},
      {"Failover/locking/fenced",
       Role::kSafe,
       failover::Fenced,
       kNoLateWrite,
       kKilledWithHolder,
       kTogether,
       {},
       Judged::kLateWrites},
  };
}

double MsToUs(double ms) { return 1e3 * ms; }

class FailoverScenario : public Scenario {
 public:
  FailoverScenario(const RunPlan& plan, const Row& row) : plan_(plan), row_(row) {}

  absl::Status Prepare(BlockingClient&) override {
    ReplicatedDeployment* const servers =
        plan_.deployment == nullptr ? nullptr : plan_.deployment->replicated();
    if (servers == nullptr) {
      return absl::FailedPreconditionError("there are no replicas and Sentinels of ours");
    }
    servers_ = servers;
    ground_.emplace(plan_, row_.places, *servers);
    course_.emplace(row_.course, plan_, *ground_, *servers);
    return absl::OkStatus();
  }

  bool IsOver() override { return ground_->over(); }

  Operation Operate(Worker& worker) override {
    const bool is_first = worker.index == 0 && worker.operation == 0;
    if (is_first) worker.loop->Spawn(course_->Run(worker));
    return row_.variant(worker, *ground_);
  }

  absl::StatusOr<Findings> Check(absl::Span<const OpRecord>, BlockingClient& redis) override {
    if (!course_->status().ok()) return course_->status();
    if (row_.judged != Judged::kWrites) return CheckHolders();
    const absl::StatusOr<std::vector<int64_t>> present = ground_->log().ReadAll(redis);
    if (!present.ok()) return present.status();
    std::vector<LossWindow> may_lose;
    if (row_.may_lose_ms > 0) {
      // Also what was on its way when the links went down.
      may_lose.push_back(
          {course_->cut_ns() - 1000 * kNsPerMs, course_->cut_ns() + row_.may_lose_ms * kNsPerMs});
    }
    const std::vector<AddOp> adds = ground_->log().adds();
    const AddVerdict verdict = CheckAdds(adds, *present, may_lose);
    Findings findings;
    findings.Detect("by_presence", verdict.violations);
    findings.counters = LossCounters(verdict);
    int64_t lost_for_ns = 0;
    for (const size_t place : verdict.lost) {
      lost_for_ns = std::max(lost_for_ns, adds[place].return_ns - course_->cut_ns());
    }
    findings.counters.emplace_back("lost_for_us", static_cast<double>(lost_for_ns) / 1e3);
    TellTimes(findings.counters);
    TellPartition(findings);
    return findings;
  }

 private:
  Findings CheckHolders() const {
    const Section& section = ground_->section();
    Findings findings;
    if (row_.judged == Judged::kHolders) {
      Violations two;
      two.Add(section.two_holders(), "a worker got the lock while another's lease held");
      findings.Detect("by_overlap", two);
    }
    Violations late;
    late.Add(section.late_writes(), "a holder's write was accepted after that of a later one");
    findings.Detect("by_late_write", late);
    findings.counters = {{"two_holders", static_cast<double>(section.two_holders())},
                         {"late_writes_refused", static_cast<double>(section.refused())}};
    if (row_.standalone > 0) {
      findings.counters.emplace_back("outvoted", static_cast<double>(ground_->outvoted()));
    }
    TellTimes(findings.counters);
    TellPartition(findings);
    return findings;
  }

  void TellTimes(Counters& counters) const {
    const std::vector<int64_t> served_ns = ground_->served_ns();
    const int64_t first_ns =
        served_ns.empty() ? 0 : *std::min_element(served_ns.begin(), served_ns.end());
    Histogram found;
    for (const int64_t ns : ground_->found_ns()) found.Record(ns);
    const auto since_fault_us = [this](int64_t when_ns) {
      return static_cast<double>(std::max<int64_t>(when_ns - course_->fault_ns(), 0)) / 1e3;
    };
    counters.emplace_back("announced_us", since_fault_us(course_->announced_ns()));
    counters.emplace_back("found_p95_us", static_cast<double>(found.ValueAtQuantile(0.95)) / 1e3);
    counters.emplace_back("unavailable_us", since_fault_us(first_ns));
    counters.emplace_back(
        "unavailable_x_floor",
        since_fault_us(first_ns) / MsToUs(static_cast<double>(ReplicatedDeployment::kDownAfterMs)));
  }

  void TellPartition(Findings& findings) const {
    if (row_.course.fault == Fault::kPlanned) return;
    const bool is_real = servers_->partitions() == Partitions::kNamespaces;
    findings.counters.emplace_back("real_partition", is_real ? 1 : 0);
    if (!servers_->why_proxy().empty()) {
      findings.note = absl::StrCat("a proxy cut the links, for want of a network of its own: ",
                                   servers_->why_proxy());
    }
  }

  const RunPlan plan_;
  const Row row_;
  ReplicatedDeployment* servers_ = nullptr;
  std::optional<Ground> ground_;
  std::optional<Course> course_;
};

std::vector<BenchmarkSpec> Variants(Partitions partitions) {
  std::vector<BenchmarkSpec> specs;
  for (const Row& row : Rows()) {
    BenchmarkSpec spec = SpecOnBrokenServer(row.name, row.role, row.promise, row.settings);
    spec.workers = {20};
    spec.min_workers = 2;  // on both sides
    spec.rounds = 1;       // the servers are others after a failover
    const bool writes = row.judged == Judged::kWrites;
    if (writes && row.course.fault != Fault::kPlanned) {
      spec.args = {{"cut_off", row.course.fault == Fault::kCutOff ? 1 : 0}};
    }
    if (row.judged == Judged::kLateWrites) {
      // That a late writer comes is part of the row.
      spec.contract.bounds = {{"late_writes_refused", Bound::Relation::kAtLeast, 1}};
    }
    if (row.standalone > 0 && row.role == Role::kSafe) {
      // That the new primary does not know of the lock is part of the row.
      spec.contract.bounds = {{"outvoted", Bound::Relation::kAtLeast, 1}};
    }
    spec.floor.round_trips = writes ? 1 : 2;
    if (writes) spec.floor.requests = 1;
    spec.needs.replicated = true;
    spec.needs.partitions = partitions;
    spec.needs.quorum_nodes = row.standalone;
    spec.residue.keys = {{.name = "fence"},
                         {.name = "lock", .expires = true},
                         {.name = "set:{number}", .type = "set"}};
    spec.make = [row](const RunPlan& plan) {
      return std::make_unique<FailoverScenario>(plan, row);
    };
    specs.push_back(std::move(spec));
  }
  return specs;
}

std::vector<Metric> Metrics() {
  constexpr Direction kLower = Direction::kLowerIsBetter;
  constexpr MetricClass kNoisy = MetricClass::kNoisy;
  std::vector<Metric> metrics = LossMetrics();
  const Metric own[] = {
      {"lost_for_us", "us", kLower, kNoisy,
       "for how long after the links went down writes were acknowledged that were lost"},
      {"two_holders", "1", kLower, kNoisy,
       "how often a worker got the lock while another's lease held"},
      {"late_writes_refused", "1", Direction::kNeither, MetricClass::kInfo,
       "writes of holders that were refused because a later one had written"},
      {"outvoted", "1", Direction::kNeither, MetricClass::kInfo,
       "how often the new primary gave a lock that the majority of the servers refused"},
      {"announced_us", "us", kLower, kNoisy,
       "from the fault until the Sentinels announced another primary"},
      {"found_p95_us", "us", kLower, kNoisy,
       "95th percentile, over clients, of the time from that announcement until a client was "
       "connected to the new primary"},
      {"real_partition", "1", Direction::kNeither, MetricClass::kInfo,
       "1 where a network of its own was cut, in namespaces, and 0 where a proxy cut connections"},
      {"unavailable_x_floor", "1", kLower, kNoisy,
       "unavailable_us over the time after which Sentinels take a silent server for dead"},
  };
  metrics.insert(metrics.end(), std::begin(own), std::end(own));
  return metrics;
}

}  // namespace

Family FailoverFamily() {
  const auto partitions = std::make_shared<Partitions>(Partitions::kAuto);
  return {
      .name = "Failover",
      .metrics = Metrics(),
      .columns = {{"lost", "lost_ratio"}, {"outage", "unavailable_us"}, {"found", "found_p95_us"}},
      .flags = {PartitionsFlag(partitions.get())},
      .variants = [partitions] { return Variants(*partitions); },
  };
}

}  // namespace rcb
