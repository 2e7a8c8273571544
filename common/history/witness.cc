#include "common/history/witness.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/numbers.h"
#include "common/check/interval.h"
#include "common/measure/clock.h"

namespace rcb {
namespace {

using Function = HistoryFunction;

// The search for a witness must not explode where the verdict was easy.
constexpr LinearizabilityOptions kLimits = {.max_steps = 20'000'000, .max_bytes = size_t{32} << 20};
// Parts of a history of up to so many operations are tried from any value on.
constexpr size_t kMaxFromAnyValue = 256;

// An operation of the history with its place there.
struct Member {
  HistoryOp op;
  size_t place = 0;
};

bool Reads(const HistoryOp& op) {
  const bool is_refused =
      op.function == Function::kCas && op.outcome == Outcome::kOk && !op.swapped;
  return op.function == Function::kRead || is_refused;
}

// What may have been done or not demands nothing.
bool Demands(const HistoryOp& op) { return op.outcome == Outcome::kOk; }

// The operations of one key, and parts of them that are violated.
class Reducer {
 public:
  Reducer(const ModelHistory& history, std::vector<Member> members, const WitnessLimits& limits,
          int64_t start_ns);

  // Whether the key is violated at all; then it is reduced.
  bool Reduce();
  Witness Result() const;

 private:
  bool MayTry() { return ++tries_ <= limits_.max_tries && NowNs() - start_ns_ < limits_.max_ns; }
  bool IsViolated(const std::vector<Member>& members, bool from_any_value);
  bool IsViolatedFrom(const std::vector<HistoryOp>& ops, int64_t initial) const;
  std::vector<int64_t> StartsOf(const std::vector<HistoryOp>& ops) const;
  std::vector<Member> Prefix(int64_t end_ns) const;
  std::vector<Member> Suffix(int64_t begin_ns) const;
  static std::vector<Member> Without(const std::vector<Member>& members, size_t begin, size_t end);
  void CutEnd();
  bool KeepOnlyLast();
  void CutBeginning();
  void DropMost();

  const HistoryModel model_;
  const int64_t initial_;
  const WitnessLimits limits_;
  const int64_t start_ns_;
  int64_t tries_ = 0;
  bool from_any_value_ = false;
  std::vector<Member> members_;  // violated, and fewer and fewer
};

Reducer::Reducer(const ModelHistory& history, std::vector<Member> members,
                 const WitnessLimits& limits, int64_t start_ns)
    : model_(history.model),
      initial_(history.model == HistoryModel::kMutex ? 0 : history.initial),
      limits_(limits),
      start_ns_(start_ns),
      members_(std::move(members)) {
  std::erase_if(members_, [](const Member& member) {
    const bool is_nothing = Reads(member.op) && !Demands(member.op);
    return is_nothing || member.op.outcome == Outcome::kFailed;
  });
  std::sort(members_.begin(), members_.end(),
            [](const Member& a, const Member& b) { return a.op.invoke_ns < b.op.invoke_ns; });
}

bool Reducer::IsViolatedFrom(const std::vector<HistoryOp>& ops, int64_t initial) const {
  return JudgeOperations(model_, ops, initial, kLimits).answer == Answer::kNotLinearizable;
}

// Values that may make a difference at the beginning: those that something asks for, and another.
std::vector<int64_t> Reducer::StartsOf(const std::vector<HistoryOp>& ops) const {
  if (model_ == HistoryModel::kMutex) return {0, 1};
  std::set<int64_t> asked;
  int64_t blind = 0;
  for (const HistoryOp& op : ops) {
    if (!Demands(op)) continue;
    if (op.function == Function::kAdd) {
      if (op.has_result) asked.insert(op.value - 1);
      if (!op.has_result) ++blind;
    }
    if (op.function == Function::kRead) asked.insert(op.value);
    if (op.function == Function::kCas) asked.insert(op.expected);
  }
  if (model_ != HistoryModel::kCounter) {
    asked.insert(initial_);
    int64_t other = kNil;
    for (const HistoryOp& op : ops) other = std::max({other, op.value, op.expected});
    asked.insert(other == kNever ? kNil : other + 1);
    return {asked.begin(), asked.end()};
  }
  // A counter that begins above the lowest value asked for is wrong at once; one that begins below
  // has room for increments that return nothing, and only for them.
  if (asked.empty()) return {initial_};
  std::vector<int64_t> starts;
  for (int64_t below = 0; below <= blind; ++below) starts.push_back(*asked.begin() - below);
  return starts;
}

bool Reducer::IsViolated(const std::vector<Member>& members, bool from_any_value) {
  if (!MayTry()) return false;
  std::vector<HistoryOp> ops;
  ops.reserve(members.size());
  for (const Member& member : members) ops.push_back(member.op);
  if (!from_any_value) return IsViolatedFrom(ops, initial_);
  if (ops.size() > kMaxFromAnyValue) return false;
  const std::vector<int64_t> starts = StartsOf(ops);
  return std::all_of(starts.begin(), starts.end(),
                     [&](int64_t start) { return IsViolatedFrom(ops, start); });
}

// What is known at `end_ns`: a part of a history that has an order has one, too.
std::vector<Member> Reducer::Prefix(int64_t end_ns) const {
  std::vector<Member> part;
  for (const Member& member : members_) {
    if (member.op.invoke_ns > end_ns) break;
    part.push_back(member);
    if (ReturnOf(member.op) <= end_ns) continue;
    part.back().op.outcome = Outcome::kUnknown;
    if (Reads(member.op)) part.pop_back();
  }
  return part;
}

// What was not over at `begin_ns`, from any value on: of what had begun before, part may have been
// done before.
std::vector<Member> Reducer::Suffix(int64_t begin_ns) const {
  std::vector<Member> part;
  for (const Member& member : members_) {
    if (ReturnOf(member.op) < begin_ns) continue;
    part.push_back(member);
    if (member.op.invoke_ns >= begin_ns) continue;
    part.back().op.outcome = Outcome::kUnknown;
    if (Reads(member.op)) part.pop_back();
  }
  return part;
}

// The members without the demands of those from `begin` to `end`.
std::vector<Member> Reducer::Without(const std::vector<Member>& members, size_t begin, size_t end) {
  std::vector<Member> part;
  for (size_t i = 0; i < members.size(); ++i) {
    part.push_back(members[i]);
    if (i < begin || i >= end) continue;
    part.back().op.outcome = Outcome::kUnknown;
    if (Reads(members[i].op)) part.pop_back();
  }
  return part;
}

void Reducer::CutEnd() {
  std::vector<int64_t> ends;
  for (const Member& member : members_) {
    if (Demands(member.op)) ends.push_back(member.op.return_ns);
  }
  if (ends.empty()) return;
  std::sort(ends.begin(), ends.end());
  size_t low = 0;
  size_t high = ends.size() - 1;  // the part up to here is violated
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (IsViolated(Prefix(ends[middle]), /*from_any_value=*/false)) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  members_ = Prefix(ends[high]);
}

// The operation that returned last completes the violation. It may need no other for that, as a
// read of what nobody wrote does not.
bool Reducer::KeepOnlyLast() {
  size_t last = 0;
  for (size_t i = 0; i < members_.size(); ++i) {
    if (ReturnOf(members_[i].op) == kNever) continue;
    if (!Demands(members_[last].op) || members_[i].op.return_ns > members_[last].op.return_ns) {
      last = i;
    }
  }
  std::vector<Member> part = Without(members_, last + 1, members_.size());
  part = Without(part, 0, last);
  if (!IsViolated(part, /*from_any_value=*/false)) return false;
  members_ = std::move(part);
  return true;
}

// Takes so many operations from the end, twice as many each time, until these are violated.
void Reducer::CutBeginning() {
  std::vector<int64_t> begins;
  for (const Member& member : members_) begins.push_back(member.op.invoke_ns);
  for (size_t count = 2; count < 2 * begins.size() && count <= kMaxFromAnyValue; count *= 2) {
    const size_t first = count < begins.size() ? begins.size() - count : 0;
    const std::vector<Member> part = Suffix(begins[first]);
    if (!IsViolated(part, /*from_any_value=*/true)) continue;
    from_any_value_ = true;
    members_ = part;
    return;
  }
}

void Reducer::DropMost() {
  for (size_t chunk = std::max<size_t>(members_.size() / 2, 1);; chunk /= 2) {
    for (size_t begin = 0; begin < members_.size();) {
      const size_t end = std::min(begin + chunk, members_.size());
      const bool demands = std::any_of(members_.begin() + static_cast<std::ptrdiff_t>(begin),
                                       members_.begin() + static_cast<std::ptrdiff_t>(end),
                                       [](const Member& member) { return Demands(member.op); });
      std::vector<Member> part;
      if (demands) part = Without(members_, begin, end);
      if (demands && IsViolated(part, from_any_value_)) {
        begin += part.size() - (members_.size() - (end - begin));
        members_ = std::move(part);
      } else {
        begin = end;
      }
    }
    if (chunk <= 1) return;
  }
}

bool Reducer::Reduce() {
  if (!IsViolated(members_, /*from_any_value=*/false)) return false;
  CutEnd();
  if (KeepOnlyLast()) return true;
  CutBeginning();
  DropMost();
  return true;
}

Witness Reducer::Result() const {
  Witness witness;
  witness.from_any_value = from_any_value_;
  for (const Member& member : members_) {
    if (Demands(member.op)) {
      witness.ops.push_back(member.place);
    } else {
      ++witness.maybes;
    }
  }
  return witness;
}

// The transactions that a sentence names, T and a number.
std::vector<size_t> NamedTransactions(const std::string& words, size_t transactions) {
  std::set<size_t> named;
  for (size_t i = 0; i + 1 < words.size(); ++i) {
    const bool begins = words[i] == 'T' && (i == 0 || words[i - 1] == ' ');
    size_t end = i + 1;
    while (begins && end < words.size() && std::isdigit(words[end])) ++end;
    int64_t number = 0;
    const bool is_number = absl::SimpleAtoi(words.substr(i + 1, end - i - 1), &number);
    if (begins && is_number && static_cast<size_t>(number) < transactions) {
      named.insert(static_cast<size_t>(number));
    }
  }
  return {named.begin(), named.end()};
}

void SortByInvocation(const ModelHistory& history, std::vector<size_t>* ops) {
  std::sort(ops->begin(), ops->end(), [&history](size_t a, size_t b) {
    return history.ops[a].invoke_ns < history.ops[b].invoke_ns;
  });
}

}  // namespace

Witness FindWitness(const ModelHistory& history, const std::string& first,
                    const WitnessLimits& limits) {
  Witness witness;
  const int64_t start_ns = NowNs();
  if (history.model == HistoryModel::kListAppend) {
    witness.ops = NamedTransactions(first, history.ops.size());
    SortByInvocation(history, &witness.ops);
    return witness;
  }
  std::map<int64_t, std::vector<Member>> keys;
  for (size_t i = 0; i < history.ops.size(); ++i) {
    keys[history.ops[i].key].push_back({history.ops[i], i});
  }
  for (auto& [key, members] : keys) {
    Reducer reducer(history, std::move(members), limits, start_ns);
    if (!reducer.Reduce()) continue;
    Witness found = reducer.Result();
    SortByInvocation(history, &found.ops);
    return found;
  }
  return witness;
}

}  // namespace rcb
