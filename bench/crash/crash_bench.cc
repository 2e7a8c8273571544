// Crash: the holder of a lock, or the one who computes for all, dies inside.
//
// Question: how long are the others held up, and is anybody left behind?
// Rounds:   all workers want it at once; the first to hold loses its connections and never goes on.
//           The variants are those of Stampede and Lock.
// Checked:  everyone else is served within the leases that the variant says and a wait for those
//           before it; what is computed again is computed once; and all that the variant promises.

#include <memory>
#include <string>
#include <vector>

#include "bench/computation_metrics.h"
#include "bench/families.h"
#include "bench/holder_fault.h"
#include "bench/holder_fault_metrics.h"

namespace rcb {
namespace {

constexpr int64_t kDefaultRounds = 6;

struct Row {
  const char* name;
  Role role;
  const char* family;  // of the variant whose holders die,
  const char* victim;  // and its discipline and name
  const char* promise;
  int64_t max_computations = 0;  // 0: nobody computes
  bool has_lease = true;
  bool holds_nothing = false;
  bool asks_again = false;
  bool computes_long = false;
};

constexpr char kServed[] =
    "whoever dies, everyone else is served within the lease and a wait for those before it";
constexpr char kServedOnce[] =
    "whoever dies, everyone else is served within the lease and a wait, and the value is computed "
    "once more";
constexpr char kSlowly[] =
    "whoever dies, everyone else is served within some leases and a wait for those before it";
constexpr char kNobodyWaits[] = "whoever dies holds up nobody";
constexpr Row kRows[] = {
    {.name = "Crash/unsafe/stampede_none",
     .role = Role::kControl,
     .family = "Stampede",
     .victim = "unsafe/none",
     .promise = kServedOnce,
     .max_computations = 2,
     .has_lease = false},
    {.name = "Crash/unsafe/stampede_short_lock",
     .role = Role::kControl,
     .family = "Stampede",
     .victim = "unsafe/short_lock",
     .promise = kServedOnce,
     .max_computations = 2,
     .computes_long = true},
    {.name = "Crash/unsafe/stampede_setnx_poll",
     .role = Role::kControl,
     .family = "Stampede",
     .victim = "locking/setnx_poll",
     .promise = kServed,
     .has_lease = false},
    {.name = "Crash/locking/stampede_token_lock",
     .role = Role::kSafe,
     .family = "Stampede",
     .victim = "locking/token_lock",
     .promise = kServedOnce,
     .max_computations = 2},
    {.name = "Crash/locking/stampede_pubsub",
     .role = Role::kSafe,
     .family = "Stampede",
     .victim = "locking/pubsub",
     .promise = kServedOnce,
     .max_computations = 2},
    {.name = "Crash/locking/stampede_blpop",
     .role = Role::kSafe,
     .family = "Stampede",
     .victim = "locking/blpop",
     .promise = kServedOnce,
     .max_computations = 2},
    {.name = "Crash/locking/stampede_single_flight",
     .role = Role::kSafe,
     .family = "Stampede",
     .victim = "locking/single_flight",
     .promise = "whoever dies, everyone else gets its error, asks again and is served, by one more "
                "computation",
     .max_computations = 2,
     .has_lease = false,
     .asks_again = true},
    {.name = "Crash/locking/stampede_lease",
     .role = Role::kSafe,
     .family = "Stampede",
     .victim = "locking/lease",
     .promise = kServedOnce,
     .max_computations = 2},
    {.name = "Crash/unsafe/lock_setnx_spin",
     .role = Role::kControl,
     .family = "Lock",
     .victim = "locking/setnx_spin",
     .promise = kServed,
     .has_lease = false},
    {.name = "Crash/unsafe/lock_ticket",
     .role = Role::kControl,
     .family = "Lock",
     .victim = "locking/ticket",
     .promise = kServed,
     .has_lease = false},
    {.name = "Crash/locking/lock_token_backoff",
     .role = Role::kSafe,
     .family = "Lock",
     .victim = "locking/token_backoff",
     .promise = kServed},
    {.name = "Crash/locking/lock_blpop_queue",
     .role = Role::kSafe,
     .family = "Lock",
     .victim = "locking/blpop_queue",
     .promise = kSlowly},
    {.name = "Crash/locking/lock_pubsub",
     .role = Role::kSafe,
     .family = "Lock",
     .victim = "locking/pubsub",
     .promise = kServed},
    {.name = "Crash/locking/lock_fair_queue",
     .role = Role::kSafe,
     .family = "Lock",
     .victim = "locking/fair_queue",
     .promise = kSlowly},
    {.name = "Crash/locking/lock_read_write",
     .role = Role::kSafe,
     .family = "Lock",
     .victim = "locking/read_write",
     .promise = kServed},
    {.name = "Crash/locking/lock_redlock",
     .role = Role::kSafe,
     .family = "Lock",
     .victim = "locking/redlock",
     .promise = kServed},
    {.name = "Crash/locking/lock_fenced",
     .role = Role::kSafe,
     .family = "Lock",
     .victim = "locking/fenced",
     .promise = kServed},
    {.name = "Crash/lockfree/lock_lua",
     .role = Role::kSafe,
     .family = "Lock",
     .victim = "lockfree/lua",
     .promise = kNobodyWaits,
     .has_lease = false,
     .holds_nothing = true},
    {.name = "Crash/lockfree/lock_watch",
     .role = Role::kSafe,
     .family = "Lock",
     .victim = "lockfree/watch",
     .promise = kNobodyWaits,
     .has_lease = false,
     .holds_nothing = true},
};

std::vector<BenchmarkSpec> Variants(const HolderFaultOptions& options) {
  const std::vector<BenchmarkSpec> victims = VariantsWithHolders();
  std::vector<BenchmarkSpec> specs;
  for (const Row& row : kRows) {
    const BenchmarkSpec& victim = FindVariant(victims, row.family, row.victim);
    HolderFault fault;
    fault.lease_ms = options.lease_ms;
    fault.recovery_leases = victim.trial.recovery_leases;
    // Who has stored the value before it dies holds up nobody.
    const bool computes = victim.shape == Shape::kRounds;
    fault.last_request =
        computes || row.holds_nothing ? 0 : victim.trial.requests_while_holding - 1;
    fault.max_computations = row.max_computations;
    fault.has_lease = row.has_lease;
    fault.holds_nothing = row.holds_nothing;
    fault.asks_again = row.asks_again;
    fault.computes_long = row.computes_long;
    fault.proven_here = {"by_recovery", "by_repetition"};
    specs.push_back(WithHolderFault(row.name, row.role, row.promise, victim, fault,
                                    options.RoundsOr(kDefaultRounds)));
  }
  return specs;
}

}  // namespace

Family CrashFamily() {
  const auto options = std::make_shared<HolderFaultOptions>();
  return {
      .name = "Crash",
      .metrics = {MeanOfComputations(), RecoveryMedian(), RecoveryMaximum(), RecoveryOverFloor(),
                  AllServedMaximum(), Unserved()},
      .columns = {{"recovery", "recovery_p50_us"}, {"x rest", "recovery_x_floor"}},
      .flags = HolderFaultFlags(options.get()),
      .variants = [options] { return Variants(*options); },
  };
}

}  // namespace rcb
