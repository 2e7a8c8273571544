// What a suite does where its rows are run again and again, and what it tells of each run.

#include <cstdio>
#include <map>
#include <string>

#include "common/harness/suite.h"
#include "common/measure/clock.h"

namespace rcb {
namespace {

// How often something failed, by what was said of it.
using Failures = std::map<std::string, int64_t>;

// A server's words may have numbers in them that differ each time.
constexpr size_t kMaxFailures = 20;
constexpr char kOthers[] = "others";

}  // namespace

int64_t Suite::BeginPass(int64_t last_begin_ns) {
  ++pass_;
  last_begin_ns_ = last_begin_ns;
  begun_rows_.clear();
  lengths_.clear();  // it looks for the number of iterations anew
  histogram_out_.BeginPass();
  return ledger_.RetryAborted();
}

// Of a row that has begun in this pass, the rest runs too: it would be no result without it.
bool Suite::IsTooLate(const std::string& name) {
  LedgerEntry& entry = ledger_[name];
  const bool is_limited = pass_ > 1 && begun_rows_.count(name) == 0;
  entry.is_late = is_limited && NowNs() > last_begin_ns_;
  if (!entry.is_late) begun_rows_.insert(name);
  return entry.is_late;
}

// `judged` is null where the run was not.
void Suite::TellOfRun(const Instance& instance, const Tally& tally, const Findings* judged) {
  const LedgerEntry& entry = ledger_[instance.name];
  const std::string& row = instance.printed_name;
  const bool is_violated = judged != nullptr && !judged->violations.none();
  if (is_violated && options_.duration_ms > 0 && entry.role != Role::kControl) {
    std::fprintf(stderr, "bench: %s: %lld violations: %s\n", row.c_str(),
                 static_cast<long long>(judged->violations.count),
                 judged->violations.first.c_str());
  }
  if (log_ == nullptr) return;
  Failures failures;
  int64_t left_out = 0;
  for (auto& slot : stage_.session().slots()) {
    left_out += slot->incidents_left_out;
    for (const Incident& incident : slot->incidents) {
      if (incident.is_loss) {
        log_->Write(LogEntry("connection_lost", incident.at_ns)
                        .Add("row", row)
                        .Add("worker", incident.worker)
                        .Add("text", incident.what));
        continue;
      }
      const bool is_kept = failures.count(incident.what) > 0 || failures.size() < kMaxFailures;
      ++failures[is_kept ? incident.what : kOthers];
    }
  }
  for (const auto& [text, count] : failures) {
    log_->Write(LogEntry("error").Add("row", row).Add("text", text).Add("count", count));
  }
  if (left_out > 0) {
    log_->Write(LogEntry("error").Add("row", row).Add("text", kOthers).Add("count", left_out));
  }
  if (is_violated && entry.role != Role::kControl) {
    log_->Write(LogEntry("violation")
                    .Add("row", row)
                    .Add("count", judged->violations.count)
                    .Add("text", judged->violations.first));
  }
  LogEntry run("run");
  run.Add("row", row)
      .Add("operations", tally.succeeded)
      .Add("errors", tally.errors)
      .Add("timeouts", tally.timeouts)
      .Add("role", ToText(entry.role))
      .Add("verdict", ToText(entry.verdict()));
  if (judged != nullptr) run.Add("violations", judged->violations.count);
  if (!entry.abort_reason.empty()) run.Add("aborted", entry.abort_reason);
  if (!entry.void_reason.empty()) run.Add("void", entry.void_reason);
  log_->Write(run);
}

}  // namespace rcb
