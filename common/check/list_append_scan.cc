#include "common/check/list_append_scan.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <numeric>
#include <set>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/check/interval.h"

namespace rcb::list_append {
namespace {

Scan IndexOps(const ListHistory& history) {
  Scan scan;
  const std::vector<ListTransaction>& transactions = history.transactions();
  for (size_t i = 0; i < transactions.size(); ++i) {
    const ListTransaction& transaction = transactions[i];
    AbortOnBadStamps("CheckListAppend", transaction);
    for (size_t k = transaction.ops_begin; k < transaction.ops_end; ++k) {
      const ListOp& op = history.ops()[k];
      const auto index = static_cast<int32_t>(i);
      if (!op.is_read) {
        scan.writes.push_back({.key = op.key, .value = op.value, .op = k, .transaction = index});
      } else if (transaction.outcome == Outcome::kOk) {
        scan.reads.push_back({.key = op.key, .op = k, .transaction = index});
      }
    }
    scan.took_effect.push_back(transaction.outcome == Outcome::kOk);
  }
  scan.has_lost_append.resize(transactions.size());
  scan.has_lost_update.resize(transactions.size());
  return scan;
}

// Returns the elements of `ops` from *begin on that have `key`, and puts *begin behind them.
template <typename Op>
absl::Span<Op> TakeKey(std::vector<Op>& ops, int64_t key, size_t* begin) {
  const size_t first = *begin;
  while (*begin < ops.size() && ops[*begin].key == key) ++*begin;
  return absl::MakeSpan(ops).subspan(first, *begin - first);
}

void GroupByKey(Scan* scan) {
  const auto by_key_and_step = [](const auto& a, const auto& b) {
    return std::tie(a.key, a.op) < std::tie(b.key, b.op);
  };
  std::sort(scan->writes.begin(), scan->writes.end(), by_key_and_step);
  std::sort(scan->reads.begin(), scan->reads.end(), by_key_and_step);
  const Write* next = nullptr;
  for (auto write = scan->writes.rbegin(); write != scan->writes.rend(); ++write) {
    write->is_last =
        next == nullptr || next->key != write->key || next->transaction != write->transaction;
    next = &*write;
  }
  size_t write = 0;
  size_t read = 0;
  while (write < scan->writes.size() || read < scan->reads.size()) {
    int64_t key = std::numeric_limits<int64_t>::max();
    if (write < scan->writes.size()) key = scan->writes[write].key;
    if (read < scan->reads.size()) key = std::min(key, scan->reads[read].key);
    const absl::Span<Write> writes = TakeKey(scan->writes, key, &write);
    scan->groups.push_back({writes, TakeKey(scan->reads, key, &read)});
  }
}

std::string Name(int32_t transaction) { return absl::StrCat("T", transaction); }

// Checks the keys one after another.
class KeyChecker {
 public:
  KeyChecker(const ListHistory& history, Scan* scan, Findings* findings)
      : history_(history), scan_(*scan), findings_(*findings) {}

  void Check(KeyGroup group);

 private:
  void IndexValues();
  Write* FindWrite(int64_t value) const;
  void CheckValues(const Read& read);
  void PlaceWrites();
  void FindFirstPlaced();
  void CheckOrderWithinTransactions();
  void CheckRead(const Read* previous, Read* read);
  bool IsBeginningOfLongest(const Read& read);
  bool AgreesWithItsTransaction(const Read* previous, Read* read);
  bool EndsAtATransaction(const Read& read);
  void CheckLostAppends();
  void CheckLostUpdates();

  void Note(ListAnomaly anomaly, const Read& read, const std::string& text) {
    findings_.Note(anomaly, TransactionOf(read).return_ns, text);
  }
  void NoteValueOnce(ListAnomaly anomaly, const Read& read, int64_t value, const std::string& end);
  std::string Words(const Read& read) const {
    return absl::StrCat(Name(read.transaction), " read key ", read.key);
  }

  template <typename Op>
  const ListTransaction& TransactionOf(const Op& op) const {
    return history_.transactions()[static_cast<size_t>(op.transaction)];
  }
  absl::Span<const int64_t> ValuesOf(const Read& read) const {
    return history_.ValuesOf(history_.ops()[read.op]);
  }
  absl::Span<const Write> WritesOf(int32_t transaction) const;

  const ListHistory& history_;
  Scan& scan_;
  Findings& findings_;

  // What is known of the key at hand.
  KeyGroup group_;
  const Read* longest_ = nullptr;
  std::vector<std::pair<int64_t, Write*>> by_value_;
  std::set<std::pair<ListAnomaly, int64_t>> noted_;
  // By index in the longest read; null says that no write can be there.
  std::vector<const Write*> write_at_;
  std::vector<int32_t> placed_before_;  // how many places a read shows, by its size
  // By write: the one that comes first in the longest read, of it and those that its transaction
  // appended after it; null if none is there.
  std::vector<const Write*> first_placed_;
};

void KeyChecker::Check(KeyGroup group) {
  group_ = group;
  noted_.clear();
  IndexValues();
  if (group_.reads.empty()) return;
  longest_ = &*std::max_element(
      group_.reads.begin(), group_.reads.end(),
      [this](const Read& a, const Read& b) { return ValuesOf(a).size() < ValuesOf(b).size(); });
  CheckValues(*longest_);
  PlaceWrites();
  FindFirstPlaced();
  CheckOrderWithinTransactions();
  const Read* previous = nullptr;
  for (Read& read : group_.reads) {
    CheckRead(previous, &read);
    previous = &read;
  }
  CheckLostAppends();
  CheckLostUpdates();
}

void KeyChecker::IndexValues() {
  by_value_.clear();
  for (Write& write : group_.writes) by_value_.emplace_back(write.value, &write);
  std::sort(by_value_.begin(), by_value_.end());
  const auto twice =
      std::adjacent_find(by_value_.begin(), by_value_.end(),
                         [](const auto& a, const auto& b) { return a.first == b.first; });
  if (twice == by_value_.end()) return;
  std::fprintf(stderr, "CheckListAppend: value %" PRId64 " is appended to key %" PRId64 " twice\n",
               twice->first, twice->second->key);
  std::abort();
}

Write* KeyChecker::FindWrite(int64_t value) const {
  const auto found = std::lower_bound(
      by_value_.begin(), by_value_.end(), value,
      [](const std::pair<int64_t, Write*>& entry, int64_t v) { return entry.first < v; });
  return found == by_value_.end() || found->first != value ? nullptr : found->second;
}

absl::Span<const Write> KeyChecker::WritesOf(int32_t transaction) const {
  const auto [begin, end] = std::equal_range(
      group_.writes.begin(), group_.writes.end(), Write{.transaction = transaction},
      [](const Write& a, const Write& b) { return a.transaction < b.transaction; });
  return {begin, static_cast<size_t>(end - begin)};
}

// Whatever a read shows did happen, so transactions of unknown outcome are settled here.
void KeyChecker::CheckValues(const Read& read) {
  const absl::Span<const int64_t> values = ValuesOf(read);
  std::vector<int64_t> sorted(values.begin(), values.end());
  std::sort(sorted.begin(), sorted.end());
  for (size_t i = 0; i < sorted.size(); ++i) {
    if (i > 0 && sorted[i] == sorted[i - 1]) {
      NoteValueOnce(ListAnomaly::kDuplicate, read, sorted[i], "more than once");
      continue;
    }
    const Write* write = FindWrite(sorted[i]);
    if (write == nullptr) {
      NoteValueOnce(ListAnomaly::kGarbage, read, sorted[i], "which nobody appended");
    } else if (TransactionOf(*write).outcome == Outcome::kFailed) {
      NoteValueOnce(ListAnomaly::kG1a, read, sorted[i],
                    absl::StrCat("which ", Name(write->transaction), " appended, but failed"));
    } else {
      scan_.took_effect[static_cast<size_t>(write->transaction)] = true;
    }
  }
}

void KeyChecker::NoteValueOnce(ListAnomaly anomaly, const Read& read, int64_t value,
                               const std::string& end) {
  if (!noted_.emplace(anomaly, value).second) return;
  Note(anomaly, read, absl::StrCat(Words(read), " with value ", value, ", ", end));
}

// Values that cannot be there have no place; duplicates have that of the first.
void KeyChecker::PlaceWrites() {
  write_at_.clear();
  placed_before_.assign(1, 0);
  int32_t places = 0;
  for (int64_t value : ValuesOf(*longest_)) {
    Write* write = FindWrite(value);
    const bool is_possible = write != nullptr && write->place == kNone &&
                             TransactionOf(*write).outcome != Outcome::kFailed;
    if (is_possible) write->place = places++;
    write_at_.push_back(is_possible ? write : nullptr);
    placed_before_.push_back(places);
  }
}

void KeyChecker::FindFirstPlaced() {
  first_placed_.assign(group_.writes.size(), nullptr);
  for (size_t i = group_.writes.size(); i-- > 0;) {
    const Write& write = group_.writes[i];
    const Write* later = write.is_last ? nullptr : first_placed_[i + 1];
    const bool is_first = write.place != kNone && (later == nullptr || write.place < later->place);
    first_placed_[i] = is_first ? &write : later;
  }
}

void KeyChecker::CheckOrderWithinTransactions() {
  for (size_t i = 1; i < group_.writes.size(); ++i) {
    const Write& write = group_.writes[i];
    const Write& before = group_.writes[i - 1];
    if (before.transaction != write.transaction || write.place == kNone) continue;
    if (before.place != kNone && before.place < write.place) continue;
    Note(ListAnomaly::kInternal, *longest_,
         absl::StrCat(Words(*longest_), " with value ", write.value, " and not ", before.value,
                      " before it, which ", Name(write.transaction), " had appended first"));
  }
}

// `previous` is the read of the key before this one, perhaps of another transaction.
void KeyChecker::CheckRead(const Read* previous, Read* read) {
  if (!IsBeginningOfLongest(*read)) {
    CheckValues(*read);
    return;
  }
  if (!AgreesWithItsTransaction(previous, read) || !EndsAtATransaction(*read)) return;
  read->version = placed_before_[static_cast<size_t>(read->external_size)];
  read->seen = placed_before_[ValuesOf(*read).size()];
}

bool KeyChecker::IsBeginningOfLongest(const Read& read) {
  const absl::Span<const int64_t> values = ValuesOf(read);
  const absl::Span<const int64_t> longest = ValuesOf(*longest_);
  const auto differ = std::mismatch(values.begin(), values.end(), longest.begin());
  if (differ.first == values.end()) return true;
  Note(ListAnomaly::kIncompatibleOrder, read,
       absl::StrCat(Words(read), " with value ", *differ.first, " at index ",
                    differ.first - values.begin(), ", where ", Name(longest_->transaction),
                    " read ", *differ.second));
  return false;
}

// Whether the read ends in what its own transaction had appended, shows nothing that it appended
// later, and is otherwise the same as its last read. If so, read->external_size is set.
bool KeyChecker::AgreesWithItsTransaction(const Read* previous, Read* read) {
  const absl::Span<const int64_t> values = ValuesOf(*read);
  const absl::Span<const Write> own = WritesOf(read->transaction);
  const auto later = std::partition_point(
      own.begin(), own.end(), [read](const Write& write) { return write.op < read->op; });
  const auto before = static_cast<size_t>(later - own.begin());
  const bool ends_in_own =
      before <= values.size() &&
      std::equal(own.begin(), later, values.end() - std::min(before, values.size()),
                 [](const Write& write, int64_t value) { return write.value == value; });
  if (!ends_in_own) {
    Note(ListAnomaly::kInternal, *read,
         absl::StrCat(Words(*read), " without value ", std::prev(later)->value,
                      " at its end, which it had appended itself"));
    return false;
  }
  const auto index = static_cast<size_t>(later - group_.writes.begin());
  const Write* shown = later == own.end() ? nullptr : first_placed_[index];
  if (shown != nullptr && shown->place < placed_before_[values.size()]) {
    Note(ListAnomaly::kInternal, *read,
         absl::StrCat(Words(*read), " with value ", shown->value, ", before it appended that"));
    return false;
  }
  const auto external_size = static_cast<int32_t>(values.size() - before);
  const bool is_again = previous != nullptr && previous->transaction == read->transaction &&
                        previous->external_size != kNone;
  if (is_again && previous->external_size != external_size) {
    Note(ListAnomaly::kInternal, *read,
         absl::StrCat(Words(*read), " with ", previous->external_size,
                      " values of others, and then with ", external_size));
    return false;
  }
  read->external_size = external_size;
  return true;
}

bool KeyChecker::EndsAtATransaction(const Read& read) {
  if (read.external_size == 0) return true;
  const auto size = static_cast<size_t>(read.external_size);
  const Write* last = write_at_[size - 1];
  if (last == nullptr || last->is_last) return true;
  const Write& next = *(last + 1);  // of the same transaction
  if (next.place != kNone && next.place < placed_before_[size]) return true;
  Note(ListAnomaly::kG1b, read,
       absl::StrCat(Words(read), " up to value ", last->value, ", after which ",
                    Name(last->transaction), " appended more"));
  return false;
}

void KeyChecker::CheckLostAppends() {
  // They go from the latest invocation to the earliest, each with the read, of itself and the later
  // ones, that saw least.
  std::vector<std::pair<int64_t, const Read*>> least_seen;
  for (const Read& read : group_.reads) {
    if (read.version != kNone) least_seen.emplace_back(TransactionOf(read).invoke_ns, &read);
  }
  std::sort(least_seen.rbegin(), least_seen.rend());
  for (size_t i = 1; i < least_seen.size(); ++i) {
    const Read* later = least_seen[i - 1].second;
    if (later->seen < least_seen[i].second->seen) least_seen[i].second = later;
  }
  for (const Write& write : group_.writes) {
    const ListTransaction& writer = TransactionOf(write);
    if (writer.outcome != Outcome::kOk) continue;
    const auto after = std::partition_point(
        least_seen.begin(), least_seen.end(),
        [&writer](const auto& entry) { return entry.first > writer.return_ns; });
    if (after == least_seen.begin()) continue;
    const Read& read = *std::prev(after)->second;
    if (write.place != kNone && write.place < read.seen) continue;
    scan_.has_lost_append[static_cast<size_t>(write.transaction)] = true;
    Note(ListAnomaly::kLostAppend, read,
         absl::StrFormat(
             "%s without value %d; %s had appended that and returned %.3f us before", Words(read),
             write.value, Name(write.transaction),
             static_cast<double>(TransactionOf(read).invoke_ns - writer.return_ns) / 1e3));
  }
}

void KeyChecker::CheckLostUpdates() {
  std::vector<std::pair<int32_t, const Read*>> updates;  // version and read, one per transaction
  for (const Read& read : group_.reads) {
    if (read.version == kNone || WritesOf(read.transaction).empty()) continue;
    const bool is_again =
        !updates.empty() && updates.back().second->transaction == read.transaction;
    if (!is_again) updates.emplace_back(read.version, &read);
  }
  std::sort(updates.begin(), updates.end());
  for (size_t i = 1; i < updates.size(); ++i) {
    if (updates[i].first != updates[i - 1].first) continue;
    const Read& one = *updates[i - 1].second;
    const Read& other = *updates[i].second;
    for (const Read* read : {&one, &other}) {
      scan_.has_lost_update[static_cast<size_t>(read->transaction)] = true;
    }
    const int64_t at_ns = std::max(TransactionOf(one).return_ns, TransactionOf(other).return_ns);
    findings_.Note(
        ListAnomaly::kLostUpdate, at_ns,
        absl::StrCat(Words(one), " with ", one.external_size, " values and appended ",
                     WritesOf(one.transaction).back().value, ", ", Name(other.transaction),
                     " read the same and appended ", WritesOf(other.transaction).back().value));
  }
}

}  // namespace

void Findings::Note(ListAnomaly anomaly, int64_t at_ns, const std::string& text) {
  ++counts_[static_cast<size_t>(anomaly)];
  first_.Note(at_ns, {anomaly, text});
}

ListVerdict Findings::Verdict() const {
  ListVerdict verdict;
  verdict.counts = counts_;
  if (!first_.finding()) return verdict;
  const auto& [anomaly, text] = *first_.finding();
  verdict.violations.Add(std::accumulate(counts_.begin(), counts_.end(), int64_t{0}),
                         absl::StrCat(ListAnomalyName(anomaly), ": ", text));
  return verdict;
}

Scan ScanLists(const ListHistory& history, Findings* findings) {
  Scan scan = IndexOps(history);
  GroupByKey(&scan);
  KeyChecker checker(history, &scan, findings);
  for (const KeyGroup& group : scan.groups) checker.Check(group);
  return scan;
}

}  // namespace rcb::list_append
