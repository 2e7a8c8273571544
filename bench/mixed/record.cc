#include "bench/mixed/record.h"

#include <algorithm>
#include <array>

#include "common/check/interval.h"
#include "common/measure/per_worker.h"

namespace rcb::mixed {
namespace {

// Whether what said that the fill was overtaken may have been taken away before it was read.
bool IsExcused(const Fill& fill, const OpRecord& read, absl::Span<const Flush> flushes) {
  return std::any_of(flushes.begin(), flushes.end(), [&](const Flush& flush) {
    return fill.began_ns <= flush.return_ns && flush.invoke_ns <= read.return_ns;
  });
}

// Adds what a get-or-compute yielded, which is the number of a computation.
void AddRead(const OpRecord& op, Key key, const Store& store, absl::Span<const Flush> flushes,
             Record& record) {
  if (op.outcome != Outcome::kOk) return;
  const Fill* fill = op.value == Document::kFirstFill ? nullptr : store.FindFill(op.value);
  if (fill == nullptr && op.value != Document::kFirstFill) {
    ++record.unknown_documents;
    return;
  }
  if (fill == nullptr || !IsExcused(*fill, op, flushes)) {
    record.versions.push_back({op.invoke_ns, key, fill == nullptr ? 1 : fill->version});
  }
  if (fill == nullptr) {
    record.documents.push_back({key, op.invoke_ns, /*stored_ns=*/0});
  } else if (fill->fate == Fill::Fate::kStored) {
    record.documents.push_back({key, op.invoke_ns, fill->stored_ns});
  }
}

// Adds one that may have taken a document away.
void AddLoss(const OpRecord& op, Key key, Record& record) {
  const bool is_known = op.outcome == Outcome::kOk;
  if (op.outcome == Outcome::kFailed || (is_known && op.value == 0)) return;
  const Loss loss = {key, op.invoke_ns, ReturnOf(op)};
  (op.op_class == kExpire ? record.expirations : record.invalidations).push_back(loss);
  if (is_known) ++record.effective_losses;
}

SwapOp ToSwap(const OpRecord& op, const Note& note) {
  const bool is_read = op.op_class == kGet;
  return {op.invoke_ns,           op.return_ns, is_read ? op.value : note.number,
          is_read ? 0 : op.value, is_read,      op.outcome};
}

void Reserve(absl::Span<const OpRecord> history, Record& record) {
  std::array<size_t, kClassNames.size()> counts{};
  for (const OpRecord& op : history) ++counts[op.op_class];
  record.swaps.reserve(counts[kGet] + counts[kSet]);
  record.counts.reserve(counts[kIncr]);
  record.transfers.reserve(counts[kTransfer]);
  record.versions.reserve(counts[kHit] + counts[kCompute]);
  record.documents.reserve(counts[kHit] + counts[kCompute]);
}

}  // namespace

std::vector<OpRecord> EpochOf(absl::Span<const OpRecord> history, absl::Span<const Flush> flushes,
                              size_t epoch) {
  const Flush begin = epoch == 0 ? Flush{-1, -1} : flushes[epoch - 1];
  const Flush end = epoch == flushes.size() ? Flush{kNever, kNever} : flushes[epoch];
  std::vector<OpRecord> own;
  own.reserve(history.size());
  for (const OpRecord& op : history) {
    if (ReturnOf(op) < begin.invoke_ns || op.invoke_ns > end.return_ns) continue;
    own.push_back(op);
    if (op.outcome != Outcome::kOk) continue;
    if (op.invoke_ns > begin.return_ns && op.return_ns < end.invoke_ns) continue;
    own.back().outcome = Outcome::kUnknown;
    own.back().value = 0;
  }
  return own;
}

Record SortOut(absl::Span<const OpRecord> history, const Store& store,
               absl::Span<const Flush> flushes, const std::function<Note(const OpRecord&)>& note_of,
               const std::function<Key(Key)>& bank_of) {
  Record record;
  Reserve(history, record);
  for (const OpRecord& op : history) {
    const Note note = note_of(op);
    const Key key = note.key;
    switch (op.op_class) {
      case kGet:
      case kSet:
        record.swaps.push_back({key, ToSwap(op, note)});
        break;
      case kIncr:
        record.counts.push_back(
            {key, {op.invoke_ns, op.return_ns, op.value, /*is_read=*/false, op.outcome}});
        break;
      case kTransfer:
        record.transfers.push_back(
            {bank_of(key), {note.transfer(), op.value == transaction::kMoved, op.outcome}});
        break;
      case kInvalidate:
        AddLoss(op, key, record);
        if (op.outcome == Outcome::kOk) record.changes.push_back({op.return_ns, key, note.number});
        break;
      case kExpire:
        AddLoss(op, key, record);
        if (op.outcome == Outcome::kOk) {
          record.acknowledged_expirations.push_back({key, op.invoke_ns, op.return_ns});
        }
        break;
      case kHit:
      case kCompute:
        AddRead(op, key, store, flushes, record);
        break;
      default:
        break;  // snapshots are kept elsewhere
    }
  }
  return record;
}

std::vector<Fill> FillsOf(const Store& store, bool refreshes_only) {
  std::vector<Fill> fills = Concatenate(store.fills());
  if (refreshes_only) {
    fills.erase(std::remove_if(fills.begin(), fills.end(),
                               [](const Fill& fill) { return !fill.is_refresh; }),
                fills.end());
  }
  std::vector<Key> keys;
  for (const Fill& fill : fills) keys.push_back(fill.key);
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  for (const Key key : keys) {
    if (!store.WasThere(key) && !refreshes_only) continue;
    Fill first;
    first.key = key;
    first.fate = Fill::Fate::kStored;
    fills.push_back(first);
  }
  return fills;
}

}  // namespace rcb::mixed
