// Stall: the holder of a lock, or the one who computes for all, stalls for longer than its lease,
// or the server does.
//
// Question: do two hold at once, and is what the late one writes accepted?
// Rounds:   all workers want it at once; the first to hold sends its write one and a half leases
//           late, when another has held and written. In the rows called server_* it is not at
//           fault: the server stands still for so long, and answers when the lease is over. The
//           holder goes on with that answer, and writes half a lease later. The variants are those
//           of Lock and Stampede.
// Checked:  the record of the counter, who was inside together, fences, and whose value is in the
//           cache in the end.

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "bench/families.h"
#include "bench/holder_fault.h"
#include "bench/holder_fault_metrics.h"
#include "bench/stampede/round.h"

namespace rcb {
namespace {

constexpr int64_t kDefaultRounds = 4;
constexpr double kStallLeases = 1.5;
// Where those that wait look once a lease, and so may look just before it ends.
constexpr double kLongStallLeases = 2.5;
// What the holder's own work takes where the server stalls: less than a lease.
constexpr double kWorkLeases = 0.5;

struct Row {
  const char* name;
  Role role;
  const char* family;  // of the variant whose holders stall,
  const char* victim;  // and its discipline and name
  const char* promise;
  int request = 1;  // of the holder, before which it stalls: its write
  bool has_lease = true;
  bool holds_nothing = false;
  double stall_leases = kStallLeases;
  double server_stall_leases = 0;
};

constexpr char kAlone[] = "no late write accepted, no update lost, and nobody else inside";
constexpr char kFenced[] = "no late write accepted, no update lost, though others are inside";
constexpr char kWaited[] =
    "no late write accepted, no update lost: all others wait until the holder goes on";
constexpr char kNoLock[] = "no late write accepted, no update lost, and nobody waits";
constexpr char kLateFill[] = "the value of a winner whose lease is over is not stored";
constexpr Row kRows[] = {
    {.name = "Stall/unsafe/lock_plain_del",
     .role = Role::kControl,
     .family = "Lock",
     .victim = "unsafe/plain_del",
     .promise = kAlone},
    {.name = "Stall/unsafe/lock_token_backoff",
     .role = Role::kControl,
     .family = "Lock",
     .victim = "locking/token_backoff",
     .promise = kAlone},
    {.name = "Stall/unsafe/lock_blpop_queue",
     .role = Role::kControl,
     .family = "Lock",
     .victim = "locking/blpop_queue",
     .promise = kAlone},
    {.name = "Stall/unsafe/lock_pubsub",
     .role = Role::kControl,
     .family = "Lock",
     .victim = "locking/pubsub",
     .promise = kAlone},
    {.name = "Stall/unsafe/lock_fair_queue",
     .role = Role::kControl,
     .family = "Lock",
     .victim = "locking/fair_queue",
     .promise = kAlone,
     .stall_leases = kLongStallLeases},
    {.name = "Stall/unsafe/lock_read_write",
     .role = Role::kControl,
     .family = "Lock",
     .victim = "locking/read_write",
     .promise = kAlone},
    {.name = "Stall/unsafe/lock_redlock",
     .role = Role::kControl,
     .family = "Lock",
     .victim = "locking/redlock",
     .promise = kAlone},
    {.name = "Stall/unsafe/lock_unfenced",
     .role = Role::kControl,
     .family = "Lock",
     .victim = "unsafe/unfenced",
     .promise = kFenced},
    {.name = "Stall/locking/lock_fenced",
     .role = Role::kSafe,
     .family = "Lock",
     .victim = "locking/fenced",
     .promise = kFenced},
    {.name = "Stall/locking/lock_setnx_spin",
     .role = Role::kSafe,
     .family = "Lock",
     .victim = "locking/setnx_spin",
     .promise = kWaited,
     .has_lease = false},
    {.name = "Stall/locking/lock_ticket",
     .role = Role::kSafe,
     .family = "Lock",
     .victim = "locking/ticket",
     .promise = kWaited,
     .has_lease = false},
    {.name = "Stall/lockfree/lock_lua",
     .role = Role::kSafe,
     .family = "Lock",
     .victim = "lockfree/lua",
     .promise = kNoLock,
     .request = 0,
     .has_lease = false,
     .holds_nothing = true},
    {.name = "Stall/lockfree/lock_watch",
     .role = Role::kSafe,
     .family = "Lock",
     .victim = "lockfree/watch",
     .promise = kNoLock,
     .has_lease = false,
     .holds_nothing = true},
    {.name = "Stall/unsafe/stampede_token_lock",
     .role = Role::kControl,
     .family = "Stampede",
     .victim = "locking/token_lock",
     .promise = kLateFill,
     .request = 0},
    {.name = "Stall/unsafe/stampede_pubsub",
     .role = Role::kControl,
     .family = "Stampede",
     .victim = "locking/pubsub",
     .promise = kLateFill,
     .request = 0},
    {.name = "Stall/unsafe/stampede_blpop",
     .role = Role::kControl,
     .family = "Stampede",
     .victim = "locking/blpop",
     .promise = kLateFill,
     .request = 0},
    {.name = "Stall/locking/stampede_lease",
     .role = Role::kSafe,
     .family = "Stampede",
     .victim = "locking/lease",
     .promise = kLateFill,
     .request = 0},
    {.name = "Stall/unsafe/server_lock_token_backoff",
     .role = Role::kControl,
     .family = "Lock",
     .victim = "locking/token_backoff",
     .promise = kAlone,
     .stall_leases = kWorkLeases,
     .server_stall_leases = kStallLeases},
    {.name = "Stall/unsafe/server_lock_redlock",
     .role = Role::kControl,
     .family = "Lock",
     .victim = "locking/redlock",
     .promise = kAlone,
     .stall_leases = kWorkLeases,
     .server_stall_leases = kStallLeases},
    {.name = "Stall/locking/server_lock_fenced",
     .role = Role::kSafe,
     .family = "Lock",
     .victim = "locking/fenced",
     .promise = kFenced,
     .stall_leases = kWorkLeases,
     .server_stall_leases = kStallLeases},
    // What they compute needs something from the server that stalls.
    {.name = "Stall/unsafe/server_stampede_token_lock",
     .role = Role::kControl,
     .family = "Stampede",
     .victim = "locking/token_lock",
     .promise = kLateFill,
     .request = 0,
     .stall_leases = kStallLeases + kWorkLeases,
     .server_stall_leases = kStallLeases},
    {.name = "Stall/locking/server_stampede_lease",
     .role = Role::kSafe,
     .family = "Stampede",
     .victim = "locking/lease",
     .promise = kLateFill,
     .request = 0,
     .stall_leases = kStallLeases + kWorkLeases,
     .server_stall_leases = kStallLeases},
};

// For how long the holder stalls itself: some variants take longer than a lease to find out.
double StallLeasesOf(const Row& row, const BenchmarkSpec& victim) {
  if (row.server_stall_leases > 0 || victim.shape == Shape::kRounds) return row.stall_leases;
  return std::max(row.stall_leases, victim.trial.stall_leases);
}

std::vector<BenchmarkSpec> Variants(const HolderFaultOptions& options) {
  const std::vector<BenchmarkSpec> victims = VariantsWithHolders();
  std::vector<BenchmarkSpec> specs;
  for (const Row& row : kRows) {
    const BenchmarkSpec& victim = FindVariant(victims, row.family, row.victim);
    HolderFault fault;
    fault.lease_ms = options.lease_ms;
    fault.stall_leases = StallLeasesOf(row, victim);
    fault.server_stall_leases = row.server_stall_leases;
    fault.first_request = row.request;
    fault.last_request = row.request;
    fault.recovery_leases = victim.trial.recovery_leases;
    fault.has_lease = row.has_lease;
    fault.holds_nothing = row.holds_nothing;
    if (victim.shape == Shape::kRounds) fault.is_late_value = stampede::Shared::IsFirst;
    fault.proven_here = {"by_counter", "by_intervals", "by_cell", "by_fence", "by_late_value"};
    specs.push_back(WithHolderFault(row.name, row.role, row.promise, victim, fault,
                                    options.RoundsOr(kDefaultRounds)));
  }
  return specs;
}

}  // namespace

Family StallFamily() {
  const auto options = std::make_shared<HolderFaultOptions>();
  return {
      .name = "Stall",
      .metrics = {RecoveryMedian(), RecoveryMaximum(), AllServedMaximum(), Unserved(),
                  TwoHoldersRatio(), LateWriteRatio()},
      .columns = {{"recovery", "recovery_p50_us"},
                  {"two inside", "two_holders_ratio"},
                  {"late", "late_write_ratio"}},
      .flags = HolderFaultFlags(options.get()),
      .variants = [options] { return Variants(*options); },
  };
}

}  // namespace rcb
