#include "common/history/notation.h"

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace rcb {
namespace {

using Kind = NotationNode::Kind;

bool IsBlank(char c) {
  return c == ' ' || c == ',' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}

bool EndsToken(char c) { return IsBlank(c) || absl::StrContains("()[]{}\";", c); }

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

absl::Status Malformed(absl::string_view what) { return absl::InvalidArgumentError(what); }

// Integers may have the N that Clojure marks large ones with.
NotationNode NodeOf(absl::string_view token) {
  NotationNode node;
  node.text = token;
  if (token == "nil" || token == "null") return node;
  node.kind = Kind::kBoolean;
  node.number = token == "true" ? 1 : 0;
  if (token == "true" || token == "false") return node;
  const bool is_signed = token.size() > 1 && (token[0] == '-' || token[0] == '+');
  if (!IsDigit(token[is_signed ? 1 : 0])) {
    node.kind = token[0] == '\\' ? Kind::kOther : Kind::kText;
    if (token[0] == ':') node.text.remove_prefix(1);
    return node;
  }
  absl::string_view digits = token;
  if (absl::EndsWith(digits, "N")) digits.remove_suffix(1);
  node.kind = absl::SimpleAtoi(digits, &node.number) ? Kind::kInteger : Kind::kOther;
  return node;
}

}  // namespace

absl::Status Notation::Parse(absl::string_view text) {
  text_ = text;
  at_ = 0;
  nodes_.clear();
  absl::Status status = Value(/*depth=*/1);
  if (status.ok()) status = SkipBlanks(/*depth=*/1);
  if (!status.ok()) return status;
  return AtEnd() ? absl::OkStatus() : Malformed("there is more behind the value");
}

size_t Notation::Find(size_t map, absl::string_view key) const {
  if (nodes_[map].kind != Kind::kMap) return kNone;
  for (size_t i = map + 1; i < nodes_[map].end;) {
    const size_t value = nodes_[i].end;
    if (nodes_[i].kind == Kind::kText && nodes_[i].text == key) return value;
    i = nodes_[value].end;
  }
  return kNone;
}

std::vector<size_t> Notation::ElementsOf(size_t list) const {
  std::vector<size_t> elements;
  for (size_t i = list + 1; i < nodes_[list].end; i = nodes_[i].end) elements.push_back(i);
  return elements;
}

// Blanks are also comments and what #_ discards.
absl::Status Notation::SkipBlanks(int depth) {
  while (!AtEnd()) {
    if (IsBlank(text_[at_])) {
      ++at_;
    } else if (text_[at_] == ';') {
      while (!AtEnd() && text_[at_] != '\n') ++at_;
    } else if (absl::StartsWith(text_.substr(at_), "#_")) {
      at_ += 2;
      const size_t kept = nodes_.size();
      const absl::Status discarded = Value(depth + 1);
      if (!discarded.ok()) return discarded;
      nodes_.resize(kept);
    } else {
      break;
    }
  }
  return absl::OkStatus();
}

absl::Status Notation::Value(int depth) {
  if (depth > kMaxDepth) return Malformed(absl::StrCat("it is nested over ", kMaxDepth, " deep"));
  const absl::Status skipped = SkipBlanks(depth);
  if (!skipped.ok()) return skipped;
  if (AtEnd()) return Malformed("a value is missing at its end");
  switch (text_[at_]) {
    case '{':
      return Map(depth);
    case '[':
      return List(']', depth);
    case '(':
      return List(')', depth);
    case '"':
      return String();
    case '#':
      return Tagged(depth);
    case ')':
    case ']':
    case '}':
      return Malformed(absl::StrCat("a value is missing before ", text_.substr(at_, 1)));
    default:
      return Token();
  }
}

absl::Status Notation::List(char close, int depth) {
  const size_t place = nodes_.size();
  nodes_.emplace_back();
  nodes_[place].kind = Kind::kList;
  ++at_;
  while (true) {
    absl::Status status = SkipBlanks(depth);
    if (!status.ok()) return status;
    if (AtEnd()) return Malformed("a list is not closed");
    if (text_[at_] == close) break;
    status = Value(depth + 1);
    if (!status.ok()) return status;
  }
  ++at_;
  nodes_[place].end = nodes_.size();
  return absl::OkStatus();
}

absl::Status Notation::Map(int depth) {
  const size_t place = nodes_.size();
  nodes_.emplace_back();
  nodes_[place].kind = Kind::kMap;
  ++at_;
  while (true) {
    absl::Status status = SkipBlanks(depth);
    if (!status.ok()) return status;
    if (AtEnd()) return Malformed("a map is not closed");
    if (text_[at_] == '}') break;
    const bool has_quotes = text_[at_] == '"';
    status = Value(depth + 1);
    if (!status.ok()) return status;
    const size_t after_key = at_;
    status = SkipBlanks(depth);
    if (!status.ok()) return status;
    if (has_quotes) SkipColon(at_ == after_key);
    status = Value(depth + 1);
    if (!status.ok()) return status;
  }
  ++at_;
  nodes_[place].end = nodes_.size();
  return absl::OkStatus();
}

// Behind a string that is a key, a colon is JSON's unless it begins a keyword.
void Notation::SkipColon(bool is_adjacent) {
  if (AtEnd() || text_[at_] != ':') return;
  const char next = at_ + 1 < text_.size() ? text_[at_ + 1] : ' ';
  const bool is_json = is_adjacent || IsBlank(next) || IsDigit(next) || next == '-' ||
                       next == '"' || next == '[' || next == '{';
  if (is_json) ++at_;
}

absl::Status Notation::String() {
  const size_t begin = ++at_;
  while (!AtEnd() && text_[at_] != '"') at_ += text_[at_] == '\\' ? 2 : 1;
  if (AtEnd()) return Malformed("a string is not closed");
  NotationNode node;
  node.kind = Kind::kText;
  node.text = text_.substr(begin, at_ - begin);
  ++at_;
  node.end = nodes_.size() + 1;
  nodes_.push_back(node);
  return absl::OkStatus();
}

// A set is a list, a tag is skipped, and ##Inf is a token.
absl::Status Notation::Tagged(int depth) {
  const char next = at_ + 1 < text_.size() ? text_[at_ + 1] : ' ';
  if (next == '#') return Token();
  ++at_;
  if (next == '{') return List('}', depth);
  if (EndsToken(next)) return Malformed("a # stands alone");
  while (!AtEnd() && !EndsToken(text_[at_])) ++at_;
  return Value(depth + 1);
}

absl::Status Notation::Token() {
  const size_t begin = at_++;
  if (text_[begin] == '\\' && !AtEnd()) ++at_;  // a character may be one that ends tokens
  while (!AtEnd() && !EndsToken(text_[at_])) ++at_;
  NotationNode node = NodeOf(text_.substr(begin, at_ - begin));
  node.end = nodes_.size() + 1;
  nodes_.push_back(node);
  return absl::OkStatus();
}

std::string Quoted(absl::string_view text) {
  constexpr size_t kMaxShown = 40;
  const std::string shown = absl::CEscape(text.substr(0, kMaxShown));
  return absl::StrCat("'", shown, text.size() > kMaxShown ? "..." : "", "'");
}

}  // namespace rcb
