#include "common/history/operation_text.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/check/interval.h"
#include "common/history/history_reader.h"
#include "common/history/json_string.h"

namespace rcb {
namespace {

using Function = HistoryFunction;

// So many values of a list that was read are shown to people: the first ones and the last one.
constexpr size_t kMaxShown = 8;

const char* Name(Outcome outcome) {
  return outcome == Outcome::kOk ? "ok" : outcome == Outcome::kFailed ? "fail" : "unknown";
}

}  // namespace

OperationText::OperationText(const ModelHistory& history) : history_(history), origin_ns_(kNever) {
  for (const HistoryOp& op : history.ops) origin_ns_ = std::min(origin_ns_, op.invoke_ns);
}

std::string OperationText::Value(int64_t value) const { return history_.names.ToJson(value); }

std::string OperationText::Header() const {
  const bool has_initial =
      history_.model != HistoryModel::kMutex && history_.model != HistoryModel::kListAppend;
  return absl::StrCat("{\"history\":", kHistoryVersion, ",\"model\":\"",
                      HistoryModelName(history_.model), "\",\"row\":", JsonString(history_.row),
                      ",\"initial\":", has_initial ? Value(history_.initial) : "null",
                      ",\"operations\":", history_.ops.size(), "}");
}

std::string OperationText::Json(size_t place) const {
  std::string text;
  AppendJson(place, &text);
  return text;
}

void OperationText::AppendJson(size_t place, std::string* text) const {
  const HistoryOp& op = history_.ops[place];
  const bool is_transaction = op.function == Function::kTxn;
  absl::StrAppend(text, "{\"process\":", op.process, ",\"f\":\"", HistoryFunctionName(op.function),
                  "\",\"key\":", is_transaction ? "null" : Value(op.key));
  if (is_transaction) {
    AppendSteps(history_.lists.transactions()[place], text);
  } else {
    AppendEffect(op, text);
  }
  absl::StrAppend(text, ",\"invoke_ns\":", op.invoke_ns - origin_ns_, ",\"return_ns\":");
  if (op.outcome == Outcome::kUnknown) {
    absl::StrAppend(text, "null");
  } else {
    absl::StrAppend(text, std::max(op.return_ns - origin_ns_, int64_t{0}));
  }
  absl::StrAppend(text, ",\"outcome\":\"", Name(op.outcome), "\"}");
}

void OperationText::AppendEffect(const HistoryOp& op, std::string* text) const {
  std::string args;
  std::string result = "null";
  const bool is_ok = op.outcome == Outcome::kOk;
  if (op.function == Function::kAdd) {
    args = "1";
    if (is_ok && op.has_result) result = Value(op.value);
  } else if (op.function == Function::kWrite) {
    args = Value(op.value);
  } else if (op.function == Function::kCas) {
    args = absl::StrCat(Value(op.expected), ",", Value(op.value));
    if (is_ok) result = op.swapped ? "true" : "false";
  } else if (op.function == Function::kRead && is_ok) {
    result = Value(op.value);
  }
  absl::StrAppend(text, ",\"args\":[", args, "],\"result\":", result);
}

void OperationText::AppendValues(const ListOp& step, std::string* text) const {
  const char* comma = "[";
  for (const int64_t value : history_.lists.ValuesOf(step)) {
    absl::StrAppend(text, comma, Value(value));
    comma = ",";
  }
  absl::StrAppend(text, step.values_size == 0 ? "[]" : "]");
}

void OperationText::AppendSteps(const ListTransaction& transaction, std::string* text) const {
  const char* comma = "";
  absl::StrAppend(text, ",\"args\":[");
  for (size_t i = transaction.ops_begin; i < transaction.ops_end; ++i) {
    const ListOp& step = history_.lists.ops()[i];
    absl::StrAppend(text, comma, step.is_read ? "[\"r\"," : "[\"append\",", Value(step.key));
    if (!step.is_read) absl::StrAppend(text, ",", Value(step.value));
    absl::StrAppend(text, "]");
    comma = ",";
  }
  absl::StrAppend(text, "],\"result\":");
  if (transaction.outcome != Outcome::kOk) {
    absl::StrAppend(text, "null");
    return;
  }
  comma = "";
  absl::StrAppend(text, "[");
  for (size_t i = transaction.ops_begin; i < transaction.ops_end; ++i) {
    const ListOp& step = history_.lists.ops()[i];
    absl::StrAppend(text, comma, step.is_read ? "" : "null");
    if (step.is_read) AppendValues(step, text);
    comma = ",";
  }
  absl::StrAppend(text, "]");
}

std::string OperationText::Line(size_t place) const {
  const HistoryOp& op = history_.ops[place];
  const auto us = [this](int64_t ns) { return static_cast<double>(ns - origin_ns_) / 1e3; };
  const std::string end = op.outcome == Outcome::kOk ? absl::StrFormat("%12.3f", us(op.return_ns))
                                                     : absl::StrFormat("%12s", Name(op.outcome));
  return absl::StrFormat("%12.3f .. %s  process %-4d %s", us(op.invoke_ns), end, op.process,
                         Words(place));
}

std::string OperationText::Words(size_t place) const {
  const HistoryOp& op = history_.ops[place];
  const bool is_ok = op.outcome == Outcome::kOk;
  std::string words = op.key != 0 ? absl::StrCat("key ", Value(op.key), ": ") : "";
  switch (op.function) {
    case Function::kAdd:
      return absl::StrCat(words, "add 1",
                          is_ok && op.has_result ? absl::StrCat(" -> ", Value(op.value)) : "");
    case Function::kRead:
      return absl::StrCat(words, "read", is_ok ? absl::StrCat(" -> ", Value(op.value)) : "");
    case Function::kWrite:
      return absl::StrCat(words, "write ", Value(op.value));
    case Function::kCas:
      return absl::StrCat(words, "cas ", Value(op.expected), " to ", Value(op.value),
                          !is_ok       ? ""
                          : op.swapped ? " -> done"
                                       : " -> another value was there");
    case Function::kAcquire:
    case Function::kRelease:
      return absl::StrCat(words, HistoryFunctionName(op.function));
    case Function::kTxn:
      break;
  }
  words = absl::StrCat("T", place, ":");
  const ListTransaction& transaction = history_.lists.transactions()[place];
  for (size_t i = transaction.ops_begin; i < transaction.ops_end; ++i) {
    const ListOp& step = history_.lists.ops()[i];
    if (!step.is_read) {
      absl::StrAppend(&words, " append ", Value(step.value), " to ", Value(step.key), ";");
      continue;
    }
    absl::StrAppend(&words, " read ", Value(step.key));
    if (is_ok) {
      const absl::Span<const int64_t> values = history_.lists.ValuesOf(step);
      absl::StrAppend(&words, " -> [");
      for (size_t j = 0; j < values.size(); ++j) {
        if (j + 1 > kMaxShown && j + 1 < values.size()) continue;
        absl::StrAppend(&words, j == 0 ? "" : j > kMaxShown ? " ... " : " ", Value(values[j]));
      }
      absl::StrAppend(&words, "]");
    }
    absl::StrAppend(&words, ";");
  }
  if (words.back() == ';') words.pop_back();
  return words;
}

}  // namespace rcb
