// Judges a history by the checker of its model.

#ifndef RCB_COMMON_HISTORY_JUDGE_H_
#define RCB_COMMON_HISTORY_JUDGE_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "common/check/linearizability.h"
#include "common/check/list_append_check.h"
#include "common/check/violations.h"
#include "common/history/model_history.h"

namespace rcb {

struct HistoryVerdict {
  // Where no order was found and none can be excluded, there are no violations either.
  Answer answer = Answer::kLinearizable;
  Violations violations;
  std::string undecided;  // where the search gave up; empty unless the answer is kUndecided
  // kListAppend: how many there are of each anomaly that was found.
  std::vector<std::pair<ListAnomaly, int64_t>> anomalies;
};

// Judges `history`: linearizability, of transactions strict serializability. Each key is an object
// of its own. Registers of which every write has its own value, and counters, are decided by their
// special checkers, other registers and mutexes by the search within `limits`. Any thread.
HistoryVerdict JudgeHistory(const ModelHistory& history, const LinearizabilityOptions& limits = {});

// The same of part of it: of the operations in `ops`, which are no transactions, on one key.
HistoryVerdict JudgeOperations(HistoryModel model, const std::vector<HistoryOp>& ops,
                               int64_t initial, const LinearizabilityOptions& limits = {});

// What Elle calls that anomaly, or empty where it has none that is the same.
const char* ElleAnomalyName(ListAnomaly anomaly);

}  // namespace rcb

#endif  // RCB_COMMON_HISTORY_JUDGE_H_
