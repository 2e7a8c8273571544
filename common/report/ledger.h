// What came to light about each benchmark over all its runs, those that Google Benchmark discards
// included, and the verdict that follows.

#ifndef RCB_COMMON_REPORT_LEDGER_H_
#define RCB_COMMON_REPORT_LEDGER_H_

#include <cstdint>
#include <map>
#include <string>

#include "absl/strings/string_view.h"
#include "common/check/violations.h"
#include "common/report/contract.h"

namespace rcb {

// The detectors of the harness, which serve all families; the others are a family's own.
inline constexpr char kByWait[] = "by_wait";        // of bounds on waits in a trial
inline constexpr char kByResidue[] = "by_residue";  // of what is left on the server

// One benchmark: a row of the table.
struct LedgerEntry {
  std::string variant;  // "Family/discipline/variant"
  Role role = Role::kMeasurement;
  Contract contract;
  int workers = 0;
  bool finished = false;  // some run came to its end
  Violations violations;
  std::map<std::string, int64_t> detections;  // violations by the detector that found them
  std::string trial;        // "tried", or why clients that misbehave were not; or empty
  int64_t succeeded = 0;    // operations
  int64_t overlapping = 0;  // operations that began while another ran
  std::string check_again;  // a command that judges the recorded violations again; or empty
  int64_t errors = 0;
  int64_t timeouts = 0;
  std::string first_error;
  std::string servers;       // of ours that it measures instead of the user's; or empty
  std::string abort_reason;  // why no run of it can be trusted or tried again; or empty
  std::string void_reason;   // how the server may have lost data; or empty
  std::string overload;  // what was offered and what was achieved, where that was less; or empty
  std::string note;      // for people, from the last run; may be empty
  bool interrupted = false;  // by Ctrl-C: its last run is not a result
  bool is_late = false;      // it did not begin again before the time was over, and reports nothing

  RowVerdict verdict() const;
  // One line about what is wrong with its numbers; empty when nothing is.
  std::string Error() const;
  // One line about what the verdict means, and what to raise; empty where there is nothing to say.
  std::string Remark() const;
};

// What the suite concludes.
struct Verdict {
  std::string line;  // "verdict: 22 safe variants, 0 violations; 5 unsafe controls, all caught"
  bool failed = false;
  // Lines that name the detectors that found nothing in any row, and those that nothing shows to
  // work: "unproven detectors of Lock: by_cell". Empty, or each ends with a line feed.
  std::string unproven;
};

// Main thread only.
class Ledger {
 public:
  // The entry of the benchmark `name`, as in Name(), made on first use.
  LedgerEntry& operator[](const std::string& name) { return entries_[name]; }
  // The entry, or null where the benchmark never ran.
  const LedgerEntry* Find(const std::string& name) const;

  // Lets benchmarks that could not run begin again, for which the reason becomes an error. How many
  // there are.
  int64_t RetryAborted();

  Verdict Conclude() const;

 private:
  std::map<std::string, LedgerEntry> entries_;
};

// "Family/discipline/variant/workers:50/threads:1" from its parts.
std::string LedgerName(absl::string_view function, absl::string_view args, int64_t threads);

}  // namespace rcb

#endif  // RCB_COMMON_REPORT_LEDGER_H_
