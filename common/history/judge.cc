#include "common/history/judge.h"

#include <algorithm>
#include <cstddef>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "common/check/blind_counter_check.h"
#include "common/check/register_check.h"

namespace rcb {
namespace {

using Function = HistoryFunction;

ValueOp ToValueOp(const HistoryOp& op) {
  return {op.invoke_ns, op.return_ns, op.value, op.function == Function::kRead, op.outcome};
}

bool IsBlind(const HistoryOp& op) {
  return op.function == Function::kAdd && op.outcome == Outcome::kOk && !op.has_result;
}

HistoryVerdict Verdict(const Violations& violations) {
  HistoryVerdict verdict;
  verdict.violations = violations;
  if (!violations.none()) verdict.answer = Answer::kNotLinearizable;
  return verdict;
}

HistoryVerdict Verdict(const LinearizabilityVerdict& searched) {
  HistoryVerdict verdict = Verdict(searched.violations);
  verdict.answer = searched.answer;
  if (searched.answer == Answer::kUndecided) verdict.undecided = searched.first_undecided;
  return verdict;
}

HistoryVerdict JudgeCounter(const std::vector<HistoryOp>& ops, int64_t initial) {
  std::vector<CounterOp> counted;
  std::vector<CounterOp> blind;
  counted.reserve(ops.size());
  for (const HistoryOp& op : ops) (IsBlind(op) ? blind : counted).push_back(ToValueOp(op));
  if (!blind.empty()) return Verdict(CheckBlindCounter(counted, blind, initial));
  return Verdict(CheckCounter(std::move(counted), initial, std::nullopt).violations);
}

HistoryVerdict JudgeCasRegister(const std::vector<HistoryOp>& ops, int64_t initial,
                                const LinearizabilityOptions& limits) {
  std::vector<CasOp> cas;
  cas.reserve(ops.size());
  for (const HistoryOp& op : ops) {
    cas.push_back({.invoke_ns = op.invoke_ns,
                   .return_ns = op.return_ns,
                   .value = op.value,
                   .expected = op.expected,
                   .kind = op.function == Function::kRead    ? CasOp::Kind::kRead
                           : op.function == Function::kWrite ? CasOp::Kind::kWrite
                                                             : CasOp::Kind::kCas,
                   .swapped = op.swapped,
                   .outcome = op.outcome});
  }
  return Verdict(CheckCasRegister(std::move(cas), initial, limits));
}

// Whether no value is written twice, nor the initial one, by writes that may have been done.
bool WritesAreUnique(const std::vector<HistoryOp>& ops, int64_t initial) {
  std::vector<int64_t> written = {initial};
  for (const HistoryOp& op : ops) {
    const bool counts = op.function == Function::kWrite && op.outcome != Outcome::kFailed;
    if (counts) written.push_back(op.value);
  }
  std::sort(written.begin(), written.end());
  return std::adjacent_find(written.begin(), written.end()) == written.end();
}

HistoryVerdict JudgeRegister(const std::vector<HistoryOp>& ops, int64_t initial,
                             const LinearizabilityOptions& limits) {
  if (!WritesAreUnique(ops, initial)) return JudgeCasRegister(ops, initial, limits);
  std::vector<RegisterOp> values;
  values.reserve(ops.size());
  for (const HistoryOp& op : ops) values.push_back(ToValueOp(op));
  return Verdict(CheckRegister(std::move(values), initial).violations);
}

// A mutex that is held at first is one that somebody acquires before all else.
HistoryVerdict JudgeMutex(const std::vector<HistoryOp>& ops, int64_t initial,
                          const LinearizabilityOptions& limits) {
  std::vector<MutexOp> mutex;
  mutex.reserve(ops.size() + 1);
  if (initial != 0) mutex.push_back({});
  for (const HistoryOp& op : ops) {
    mutex.push_back({.invoke_ns = op.invoke_ns,
                     .return_ns = op.return_ns,
                     .is_release = op.function == Function::kRelease,
                     .outcome = op.outcome});
  }
  return Verdict(CheckMutex(mutex, limits));
}

HistoryVerdict JudgeLists(const ListHistory& lists) {
  const ListVerdict checked = CheckListAppend(lists);
  HistoryVerdict verdict = Verdict(checked.violations);
  for (size_t i = 0; i < kListAnomalies; ++i) {
    const auto anomaly = static_cast<ListAnomaly>(i);
    if (checked.count(anomaly) == 0) continue;
    verdict.anomalies.emplace_back(anomaly, checked.count(anomaly));
  }
  return verdict;
}

// Adds what was found on another key.
void Merge(const HistoryVerdict& other, const std::string& key, HistoryVerdict* verdict) {
  verdict->violations.Add(other.violations.count, absl::StrCat(key, other.violations.first));
  const bool is_worse =
      verdict->answer == Answer::kLinearizable || other.answer == Answer::kNotLinearizable;
  if (is_worse && other.answer != Answer::kLinearizable) verdict->answer = other.answer;
  if (verdict->undecided.empty() && !other.undecided.empty()) {
    verdict->undecided = absl::StrCat(key, other.undecided);
  }
}

}  // namespace

const char* ElleAnomalyName(ListAnomaly anomaly) {
  switch (anomaly) {
    case ListAnomaly::kGarbage:
      return "";
    case ListAnomaly::kDuplicate:
      return "duplicate-elements";
    case ListAnomaly::kLostAppend:
      return "G-single-realtime";
    case ListAnomaly::kG2:
      return "G2-item";
    case ListAnomaly::kG2Realtime:
      return "G2-item-realtime";
    default:
      return ListAnomalyName(anomaly);
  }
}

HistoryVerdict JudgeOperations(HistoryModel model, const std::vector<HistoryOp>& ops,
                               int64_t initial, const LinearizabilityOptions& limits) {
  switch (model) {
    case HistoryModel::kCounter:
      return JudgeCounter(ops, initial);
    case HistoryModel::kRegister:
      return JudgeRegister(ops, initial, limits);
    case HistoryModel::kCasRegister:
      return JudgeCasRegister(ops, initial, limits);
    case HistoryModel::kMutex:
      return JudgeMutex(ops, initial, limits);
    case HistoryModel::kListAppend:
      break;
  }
  return {};
}

HistoryVerdict JudgeHistory(const ModelHistory& history, const LinearizabilityOptions& limits) {
  if (history.model == HistoryModel::kListAppend) {
    HistoryVerdict verdict = JudgeLists(history.lists);
    verdict.violations.first = history.names.InWords(verdict.violations.first);
    return verdict;
  }
  const int64_t initial = history.model == HistoryModel::kMutex ? 0 : history.initial;
  const bool has_one_key =
      std::all_of(history.ops.begin(), history.ops.end(),
                  [&history](const HistoryOp& op) { return op.key == history.ops.front().key; });
  HistoryVerdict verdict;
  if (has_one_key) {
    verdict = JudgeOperations(history.model, history.ops, initial, limits);
  } else {
    std::vector<HistoryOp> ops = history.ops;
    std::stable_sort(ops.begin(), ops.end(),
                     [](const HistoryOp& a, const HistoryOp& b) { return a.key < b.key; });
    for (auto begin = ops.begin(); begin != ops.end();) {
      const auto end = std::find_if(begin, ops.end(),
                                    [begin](const HistoryOp& op) { return op.key != begin->key; });
      Merge(JudgeOperations(history.model, {begin, end}, initial, limits),
            absl::StrCat("key ", history.names.ToJson(begin->key), ": "), &verdict);
      begin = end;
    }
  }
  verdict.violations.first = history.names.InWords(verdict.violations.first);
  verdict.undecided = history.names.InWords(verdict.undecided);
  return verdict;
}

}  // namespace rcb
