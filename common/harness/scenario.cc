#include "common/harness/scenario.h"

#include "common/history/judge.h"
#include "common/measure/clock.h"

namespace rcb {

Findings JudgeRecorded(ModelHistory history, const std::string& detector) {
  Findings findings;
  findings.Detect(detector, JudgeHistory(history).violations);
  findings.is_history_violated = !findings.violations.none();
  findings.history = std::move(history);
  return findings;
}

HistoryOp ToHistoryOp(const OpRecord& record, HistoryFunction function, int64_t value) {
  HistoryOp op;
  op.invoke_ns = record.invoke_ns;
  op.return_ns = record.return_ns;
  op.value = value;
  op.process = record.worker;
  op.function = function;
  op.outcome = record.outcome;
  op.has_result = function == HistoryFunction::kAdd;
  return op;
}

absl::Status AddFinalRead(const std::string& redis_key, int64_t key, int workers,
                          BlockingClient& redis, ModelHistory* history) {
  HistoryOp read;
  read.function = HistoryFunction::kRead;
  read.key = key;
  read.process = workers;
  read.invoke_ns = NowNs();
  const absl::StatusOr<Reply> value = redis.Command({"GET", redis_key});
  if (!value.ok()) return value.status();
  read.return_ns = NowNs();
  read.value = value->integer();
  history->ops.push_back(read);
  return absl::OkStatus();
}

}  // namespace rcb
