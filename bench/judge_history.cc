#include "bench/judge_history.h"

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "common/check/interval.h"
#include "common/check/list_append_check.h"
#include "common/history/history_reader.h"
#include "common/history/json_string.h"
#include "common/history/judge.h"
#include "common/history/operation_text.h"
#include "common/history/witness.h"

namespace rcb {
namespace {

constexpr int kViolated = 1;
constexpr int kBadInput = 2;
constexpr size_t kMaxShown = 20;     // operations of a witness, in text
constexpr size_t kMaxListed = 1000;  // in JSON

struct Report {
  const std::string& path;
  const ModelHistory& history;
  const HistoryVerdict& verdict;
  const Witness& witness;
};

const char* Promise(HistoryModel model) {
  return model == HistoryModel::kListAppend ? "strictly serializable" : "linearizable";
}

size_t ProcessesOf(const ModelHistory& history) {
  std::set<int32_t> processes;
  for (const HistoryOp& op : history.ops) processes.insert(op.process);
  return processes.size();
}

const char* AnswerName(Answer answer) {
  return answer == Answer::kLinearizable      ? "holds"
         : answer == Answer::kNotLinearizable ? "violated"
                                              : "undecided";
}

// "lost-append (G-single-realtime in Elle)", once for each anomaly, with how many there are.
std::string AnomaliesInWords(const HistoryVerdict& verdict) {
  std::vector<std::string> words;
  for (const auto& [anomaly, count] : verdict.anomalies) {
    const std::string name = ListAnomalyName(anomaly);
    const std::string elle = ElleAnomalyName(anomaly);
    words.push_back(absl::StrCat(count, " ", name,
                                 elle == name   ? ""
                                 : elle.empty() ? " (not in Elle)"
                                                : absl::StrCat(" (", elle, " in Elle)")));
  }
  return words.empty() ? "" : absl::StrCat(": ", absl::StrJoin(words, ", "));
}

// What the verdict means, in one line.
std::string Sentence(const Report& report) {
  const char* promise = Promise(report.history.model);
  switch (report.verdict.answer) {
    case Answer::kLinearizable:
      return absl::StrCat("verdict: ", promise);
    case Answer::kUndecided:
      return absl::StrCat(
          "verdict: undecided, whether it is ", promise,
          "; the search gave up, which counts as failed: ", report.verdict.undecided);
    case Answer::kNotLinearizable:
      break;
  }
  return absl::StrCat("verdict: not ", promise, ", ", report.verdict.violations.count,
                      report.verdict.violations.count == 1 ? " violation" : " violations",
                      AnomaliesInWords(report.verdict));
}

void PrintWitness(const Report& report) {
  const std::vector<size_t>& ops = report.witness.ops;
  if (ops.empty()) return;
  const char* before =
      report.witness.from_any_value ? "whatever was there before" : "from the initial value on";
  if (ops.size() == 1) {
    std::cout << "\nThis one contradicts all others, ";
  } else {
    std::cout << "\nThese " << ops.size() << " contradict each other, ";
  }
  if (report.history.model == HistoryModel::kListAppend) {
    std::cout << "in microseconds by the clock:\n";
  } else {
    std::cout << before << ", in microseconds by the clock:\n";
  }
  const OperationText text(report.history);
  for (size_t i = 0; i < std::min(ops.size(), kMaxShown); ++i) {
    std::cout << "  " << text.Line(ops[i]) << "\n";
  }
  if (ops.size() > kMaxShown) std::cout << "  and " << ops.size() - kMaxShown << " more\n";
  if (report.witness.maybes > 0) {
    std::cout << "It does not help that others (" << report.witness.maybes
              << ") may have been done in between, or not.\n";
  }
}

void PrintText(const Report& report) {
  const ModelHistory& history = report.history;
  std::cout << report.path << ": " << HistoryModelName(history.model) << ", " << history.ops.size()
            << " operations of " << ProcessesOf(history) << " processes";
  if (!history.row.empty()) std::cout << ", recorded by " << history.row;
  std::cout << "\n" << Sentence(report) << "\n";
  if (report.verdict.answer != Answer::kNotLinearizable) return;
  std::cout << "first: " << report.verdict.violations.first << "\n";
  PrintWitness(report);
}

void PrintJson(const Report& report) {
  const HistoryVerdict& verdict = report.verdict;
  std::string json = absl::StrCat(
      "{\"file\":", JsonString(report.path), ",\"model\":\"",
      HistoryModelName(report.history.model), "\",\"row\":", JsonString(report.history.row),
      ",\"operations\":", report.history.ops.size(), ",\"verdict\":\"", AnswerName(verdict.answer),
      "\",\"violations\":", verdict.violations.count, ",\"first\":",
      JsonString(verdict.answer == Answer::kUndecided ? verdict.undecided
                                                      : verdict.violations.first),
      ",\"anomalies\":[");
  const char* comma = "";
  for (const auto& [anomaly, count] : verdict.anomalies) {
    absl::StrAppend(&json, comma, "{\"name\":", JsonString(ListAnomalyName(anomaly)),
                    ",\"elle\":", JsonString(ElleAnomalyName(anomaly)), ",\"count\":", count, "}");
    comma = ",";
  }
  const std::vector<size_t>& ops = report.witness.ops;
  absl::StrAppend(&json, "],\"witness\":{\"size\":", ops.size(),
                  ",\"from_any_value\":", report.witness.from_any_value ? "true" : "false",
                  ",\"others_in_between\":", report.witness.maybes, ",\"operations\":[");
  const OperationText text(report.history);
  for (size_t i = 0; i < std::min(ops.size(), kMaxListed); ++i) {
    absl::StrAppend(&json, i == 0 ? "" : ",", text.Json(ops[i]));
  }
  std::cout << json << "]}}\n";
}

}  // namespace

int JudgeHistoryFile(const Options& options) {
  HistoryReaderOptions reading;
  if (!options.history_model.empty()) reading.model = ParseHistoryModel(options.history_model);
  if (!options.history_initial.empty()) reading.initial = options.history_initial;
  const absl::StatusOr<ModelHistory> history = ReadHistory(options.history_check, reading);
  if (!history.ok()) {
    std::fprintf(stderr, "bench: --history_check: %s\n",
                 std::string(history.status().message()).c_str());
    return kBadInput;
  }
  const HistoryVerdict verdict = JudgeHistory(*history);
  Witness witness;
  if (verdict.answer == Answer::kNotLinearizable) {
    witness = FindWitness(*history, verdict.violations.first);
  }
  const Report report = {options.history_check, *history, verdict, witness};
  options.history_format == "json" ? PrintJson(report) : PrintText(report);
  std::cout.flush();
  if (!std::cout.good()) {
    std::fprintf(stderr, "bench: standard output can't be written\n");
    return kViolated;
  }
  return verdict.answer == Answer::kLinearizable ? 0 : kViolated;
}

}  // namespace rcb
