// Mixed: everything that an application does with its cache, at once and over one keyspace.
//
// Question: what do the techniques cost beside each other, class by class, from few clients to
// many? Checked:  each class by a detector of its own, exactly: registers (by_get, by_set),
// counters
//           (by_incr), banks (by_transfer), computations (by_compute), values older than an
//           acknowledged invalidation (by_invalidate) or than their end (by_expire).

#ifndef RCB_BENCH_MIXED_MIXED_SCENARIO_H_
#define RCB_BENCH_MIXED_MIXED_SCENARIO_H_

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "bench/mixed/document_check.h"
#include "bench/mixed/mix.h"
#include "bench/mixed/record.h"
#include "bench/mixed/store.h"
#include "bench/mixed/variants.h"
#include "bench/transaction/bank.h"
#include "common/harness/notes.h"
#include "common/harness/scenario.h"
#include "common/measure/per_worker.h"
#include "common/workload/key_chooser.h"

namespace rcb::mixed {

// What is promised of computations.
enum class Once {
  kEachLoss,    // one for each invalidation or expiration
  kEachExpiry,  // one for each expiration; after an invalidation all that miss compute
};

class MixedScenario : public Scenario {
 public:
  MixedScenario(const RunPlan& plan, const Settings& settings, const Techniques& techniques,
                Once once);

  absl::Status Prepare(BlockingClient& redis) override;
  Operation Operate(Worker& worker) override;
  absl::StatusOr<Findings> Check(absl::Span<const OpRecord> history,
                                 BlockingClient& redis) override;

  // For who takes cached documents away while operations run: the pattern of the names of their
  // keys, and before Check, which of these names are gone, since some time between the two.
  std::string documents() const { return store_.documents(); }
  void NoteLoss(const std::vector<std::string>& names, int64_t invoke_ns, int64_t return_ns);
  // The same, where all else is gone as well, and the accounts have their opening balances again.
  // In the order of the times.
  void NoteFlush(const std::vector<std::string>& names, int64_t invoke_ns, int64_t return_ns);
  // The names of all accounts.
  std::vector<std::string> accounts() const;

 private:
  struct alignas(64) Chooser {
    KeyChooser keys;
  };
  struct Look {
    Key key = 0;  // the bank
    transaction::Balances balances{};
  };

  absl::Status FillDocuments(BlockingClient& redis) const;
  Operation Transfer(Worker& worker, Note& note);
  Operation LookAtBooks(Worker& worker, Key bank);
  Key BankOf(Key key) const { return key % banks_.size(); }

  Record Sort(absl::Span<const OpRecord> history) const;
  absl::Status JudgeEpochs(absl::Span<const OpRecord> history, BlockingClient& redis,
                           Findings& findings) const;
  absl::Status JudgeState(Record& record, BlockingClient& redis, Findings& findings) const;
  absl::Status AddFinalNumbers(BlockingClient& redis, Record& record) const;
  absl::Status JudgeBanks(Record& record, BlockingClient& redis, Findings& findings) const;
  void JudgeDocuments(Record& record, Findings& findings) const;
  void Publish(absl::Span<const OpRecord> history, const Record& record, Counters& counters) const;

  Store store_;
  const Techniques techniques_;
  const Once once_;
  const ClassChooser classes_;
  const bool is_trial_;
  std::vector<Chooser> choosers_;  // by worker
  std::vector<transaction::Bank> banks_;
  Notes<Note> notes_;
  PerWorker<int64_t> written_;  // how many numbers
  PerWorker<std::vector<Look>> looks_;
  std::vector<Loss> losses_;  // that no operation of ours has caused
  std::vector<Flush> flushes_;
};

}  // namespace rcb::mixed

#endif  // RCB_BENCH_MIXED_MIXED_SCENARIO_H_
