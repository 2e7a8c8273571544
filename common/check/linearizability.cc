#include "common/check/linearizability.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace rcb {
namespace {

constexpr int64_t kNever = std::numeric_limits<int64_t>::max();
constexpr int64_t kFree = 0;
constexpr int64_t kHeld = 1;
constexpr size_t kMostNamed = 4;  // operations in one line

enum class Model { kCasRegister, kMutex };

void AbortOnBadStamps(const CasOp& op) {
  const bool has_return = op.outcome == Outcome::kOk;
  const int64_t last_ns = has_return ? op.return_ns : op.invoke_ns;
  if (0 <= op.invoke_ns && op.invoke_ns <= last_ns && last_ns < kNever) return;
  std::fprintf(stderr, "linearizability: an operation runs from %" PRId64 " to %" PRId64 " ns\n",
               op.invoke_ns, op.return_ns);
  std::abort();
}

// An unknown read tells nothing, nor does an unknown compare-and-set that would change nothing.
bool IsIgnored(const CasOp& op) {
  if (op.outcome != Outcome::kUnknown) return op.outcome == Outcome::kFailed;
  if (op.kind == CasOp::Kind::kRead) return true;
  return op.kind == CasOp::Kind::kCas && op.expected == op.value;
}

// An unknown compare-and-set that found another value is as one that did not happen.
SearchOp ToSearch(const CasOp& op) {
  const bool is_pending = op.outcome == Outcome::kUnknown;
  SearchOp out = {op.invoke_ns, is_pending ? kNever : op.return_ns, op.value, 0, Effect::kIs};
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
  void CheckKey(const CasOp* ops, size_t count, const LinearizabilityOptions& options);
  std::string StuckInWords(const CasOp* ops, size_t count, const SearchResult& result) const;
  std::string Words(const CasOp& op) const;
  std::string Value(int64_t value) const;
  double Us(int64_t ns) const { return static_cast<double>(ns - origin_ns_) / 1e3; }

  std::vector<CasOp> ops_;
  int64_t initial_;
  Model model_;
  int64_t origin_ns_ = kNever;
  LinearizabilityVerdict verdict_;
};

LinearizabilityVerdict Checker::Check(const LinearizabilityOptions& options) {
  for (const CasOp& op : ops_) {
    AbortOnBadStamps(op);
    origin_ns_ = std::min(origin_ns_, op.invoke_ns);
  }
  std::erase_if(ops_, IsIgnored);
  std::stable_sort(ops_.begin(), ops_.end(),
                   [](const CasOp& a, const CasOp& b) { return a.key < b.key; });
  for (size_t begin = 0; begin < ops_.size();) {
    size_t end = begin + 1;
    while (end < ops_.size() && ops_[end].key == ops_[begin].key) ++end;
    CheckKey(&ops_[begin], end - begin, options);
    begin = end;
  }
  return std::move(verdict_);
}

void Checker::CheckKey(const CasOp* ops, size_t count, const LinearizabilityOptions& options) {
  std::vector<SearchOp> search(count);
  std::transform(ops, ops + count, search.begin(), ToSearch);
  const SearchResult result =
      SearchOrder(search, initial_, {options.most_states, options.most_cached_states});
  ++verdict_.keys;
  verdict_.operations += static_cast<int64_t>(count);
  verdict_.states += result.states;
  if (result.answer == Answer::kLinearizable) return;

  const bool is_violation = result.answer == Answer::kNotLinearizable;
  ++(is_violation ? verdict_.violating_keys : verdict_.undecided_keys);
  if (verdict_.answer == result.answer || verdict_.answer == Answer::kNotLinearizable) return;
  verdict_.answer = result.answer;
  verdict_.first = absl::StrCat(is_violation ? "not linearizable" : "undecided", ": key ", ops->key,
                                ": ", StuckInWords(ops, count, result));
}

std::string Checker::StuckInWords(const CasOp* ops, size_t count,
                                  const SearchResult& result) const {
  const auto acknowledged =
      std::count_if(ops, ops + count, [](const CasOp& op) { return op.outcome == Outcome::kOk; });
  std::string text =
      absl::StrCat("got to ", result.placed, " of ", acknowledged, " acknowledged operations and ",
                   Value(result.value),
                   result.answer == Answer::kUndecided ? ", where no order tried has a place for "
                                                       : ", where no order has a place for ");
  for (size_t i = 0; i < std::min(result.stuck.size(), kMostNamed); ++i) {
    absl::StrAppend(&text,
                    i == 0   ? ""
                    : i == 1 ? "; beside it wait "
                             : ", ",
                    Words(ops[result.stuck[i]]));
  }
  if (result.stuck.size() > kMostNamed) {
    absl::StrAppend(&text, " and ", result.stuck.size() - kMostNamed, " more");
  }
  return text;
}

std::string Checker::Value(int64_t value) const {
  if (model_ == Model::kMutex) return value == kHeld ? "a held mutex" : "a free mutex";
  return absl::StrCat("the value ", value);
}

std::string Checker::Words(const CasOp& op) const {
  const std::string times = absl::StrFormat(" [%.3f, %.3f us]", Us(op.invoke_ns), Us(op.return_ns));
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
