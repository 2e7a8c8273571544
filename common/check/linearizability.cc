#include "common/check/linearizability.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/check/interval.h"
#include "common/check/linearizability_search.h"

namespace rcb {
namespace {

constexpr int64_t kFree = 0;
constexpr int64_t kHeld = 1;
constexpr size_t kMaxNamed = 4;  // operations in one line

enum class Model { kCasRegister, kMutex };

// An unknown read tells nothing, nor does an unknown compare-and-set that would change nothing.
bool IsIgnored(const CasOp& op) {
  if (op.outcome != Outcome::kUnknown) return op.outcome == Outcome::kFailed;
  if (op.kind == CasOp::Kind::kRead) return true;
  return op.kind == CasOp::Kind::kCas && op.expected == op.value;
}

// An unknown compare-and-set that found another value is as one that did not happen.
SearchOp ToSearch(const CasOp& op) {
  const bool is_pending = op.outcome == Outcome::kUnknown;
  SearchOp out = {op.invoke_ns, ReturnOf(op), op.value, 0, Effect::kIs};
  if (op.kind == CasOp::Kind::kWrite) {
    out.effect = Effect::kSet;
  } else if (op.kind == CasOp::Kind::kCas && !is_pending && !op.swapped) {
    out.effect = Effect::kIsNot;
    out.value = op.expected;
  } else if (op.kind == CasOp::Kind::kCas && op.expected != op.value) {
    out.effect = Effect::kSwap;
    out.expected = op.expected;
  }
  return out;
}

class Checker {
 public:
  Checker(std::vector<CasOp> history, int64_t initial, Model model)
      : ops_(std::move(history)), initial_(initial), model_(model) {}

  LinearizabilityVerdict Check(const LinearizabilityOptions& options);

 private:
  int64_t StepsFor(size_t count, const LinearizabilityOptions& options) const;
  void CheckKey(const CasOp* ops, size_t count, const LinearizabilityOptions& options);
  std::string StuckInWords(const CasOp* ops, size_t count, const SearchResult& result) const;
  std::string Words(const CasOp& op) const;
  std::string Value(int64_t value) const;

  std::vector<CasOp> ops_;
  int64_t initial_;
  Model model_;
  int64_t origin_ns_ = kNever;
  int64_t keys_left_ = 0;
  LinearizabilityVerdict verdict_;
};

LinearizabilityVerdict Checker::Check(const LinearizabilityOptions& options) {
  for (const CasOp& op : ops_) {
    AbortOnBadStamps("linearizability", op);
    origin_ns_ = std::min(origin_ns_, op.invoke_ns);
  }
  std::erase_if(ops_, IsIgnored);
  std::stable_sort(ops_.begin(), ops_.end(),
                   [](const CasOp& a, const CasOp& b) { return a.key < b.key; });
  for (size_t i = 0; i < ops_.size(); ++i) {
    if (i == 0 || ops_[i].key != ops_[i - 1].key) ++keys_left_;
  }
  for (size_t begin = 0; begin < ops_.size();) {
    size_t end = begin + 1;
    while (end < ops_.size() && ops_[end].key == ops_[begin].key) ++end;
    CheckKey(&ops_[begin], end - begin, options);
    begin = end;
  }
  return std::move(verdict_);
}

// How many steps the next key may take, which has `count` operations.
int64_t Checker::StepsFor(size_t count, const LinearizabilityOptions& options) const {
  const int64_t left = options.max_steps - verdict_.steps;
  if (keys_left_ == 1) return left;
  const auto ops_left = static_cast<double>(ops_.size()) - static_cast<double>(verdict_.operations);
  const double share = static_cast<double>(count) / ops_left;
  const int64_t half = left / 2;
  return half / keys_left_ + static_cast<int64_t>(static_cast<double>(half) * share);
}

void Checker::CheckKey(const CasOp* ops, size_t count, const LinearizabilityOptions& options) {
  std::vector<SearchOp> search(count);
  std::transform(ops, ops + count, search.begin(), ToSearch);
  const SearchResult result =
      SearchOrder(search, initial_, {StepsFor(count, options), options.max_bytes});
  --keys_left_;
  ++verdict_.keys;
  verdict_.operations += static_cast<int64_t>(count);
  verdict_.states += result.states;
  verdict_.steps += result.steps;
  if (result.answer == Answer::kLinearizable) return;

  const std::string words = StuckInWords(ops, count, result);
  if (result.answer == Answer::kNotLinearizable) {
    verdict_.answer = Answer::kNotLinearizable;
    verdict_.violations.Add(1, words);
    return;
  }
  if (verdict_.answer == Answer::kLinearizable) verdict_.answer = Answer::kUndecided;
  if (++verdict_.undecided_keys == 1) verdict_.first_undecided = words;
}

std::string Checker::StuckInWords(const CasOp* ops, size_t count,
                                  const SearchResult& result) const {
  const auto acknowledged =
      std::count_if(ops, ops + count, [](const CasOp& op) { return op.outcome == Outcome::kOk; });
  const bool is_undecided = result.answer == Answer::kUndecided;
  std::string text =
      absl::StrCat(is_undecided ? "undecided" : "not linearizable", ": key ", ops->key,
                   ": the best order got to ", result.placed, " of ", acknowledged,
                   " acknowledged operations and ", Value(result.value),
                   is_undecided ? ", where no order tried has a place for "
                                : ", where no order has a place for ");
  for (size_t i = 0; i < std::min(result.stuck.size(), kMaxNamed); ++i) {
    absl::StrAppend(&text,
                    i == 0   ? ""
                    : i == 1 ? "; beside it wait "
                             : ", ",
                    Words(ops[result.stuck[i]]));
  }
  if (result.stuck.size() > kMaxNamed) {
    absl::StrAppend(&text, " and ", result.stuck.size() - kMaxNamed, " more");
  }
  return text;
}

std::string Checker::Value(int64_t value) const {
  if (model_ == Model::kMutex) return value == kHeld ? "a held mutex" : "a free mutex";
  return absl::StrCat("the value ", value);
}

std::string Checker::Words(const CasOp& op) const {
  const std::string times = absl::StrCat(" ", TimesInWords(op, origin_ns_));
  if (model_ == Model::kMutex) return (op.value == kHeld ? "acquire" : "release") + times;
  switch (op.kind) {
    case CasOp::Kind::kRead:
      return absl::StrCat("read -> ", op.value, times);
    case CasOp::Kind::kWrite:
      return absl::StrCat("write ", op.value, times);
    case CasOp::Kind::kCas:
      break;
  }
  return absl::StrCat("cas ", op.expected, " to ", op.value, op.swapped ? " -> ok" : " -> no",
                      times);
}

}  // namespace

LinearizabilityVerdict CheckCasRegister(std::vector<CasOp> history, int64_t initial,
                                        const LinearizabilityOptions& options) {
  return Checker(std::move(history), initial, Model::kCasRegister).Check(options);
}

LinearizabilityVerdict CheckMutex(const std::vector<MutexOp>& history,
                                  const LinearizabilityOptions& options) {
  std::vector<CasOp> ops;
  ops.reserve(history.size());
  for (const MutexOp& op : history) {
    ops.push_back({.invoke_ns = op.invoke_ns,
                   .return_ns = op.return_ns,
                   .key = op.key,
                   .value = op.is_release ? kFree : kHeld,
                   .expected = op.is_release ? kHeld : kFree,
                   .kind = CasOp::Kind::kCas,
                   .swapped = true,
                   .outcome = op.outcome});
  }
  return Checker(std::move(ops), kFree, Model::kMutex).Check(options);
}

}  // namespace rcb
