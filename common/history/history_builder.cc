#include "common/history/history_builder.h"

#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/check/interval.h"

namespace rcb {
namespace {

using Kind = NotationNode::Kind;

absl::Status Refused(const std::string& what) { return absl::InvalidArgumentError(what); }

void AppendUtf8(uint32_t code, std::string* text) {
  if (code < 0x80) {
    text->push_back(static_cast<char>(code));
  } else if (code < 0x800) {
    text->push_back(static_cast<char>(0xc0 | (code >> 6)));
    text->push_back(static_cast<char>(0x80 | (code & 0x3f)));
  } else {
    text->push_back(static_cast<char>(0xe0 | (code >> 12)));
    text->push_back(static_cast<char>(0x80 | ((code >> 6) & 0x3f)));
    text->push_back(static_cast<char>(0x80 | (code & 0x3f)));
  }
}

// A name without the escapes of JSON and EDN; others stay as they are.
std::string Unescaped(absl::string_view text) {
  constexpr absl::string_view kEscapes = "\"\\/bfnrt";
  constexpr absl::string_view kMeanings = "\"\\/\b\f\n\r\t";
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    const char next = text[i] == '\\' && i + 1 < text.size() ? text[i + 1] : ' ';
    const size_t escape = kEscapes.find(next);
    uint32_t code = 0;
    if (text[i] == '\\' && escape != absl::string_view::npos) {
      plain.push_back(kMeanings[escape]);
      ++i;
    } else if (next == 'u' && i + 6 <= text.size() &&
               absl::SimpleHexAtoi(text.substr(i + 2, 4), &code)) {
      AppendUtf8(code, &plain);
      i += 5;
    } else {
      plain.push_back(text[i]);
    }
  }
  return plain;
}

}  // namespace

absl::StatusOr<int64_t> HistoryBuilder::ValueOf(const NotationNode& node) {
  switch (node.kind) {
    case Kind::kNull:
      return kNil;
    case Kind::kInteger:
      if (node.number >= kMinInteger) return node.number;
      break;
    case Kind::kText:
      if (node.text.size() <= kMaxNameBytes) return history_.names.NumberOf(Unescaped(node.text));
      return Refused(absl::StrCat("a name is longer than ", kMaxNameBytes, " bytes"));
    case Kind::kBoolean:
      return history_.names.NumberOf(node.text);
    case Kind::kOther:
      break;
    case Kind::kList:
    case Kind::kMap:
      return Refused("there is a list or a map where a value has to be");
  }
  return Refused(absl::StrCat(Quoted(node.text), " is no integer above -2^62 and below 2^63"));
}

absl::StatusOr<int64_t> HistoryBuilder::SomeValueOf(const NotationNode& node,
                                                    absl::string_view what) {
  if (model() == HistoryModel::kCounter && node.kind != Kind::kInteger) {
    return Refused(absl::StrCat(what, " has to be an integer"));
  }
  absl::StatusOr<int64_t> value = ValueOf(node);
  if (value.ok() && *value == kNil) return Refused(absl::StrCat(what, " may not be nil"));
  return value;
}

absl::Status HistoryBuilder::AddAppend(int64_t key, int64_t value) {
  if (!appended_.insert({key, value}).second) {
    return Refused(absl::StrCat("the value ", history_.names.ToJson(value),
                                " is appended to the list ", history_.names.ToJson(key),
                                " a second time"));
  }
  history_.lists.Append(key, value);
  return absl::OkStatus();
}

absl::Status HistoryBuilder::AddRead(int64_t key, const std::vector<int64_t>& values) {
  list_values_ += static_cast<int64_t>(values.size());
  if (list_values_ > kMaxListValues) {
    return Refused(absl::StrCat("the reads up to here return over ", kMaxListValues,
                                " values, more than is judged"));
  }
  history_.lists.Read(key, values);
  return absl::OkStatus();
}

absl::Status HistoryBuilder::Add(const HistoryOp& op) {
  if (op.invoke_ns < 0 || op.invoke_ns == kNever) {
    return Refused(absl::StrCat("invoke_ns is ", op.invoke_ns, ", which is no time"));
  }
  if (op.outcome == Outcome::kOk && (op.return_ns < op.invoke_ns || op.return_ns == kNever)) {
    return Refused(
        absl::StrCat("it returned at ", op.return_ns, " ns, and began at ", op.invoke_ns));
  }
  if (static_cast<int64_t>(history_.ops.size()) >= kMaxOperations) {
    return Refused(
        absl::StrCat("there are over ", kMaxOperations, " operations, more than is judged"));
  }
  if (op.function == HistoryFunction::kTxn) {
    history_.lists.End(op.invoke_ns, op.return_ns, op.outcome);
  }
  history_.ops.push_back(op);
  return absl::OkStatus();
}

}  // namespace rcb
