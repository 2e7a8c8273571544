#include "common/history/event_parser.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/check/interval.h"
#include "common/history/operation_parser.h"

namespace rcb {
namespace {

using Kind = NotationNode::Kind;
using Function = HistoryFunction;

constexpr NotationNode kNothing;
constexpr int32_t kNoProcess = -1;  // elle-cli takes events that name none

absl::Status Refused(const std::string& what) { return absl::InvalidArgumentError(what); }

const NotationNode& Field(const Notation& form, absl::string_view name) {
  const size_t place = form.Find(0, name);
  return place == Notation::kNone ? kNothing : form.at(place);
}

}  // namespace

absl::Status EventParser::Parse(const Notation& form, absl::string_view text) {
  const NotationNode& process = Field(form, "process");
  if (process.kind == Kind::kText && process.text == "nemesis") return absl::OkStatus();
  const bool is_numbered = process.kind == Kind::kInteger && process.number >= 0 &&
                           process.number <= std::numeric_limits<int32_t>::max();
  if (!is_numbered && process.kind != Kind::kNull) {
    return Refused("its process has to be a number below 2^31, or nemesis");
  }
  const int32_t number = is_numbered ? static_cast<int32_t>(process.number) : kNoProcess;
  const absl::string_view type = Field(form, "type").text;
  const absl::Status stamped = Stamp(form);
  if (!stamped.ok()) return stamped;
  if (type == "invoke") return Invoke(form, text, number);
  const bool is_known = type == "ok" || type == "fail" || type == "info";
  if (!is_known) return Refused("its type has to be invoke, ok, fail or info");
  const auto invoked = pending_.find(number);
  if (invoked == pending_.end()) {
    return Refused(absl::StrCat("process ", number, " completes what it has not invoked"));
  }
  Pending pending = std::move(invoked->second);
  pending_.erase(invoked);
  return Complete(form, std::move(pending),
                  type == "ok"     ? Outcome::kOk
                  : type == "fail" ? Outcome::kFailed
                                   : Outcome::kUnknown);
}

absl::Status EventParser::Stamp(const Notation& form) {
  const absl::StatusOr<int64_t> time = IntegerField(form, "time", 0);
  if (!time.ok()) return time.status();
  const bool has_time = *time != kNever;
  if (events_++ == 0) has_times_ = has_time;
  if (has_time != has_times_) return Refused("some events have a time, and some have none");
  if (*time > kNever / 2 && has_time) return Refused("its time is too large");
  now_ns_ = std::max(now_ns_ + 1, has_time ? *time : 0);
  return absl::OkStatus();
}

absl::Status EventParser::ParseFunction(const Notation& form, HistoryOp* op) {
  const NotationNode& name = Field(form, "f");
  if (builder_.model() == HistoryModel::kListAppend) {
    op->function = Function::kTxn;  // elle-cli takes transactions without an f
    const bool is_transaction =
        name.kind == Kind::kNull || name.text == "txn" || name.text == "append";
    if (is_transaction) return absl::OkStatus();
  } else {
    const std::optional<Function> function = ParseHistoryFunction(builder_.model(), name.text);
    op->function = function.value_or(Function::kRead);
    if (function) return absl::OkStatus();
  }
  return Refused(absl::StrCat("a ", HistoryModelName(builder_.model()), " has no operation ",
                              Quoted(name.text)));
}

absl::Status EventParser::Invoke(const Notation& form, absl::string_view text, int32_t process) {
  Pending pending;
  pending.op.process = std::max(process, 0);
  pending.op.invoke_ns = now_ns_;
  absl::Status status = ParseFunction(form, &pending.op);
  if (!status.ok()) return status;
  if (pending.op.function == Function::kTxn) pending.text = std::string(text);
  status = ParseArguments(form, &pending.op);
  if (!status.ok()) return status;
  if (pending_.emplace(process, std::move(pending)).second) return absl::OkStatus();
  return Refused(
      absl::StrCat("process ", process, " invokes an operation before its last one has completed"));
}

absl::Status EventParser::ParseArguments(const Notation& form, HistoryOp* op) {
  const size_t place = form.Find(0, "value");
  const NotationNode& value = Field(form, "value");
  if (op->function == Function::kAdd) {
    if (value.kind == Kind::kInteger && value.number == 1) return absl::OkStatus();
    return Refused("an add has to be of 1: other amounts are not judged");
  }
  if (op->function == Function::kWrite) {
    const absl::StatusOr<int64_t> written = builder_.ValueOf(value);
    if (!written.ok()) return written.status();
    op->value = *written;
  }
  if (op->function == Function::kCas) {
    const std::vector<size_t> pair =
        value.kind == Kind::kList ? form.ElementsOf(place) : std::vector<size_t>();
    if (pair.size() != 2) return Refused("the value of a cas has to be [expected new]");
    const absl::StatusOr<int64_t> expected = builder_.ValueOf(form.at(pair[0]));
    const absl::StatusOr<int64_t> put = builder_.ValueOf(form.at(pair[1]));
    if (!expected.ok()) return expected.status();
    if (!put.ok()) return put.status();
    op->expected = *expected;
    op->value = *put;
  }
  if (op->function == Function::kTxn && value.kind != Kind::kList) {
    return Refused("the value of a transaction has to be a list of steps");
  }
  return absl::OkStatus();
}

absl::Status EventParser::ParseResult(const Notation& form, HistoryOp* op) {
  if (op->function == Function::kCas) op->swapped = true;
  if (op->function != Function::kRead) return absl::OkStatus();
  const NotationNode& value = Field(form, "value");
  const absl::StatusOr<int64_t> read = builder_.model() == HistoryModel::kCounter
                                           ? builder_.SomeValueOf(value, "what a read returns")
                                           : builder_.ValueOf(value);
  if (!read.ok()) return read.status();
  op->value = *read;
  return absl::OkStatus();
}

absl::Status EventParser::Complete(const Notation& form, Pending pending, Outcome outcome) {
  HistoryOp& op = pending.op;
  HistoryOp completed;
  absl::Status status = ParseFunction(form, &completed);
  if (!status.ok()) return status;
  if (completed.function != op.function) {
    return Refused(absl::StrCat("it completes a ", HistoryFunctionName(op.function), " as a ",
                                HistoryFunctionName(completed.function)));
  }
  op.outcome = outcome;
  op.return_ns = now_ns_;
  if (outcome != Outcome::kOk) return AddWithSteps(pending);
  status = op.function == Function::kTxn ? AddSteps(form, /*is_ok=*/true) : ParseResult(form, &op);
  return status.ok() ? builder_.Add(op) : status;
}

// Adds an operation of which only the invocation counts.
absl::Status EventParser::AddWithSteps(const Pending& pending) {
  if (pending.op.function == Function::kTxn) {
    absl::Status status = invocation_.Parse(pending.text);
    if (status.ok()) status = AddSteps(invocation_, /*is_ok=*/false);
    if (!status.ok()) return status;
  }
  return builder_.Add(pending.op);
}

absl::Status EventParser::AddSteps(const Notation& form, bool is_ok) {
  const size_t list = form.Find(0, "value");
  if (list == Notation::kNone || form.at(list).kind != Kind::kList) {
    return Refused("the value of a transaction has to be a list of steps");
  }
  for (size_t step = list + 1; step < form.at(list).end; step = form.Next(step)) {
    const std::vector<size_t> parts =
        form.at(step).kind == Kind::kList ? form.ElementsOf(step) : std::vector<size_t>();
    const absl::string_view name = parts.size() == 3 ? form.at(parts[0]).text : "";
    if (name != "append" && name != "r") {
      return Refused("a step has to be [:append key value] or [:r key value]");
    }
    const absl::StatusOr<int64_t> key =
        builder_.SomeValueOf(form.at(parts[1]), "the key of a step");
    if (!key.ok()) return key.status();
    absl::Status added;
    if (name == "append") {
      const absl::StatusOr<int64_t> value =
          builder_.SomeValueOf(form.at(parts[2]), "what is appended");
      added = value.ok() ? builder_.AddAppend(*key, *value) : value.status();
    } else {
      values_.clear();
      if (is_ok) added = ParseListValues(form, parts[2], builder_, &values_);
      if (added.ok()) added = builder_.AddRead(*key, values_);
    }
    if (!added.ok()) return added;
  }
  return absl::OkStatus();
}

absl::Status EventParser::Finish() {
  std::vector<const Pending*> left;
  for (const auto& [process, pending] : pending_) left.push_back(&pending);
  std::sort(left.begin(), left.end(),
            [](const Pending* a, const Pending* b) { return a->op.invoke_ns < b->op.invoke_ns; });
  for (const Pending* pending : left) {
    Pending unknown = *pending;
    unknown.op.outcome = Outcome::kUnknown;
    const absl::Status added = AddWithSteps(unknown);
    if (!added.ok()) return added;
  }
  return absl::OkStatus();
}

}  // namespace rcb
