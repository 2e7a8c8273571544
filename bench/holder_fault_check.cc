#include "bench/holder_fault_check.h"

#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"

namespace rcb {
namespace {

constexpr int64_t kNsPerMs = 1'000'000;

double Quantile(std::vector<double> values, double q) {
  std::sort(values.begin(), values.end());
  return values[static_cast<size_t>(q * static_cast<double>(values.size() - 1))];
}

void MeasureRecovery(const HolderFault& fault, const std::vector<HolderRound>& rounds,
                     Counters* counters) {
  std::vector<double> recoveries_us;
  std::vector<double> over_floor;
  std::vector<double> all_served_us;
  for (size_t number = 1; number < rounds.size(); ++number) {
    const HolderRound& round = rounds[number];
    const int64_t fault_ns = round.faulty_ns;
    const int64_t next_ns = fault.has_lease ? round.next_held_ns : round.served_ns;
    if (fault_ns == 0 || round.served_ns == 0 || next_ns == 0) continue;
    const auto recovery_ns = static_cast<double>(next_ns - fault_ns);
    recoveries_us.push_back(recovery_ns / 1e3);
    all_served_us.push_back(static_cast<double>(round.last_ns - fault_ns) / 1e3);
    const int64_t rest_ns = round.held_ns + fault.lease_ms * kNsPerMs - fault_ns;
    over_floor.push_back(recovery_ns / static_cast<double>(std::max<int64_t>(rest_ns, 1)));
  }
  if (recoveries_us.empty()) return;
  counters->emplace_back("recovery_p50_us", Quantile(recoveries_us, 0.5));
  counters->emplace_back("recovery_max_us", Quantile(recoveries_us, 1));
  counters->emplace_back("all_served_max_us", Quantile(all_served_us, 1));
  if (fault.stall_leases == 0 && fault.has_lease) {
    counters->emplace_back("recovery_x_floor", Quantile(over_floor, 0.5));
  }
}

}  // namespace

absl::Status CheckServerStalled(const HolderFault& fault, const std::vector<HolderRound>& rounds) {
  bool has_stalled = false;
  for (const HolderRound& round : rounds) {
    if (round.stopped_ns == 0) continue;
    has_stalled = true;
    if (round.served_ns != 0 && round.served_ns < round.resumed_ns) {
      return absl::InternalError("the server answered although it had been stopped (SIGSTOP)");
    }
    if (round.resumed_ns - round.stopped_ns <= fault.lease_ms * kNsPerMs) {
      return absl::InternalError("the server was stopped (SIGSTOP) for less than a lease");
    }
  }
  if (has_stalled) return absl::OkStatus();
  return absl::UnavailableError(
      "no client held in time for the server to stall then: take fewer --workers, or a longer "
      "--lease_ms");
}

Violations CheckWaits(const HolderFault& fault, const std::vector<HolderRound>& rounds) {
  Violations late;
  for (size_t number = 1; number < rounds.size(); ++number) {
    const HolderRound& round = rounds[number];
    // Whoever stood still for long gave up without a look at the lock.
    if (StoodStill(fault, round.standstill_ns)) continue;
    if (round.unserved > 0) {
      late.Add(round.unserved, absl::StrCat("round ", number, ": ", round.unserved.load(),
                                            " clients were not served after a holder ",
                                            fault.stall_leases > 0 ? "stalled" : "died"));
    }
    if (round.faulty_ns == 0 || round.served_ns == 0) continue;
    const int64_t waited_ns = round.served_ns - round.faulty_ns;
    const int64_t bound_ns = NextBoundMs(fault) * kNsPerMs + 2 * round.standstill_ns;
    if (waited_ns <= bound_ns) continue;
    late.Add(
        1, absl::StrCat("round ", number, ": the next client was served after ",
                        waited_ns / kNsPerMs, " ms, and not within ", bound_ns / kNsPerMs, " ms"));
  }
  return late;
}

Violations CheckRepetitions(const HolderFault& fault, const std::vector<HolderRound>& rounds) {
  Violations needless;
  for (size_t number = 1; number < rounds.size(); ++number) {
    if (StoodStill(fault, rounds[number].standstill_ns)) continue;
    const int64_t computations = rounds[number].holds;
    needless.Add(std::max<int64_t>(computations - fault.max_computations, 0),
                 absl::StrCat("round ", number, ": ", computations, " computations, not ",
                              fault.max_computations));
  }
  return needless;
}

int64_t CountLateWrites(const std::vector<HolderRound>& rounds,
                        absl::Span<const OpRecord> victims_history) {
  std::map<int64_t, int64_t> writes;  // how many, by value
  const auto is_write = [](const OpRecord& op) {
    return op.outcome == Outcome::kOk && op.op_class == 0;
  };
  for (const OpRecord& op : victims_history) {
    if (is_write(op)) ++writes[op.value];
  }
  return std::count_if(victims_history.begin(), victims_history.end(), [&](const OpRecord& op) {
    const bool is_stalled = rounds[static_cast<size_t>(op.operation)].faulty_worker == op.worker;
    return is_write(op) && is_stalled && writes[op.value] > 1;
  });
}

Counters MeasureRounds(const HolderFault& fault, const std::vector<HolderRound>& rounds,
                       int64_t late) {
  int64_t unserved = 0;
  int64_t holds = 0;
  int64_t faults = 0;
  int64_t together = 0;
  for (size_t number = 1; number < rounds.size(); ++number) {
    const HolderRound& round = rounds[number];
    unserved += round.unserved;
    holds += round.holds;
    if (round.faulty_ns == 0) continue;
    ++faults;
    if (HeldTogether(fault, round)) ++together;
  }
  Counters counters = {{"unserved", static_cast<double>(unserved)}};
  const auto add_share = [&counters](const char* name, int64_t part, int64_t whole) {
    counters.emplace_back(name, static_cast<double>(part) / static_cast<double>(whole));
  };
  if (fault.max_computations > 0) {
    add_share("computations", holds, static_cast<int64_t>(rounds.size()) - 1);
  }
  if (fault.stall_leases > 0 && faults > 0) {
    add_share("two_holders_ratio", fault.holds_nothing ? 0 : together, faults);
    add_share("late_write_ratio", late, faults);
  }
  MeasureRecovery(fault, rounds, &counters);
  return counters;
}

}  // namespace rcb
