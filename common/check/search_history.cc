#include "common/check/search_history.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <tuple>
#include <utility>
#include <vector>

namespace rcb {
namespace {

constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

// Equal for operations that are interchangeable but for their times.
std::tuple<int64_t, Effect, int64_t> EffectOf(const SearchOp& op) {
  return {op.value, op.effect, op.effect == Effect::kSwap ? op.expected : 0};
}

}  // namespace

bool Allows(const SearchOp& op, int64_t value) {
  switch (op.effect) {
    case Effect::kIs:
      return value == op.value;
    case Effect::kIsNot:
      return value != op.value;
    case Effect::kSwap:
      return value == op.expected;
    case Effect::kSet:
      break;
  }
  return true;
}

bool LeavesValue(const SearchOp& op) {
  return op.effect == Effect::kIs || op.effect == Effect::kIsNot;
}

int64_t AskedOf(const SearchOp& op) { return op.effect == Effect::kSwap ? op.expected : op.value; }

SearchHistory::SearchHistory(const std::vector<SearchOp>& input) {
  NumberByReturn(input);
  GroupPending();
  AssignSlots();
  NumberKinds();
}

void SearchHistory::NumberByReturn(const std::vector<SearchOp>& input) {
  for (size_t i = 0; i < input.size(); ++i) {
    if (input[i].return_ns == kNever) {
      pending.push_back(input[i]);
    } else {
      input_of.push_back(i);
    }
  }
  std::sort(input_of.begin(), input_of.end(), [&input](size_t a, size_t b) {
    return std::tie(input[a].return_ns, input[a].invoke_ns, a) <
           std::tie(input[b].return_ns, input[b].invoke_ns, b);
  });
  for (size_t i : input_of) ops.push_back(input[i]);
}

void SearchHistory::GroupPending() {
  std::sort(pending.begin(), pending.end(), [](const SearchOp& a, const SearchOp& b) {
    return std::tuple_cat(EffectOf(a), std::tie(a.invoke_ns)) <
           std::tuple_cat(EffectOf(b), std::tie(b.invoke_ns));
  });
  for (size_t i = 0; i < pending.size(); ++i) {
    if (groups.empty() || EffectOf(groups.back().op) != EffectOf(pending[i])) {
      groups.push_back({pending[i], i, i});
    }
    groups.back().end = i + 1;
  }
  for (const PendingGroup& group : groups) {
    if (group.op.effect == Effect::kSwap) asked_by_pending.push_back(group.op.expected);
  }
  std::sort(asked_by_pending.begin(), asked_by_pending.end());
}

void SearchHistory::AssignSlots() {
  calls.resize(ops.size());
  std::iota(calls.begin(), calls.end(), size_t{0});
  std::sort(calls.begin(), calls.end(), [this](size_t a, size_t b) {
    return std::tie(ops[a].invoke_ns, a) < std::tie(ops[b].invoke_ns, b);
  });
  slot.resize(ops.size());
  std::vector<size_t> unused;
  size_t called = 0;
  for (size_t front = 0; front < ops.size(); ++front) {
    for (; called < calls.size(); ++called) {
      if (ops[calls[called]].invoke_ns > ops[front].return_ns) break;
      if (unused.empty()) unused.push_back(slots++);
      slot[calls[called]] = unused.back();
      unused.pop_back();
    }
    unused.push_back(slot[front]);
  }
}

void SearchHistory::NumberKinds() {
  std::vector<size_t> order = calls;
  std::sort(order.begin(), order.end(),
            [this](size_t a, size_t b) { return EffectOf(ops[a]) < EffectOf(ops[b]); });
  kind.resize(ops.size());
  for (size_t i = 0; i < order.size(); ++i) {
    if (i == 0 || EffectOf(ops[order[i]]) != EffectOf(ops[order[i - 1]])) ++kinds;
    kind[order[i]] = kinds - 1;
  }
}

bool SearchHistory::IsAskedByPending(int64_t value) const {
  return std::binary_search(asked_by_pending.begin(), asked_by_pending.end(), value);
}

size_t SearchHistory::PendingWriteOf(int64_t value) const {
  const auto group =
      std::partition_point(groups.begin(), groups.end(), [value](const PendingGroup& g) {
        return std::tie(g.op.value, g.op.effect) < std::tuple(value, Effect::kSet);
      });
  const bool is_found =
      group != groups.end() && group->op.value == value && group->op.effect == Effect::kSet;
  return is_found ? static_cast<size_t>(group - groups.begin()) : groups.size();
}

bool SearchHistory::AsksForUngivenValue(int64_t initial) const {
  std::vector<std::pair<int64_t, int64_t>> given = {{initial, -1}};  // values, and from when on
  for (const auto* part : {&ops, &pending}) {
    for (const SearchOp& op : *part) {
      if (!LeavesValue(op)) given.push_back({op.value, op.invoke_ns});
    }
  }
  std::sort(given.begin(), given.end());
  return std::any_of(ops.begin(), ops.end(), [&given](const SearchOp& op) {
    if (op.effect != Effect::kIs && op.effect != Effect::kSwap) return false;
    const int64_t asked = AskedOf(op);
    const auto first = std::lower_bound(given.begin(), given.end(), std::pair(asked, int64_t{-1}));
    return first == given.end() || first->first != asked || first->second > op.return_ns;
  });
}

}  // namespace rcb
