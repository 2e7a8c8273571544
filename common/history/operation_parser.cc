#include "common/history/operation_parser.h"

#include <limits>
#include <optional>

#include "absl/strings/str_cat.h"
#include "common/check/interval.h"

namespace rcb {
namespace {

using Kind = NotationNode::Kind;
using Function = HistoryFunction;

constexpr NotationNode kNothing;

absl::Status Refused(const std::string& what) { return absl::InvalidArgumentError(what); }

const NotationNode& NodeAt(const Notation& form, size_t place) {
  return place == Notation::kNone ? kNothing : form.at(place);
}

std::optional<Outcome> ParseOutcome(const NotationNode& node) {
  if (node.kind != Kind::kText) return std::nullopt;
  if (node.text == "ok") return Outcome::kOk;
  if (node.text == "fail") return Outcome::kFailed;
  if (node.text == "unknown") return Outcome::kUnknown;
  return std::nullopt;
}

}  // namespace

absl::StatusOr<int64_t> IntegerField(const Notation& form, absl::string_view name, int64_t min) {
  const NotationNode& node = NodeAt(form, form.Find(0, name));
  if (node.kind == Kind::kNull) return kNever;
  if (node.kind != Kind::kInteger || node.number < min) {
    return Refused(absl::StrCat(name, " has to be an integer from ", min, " on"));
  }
  return node.number;
}

absl::Status ParseListValues(const Notation& form, size_t list, HistoryBuilder& builder,
                             std::vector<int64_t>* values) {
  values->clear();
  const NotationNode& node = NodeAt(form, list);
  if (node.kind == Kind::kNull) return absl::OkStatus();
  if (node.kind != Kind::kList) return Refused("a read of a list has to return a list");
  for (size_t i = list + 1; i < node.end; i = form.Next(i)) {
    const absl::StatusOr<int64_t> value = builder.SomeValueOf(form.at(i), "a value of a list");
    if (!value.ok()) return value.status();
    values->push_back(*value);
  }
  return absl::OkStatus();
}

absl::Status OperationParser::ParseTimes(const Notation& form, HistoryOp* op) {
  const absl::StatusOr<int64_t> invoke_ns = IntegerField(form, "invoke_ns", 0);
  const absl::StatusOr<int64_t> return_ns = IntegerField(form, "return_ns", 0);
  if (!invoke_ns.ok()) return invoke_ns.status();
  if (!return_ns.ok()) return return_ns.status();
  if (*invoke_ns == kNever) return Refused("it has no invoke_ns");
  if (op->outcome == Outcome::kOk && *return_ns == kNever) {
    return Refused("its outcome is ok, and it has no return_ns");
  }
  op->invoke_ns = *invoke_ns;
  op->return_ns = *return_ns;
  return absl::OkStatus();
}

// All but what it did.
absl::Status OperationParser::ParseHead(const Notation& form, HistoryOp* op) {
  const NotationNode& name = NodeAt(form, form.Find(0, "f"));
  if (name.kind != Kind::kText) return Refused("it has no f, which names what it is");
  const std::optional<Function> function = ParseHistoryFunction(builder_.model(), name.text);
  if (!function) {
    return Refused(absl::StrCat("a ", HistoryModelName(builder_.model()), " has no operation ",
                                Quoted(name.text)));
  }
  op->function = *function;
  const std::optional<Outcome> outcome = ParseOutcome(NodeAt(form, form.Find(0, "outcome")));
  if (!outcome) return Refused("its outcome has to be ok, fail or unknown");
  op->outcome = *outcome;
  const absl::StatusOr<int64_t> process = IntegerField(form, "process", 0);
  if (!process.ok()) return process.status();
  if (*process > std::numeric_limits<int32_t>::max()) {
    return Refused("it has no process below 2^31");
  }
  op->process = static_cast<int32_t>(*process);
  const size_t key = form.Find(0, "key");
  if (NodeAt(form, key).kind != Kind::kNull) {
    const absl::StatusOr<int64_t> value = builder_.ValueOf(form.at(key));
    if (!value.ok()) return value.status();
    op->key = *value;
  }
  return ParseTimes(form, op);
}

absl::Status OperationParser::Parse(const Notation& form) {
  HistoryOp op;
  absl::Status status = ParseHead(form, &op);
  if (!status.ok()) return status;
  const size_t args = form.Find(0, "args");
  const size_t result = form.Find(0, "result");
  const Kind kind = NodeAt(form, args).kind;
  if (kind != Kind::kNull && kind != Kind::kList) return Refused("its args have to be a list");
  status = op.function == Function::kTxn
               ? ParseSteps(form, args, result, op.outcome == Outcome::kOk)
               : ParseEffect(form, args, result, &op);
  return status.ok() ? builder_.Add(op) : status;
}

absl::Status OperationParser::ParseAdd(const Notation& form, size_t args, size_t result,
                                       HistoryOp* op) {
  const size_t amount = args == Notation::kNone ? args : args + 1;
  const bool has_amount = args != Notation::kNone && form.at(args).end > amount;
  if (has_amount && (form.at(amount).kind != Kind::kInteger || form.at(amount).number != 1)) {
    return Refused("an add has to be of 1: other amounts are not judged");
  }
  const NotationNode& returned = NodeAt(form, result);
  if (op->outcome != Outcome::kOk || returned.kind == Kind::kNull) return absl::OkStatus();
  const absl::StatusOr<int64_t> value = builder_.SomeValueOf(returned, "the result of an add");
  if (!value.ok()) return value.status();
  op->value = *value;
  op->has_result = true;
  return absl::OkStatus();
}

absl::Status OperationParser::ParseEffect(const Notation& form, size_t args, size_t result,
                                          HistoryOp* op) {
  std::vector<size_t> values;
  if (args != Notation::kNone && form.at(args).kind == Kind::kList) values = form.ElementsOf(args);
  const size_t wanted = op->function == Function::kCas     ? 2
                        : op->function == Function::kWrite ? 1
                                                           : 0;
  if (op->function == Function::kAdd) {
    if (values.size() > 1) return Refused("an add has one argument");
    return ParseAdd(form, values.empty() ? Notation::kNone : args, result, op);
  }
  if (values.size() != wanted) {
    return Refused(absl::StrCat("a ", HistoryFunctionName(op->function), " has ", wanted,
                                " arguments, not ", values.size()));
  }
  const NotationNode& returned = NodeAt(form, result);
  if (op->function == Function::kRead && op->outcome == Outcome::kOk) {
    const absl::StatusOr<int64_t> value =
        builder_.model() == HistoryModel::kCounter
            ? builder_.SomeValueOf(returned, "what a read returns")
            : builder_.ValueOf(returned);
    if (!value.ok()) return value.status();
    op->value = *value;
  }
  if (wanted == 0) return absl::OkStatus();
  const absl::StatusOr<int64_t> value = builder_.ValueOf(form.at(values.back()));
  const absl::StatusOr<int64_t> expected = builder_.ValueOf(form.at(values.front()));
  if (!value.ok()) return value.status();
  if (!expected.ok()) return expected.status();
  op->value = *value;
  if (op->function != Function::kCas) return absl::OkStatus();
  op->expected = *expected;
  if (op->outcome == Outcome::kOk && returned.kind != Kind::kBoolean) {
    return Refused("the result of a cas has to be true or false");
  }
  op->swapped = returned.number == 1;
  return absl::OkStatus();
}

absl::Status OperationParser::ParseSteps(const Notation& form, size_t args, size_t result,
                                         bool is_ok) {
  if (args == Notation::kNone || form.at(args).kind != Kind::kList) {
    return Refused("a txn has no args, which are its steps");
  }
  const bool has_result = is_ok && NodeAt(form, result).kind == Kind::kList;
  size_t returned = has_result ? result + 1 : Notation::kNone;
  for (size_t step = args + 1; step < form.at(args).end; step = form.Next(step)) {
    if (is_ok && (!has_result || returned >= form.at(result).end)) {
      return Refused("the result of a txn has to be a list with an element for each step");
    }
    const absl::Status parsed = ParseStep(form, step, returned);
    if (!parsed.ok()) return parsed;
    if (has_result) returned = form.Next(returned);
  }
  if (has_result && returned < form.at(result).end) {
    return Refused("the result of a txn has more elements than it has steps");
  }
  return absl::OkStatus();
}

absl::Status OperationParser::ParseStep(const Notation& form, size_t step, size_t result) {
  const std::vector<size_t> parts =
      form.at(step).kind == Kind::kList ? form.ElementsOf(step) : std::vector<size_t>();
  const absl::string_view name = parts.empty() ? "" : form.at(parts[0]).text;
  const bool is_append = name == "append" && parts.size() == 3;
  const bool is_read = name == "r" && (parts.size() == 2 || parts.size() == 3);
  if (!is_append && !is_read) {
    return Refused("a step has to be [\"append\", key, value] or [\"r\", key]");
  }
  const absl::StatusOr<int64_t> key = builder_.SomeValueOf(form.at(parts[1]), "the key of a step");
  if (!key.ok()) return key.status();
  if (is_read) {
    const absl::Status read = ParseListValues(form, result, builder_, &values_);
    return read.ok() ? builder_.AddRead(*key, values_) : read;
  }
  const absl::StatusOr<int64_t> value = builder_.SomeValueOf(form.at(parts[2]), "what is appended");
  return value.ok() ? builder_.AddAppend(*key, *value) : value.status();
}

}  // namespace rcb
