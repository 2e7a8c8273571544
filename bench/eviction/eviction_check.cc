#include "bench/eviction/eviction_check.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/str_cat.h"
#include "common/check/register_check.h"

namespace rcb::eviction {
namespace {

// The value of a register whose key is not there. Each time that it is found so has a value of its
// own, below this.
constexpr int64_t kAbsent = -1;

using Kind = Visit::Kind;

struct KeyedOp {
  uint32_t key = 0;
  RegisterOp op;
};

// That a key was absent at some time between `from_ns` and `to_ns`. When the server took its value
// away does not matter: nobody saw it in between.
KeyedOp Absence(uint32_t key, int64_t from_ns, int64_t to_ns, size_t number) {
  const int64_t value = kAbsent - 1 - static_cast<int64_t>(number);
  return {key, {from_ns, to_ns, value, /*is_read=*/false, Outcome::kOk}};
}

// An operation on a register each for the reads and writes of an operation.
void Append(const SeenOp& seen, size_t number, std::vector<KeyedOp>& out) {
  const OpRecord& record = seen.record;
  const Visit& visit = seen.visit;
  if (visit.kind == Kind::kNothing) return;
  if (visit.kind == Kind::kHit) {
    if (record.outcome != Outcome::kOk) return;
    out.push_back(
        {visit.key,
         {record.invoke_ns, record.return_ns, visit.version, /*is_read=*/true, Outcome::kOk}});
    return;
  }
  out.push_back(Absence(visit.key, record.invoke_ns, visit.looked_ns, number));
  if (visit.kind == Kind::kRefused || visit.version == 0) return;
  out.push_back({visit.key,
                 {visit.looked_ns, std::max(record.return_ns, visit.looked_ns), visit.version,
                  /*is_read=*/false, record.outcome}});
}

int64_t LastNs(absl::Span<const SeenOp> ops) {
  int64_t last_ns = 0;
  for (const SeenOp& op : ops) last_ns = std::max(last_ns, op.record.return_ns);
  return last_ns;
}

}  // namespace

Violations CheckValues(absl::Span<const SeenOp> ops, absl::Span<const FinalRead> final_reads,
                       const std::vector<bool>& is_held) {
  std::vector<KeyedOp> keyed;
  keyed.reserve(2 * ops.size() + final_reads.size());
  size_t number = 0;
  for (const SeenOp& op : ops) Append(op, number++, keyed);
  const int64_t end_ns = LastNs(ops) + 1;
  for (const FinalRead& read : final_reads) {
    if (read.version == 0) {
      keyed.push_back(Absence(read.key, end_ns, end_ns, number++));
    } else {
      keyed.push_back({read.key, {end_ns, end_ns, read.version, /*is_read=*/true, Outcome::kOk}});
    }
  }
  std::stable_sort(keyed.begin(), keyed.end(),
                   [](const KeyedOp& a, const KeyedOp& b) { return a.key < b.key; });
  Violations violations;
  std::vector<RegisterOp> of_key;
  for (size_t begin = 0; begin < keyed.size();) {
    const uint32_t key = keyed[begin].key;
    of_key.clear();
    for (; begin < keyed.size() && keyed[begin].key == key; ++begin) {
      of_key.push_back(keyed[begin].op);
    }
    Violations found = CheckRegister(of_key, is_held[key] ? FirstVersion(key) : kAbsent).violations;
    if (found.none()) continue;
    found.first = absl::StrCat("key ", key, ": ", found.first,
                               " (a negative value stands for a key that was not there)");
    violations.Merge(found);
  }
  return violations;
}

int64_t CountLost(absl::Span<const SeenOp> ops, absl::Span<const FinalRead> final_reads,
                  const std::vector<bool>& is_held) {
  constexpr int64_t kNever = INT64_MAX;
  std::vector<int64_t> there_since_ns(is_held.size(), kNever);
  for (size_t key = 0; key < is_held.size(); ++key) {
    if (is_held[key]) there_since_ns[key] = 0;
  }
  for (const SeenOp& op : ops) {
    if (op.visit.kind != Kind::kFilled || op.record.outcome != Outcome::kOk) continue;
    int64_t& since_ns = there_since_ns[op.visit.key];
    since_ns = std::min(since_ns, op.record.return_ns);
  }
  std::vector<bool> is_lost(is_held.size());
  for (const SeenOp& op : ops) {
    const bool found_nothing = op.visit.kind == Kind::kMiss || op.visit.kind == Kind::kFilled ||
                               op.visit.kind == Kind::kRefused;
    if (found_nothing && op.record.invoke_ns > there_since_ns[op.visit.key]) {
      is_lost[op.visit.key] = true;
    }
  }
  for (const FinalRead& read : final_reads) {
    if (read.version == 0 && there_since_ns[read.key] != kNever) is_lost[read.key] = true;
  }
  return std::count(is_lost.begin(), is_lost.end(), true);
}

Recovery FindRecovery(absl::Span<const SeenOp> ops, int64_t shift_at) {
  constexpr double kWithin = 0.95;
  constexpr int64_t kWindow = 2000;
  std::vector<bool> is_hit;
  for (const SeenOp& op : ops) {
    const size_t place = op.visit.number;
    if (is_hit.size() <= place) is_hit.resize(place + 1);
    is_hit[place] = op.visit.kind == Kind::kHit;
  }
  const auto size = static_cast<int64_t>(is_hit.size());
  Recovery recovery;
  if (shift_at <= 0 || size <= shift_at) return recovery;
  const auto begin = is_hit.begin();
  const auto hits = [&](int64_t from, int64_t to) {
    return static_cast<double>(std::count(begin + from, begin + to, true));
  };
  recovery.before = hits(0, shift_at) / static_cast<double>(shift_at);
  int64_t recent = 0;
  for (int64_t i = shift_at; i < size; ++i) {
    recent += begin[i] ? 1 : 0;
    if (i - kWindow >= shift_at) recent -= begin[i - kWindow] ? 1 : 0;
    recovery.operations = i + 1 - shift_at;
    const bool is_back =
        static_cast<double>(recent) >= kWithin * recovery.before * static_cast<double>(kWindow);
    recovery.is_whole = recovery.operations >= kWindow && is_back;
    if (recovery.is_whole) break;
  }
  return recovery;
}

}  // namespace rcb::eviction
