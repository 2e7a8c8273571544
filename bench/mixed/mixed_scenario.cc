#include "bench/mixed/mixed_scenario.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <set>
#include <utility>

#include "absl/random/distributions.h"
#include "absl/strings/str_cat.h"
#include "bench/mixed/by_key.h"
#include "bench/mixed/document_check.h"
#include "common/measure/clock.h"

namespace rcb::mixed {
namespace {

using transaction::Balances;
using transaction::Bank;

constexpr int kOperationsPerLook = 5;  // at a bank's books
constexpr int64_t kMaxBanks = 1000;
constexpr size_t kKeysAtOnce = 500;

Balances BalancesOf(const Reply& values) {
  Balances balances;
  for (size_t i = 0; i < balances.size(); ++i) balances[i] = values[i].integer();
  return balances;
}

// The numbers that `names` hold at the end.
absl::StatusOr<std::vector<int64_t>> ReadNumbers(const std::vector<std::string>& names,
                                                 BlockingClient& redis) {
  std::vector<int64_t> numbers;
  for (size_t begin = 0; begin < names.size(); begin += kKeysAtOnce) {
    const size_t end = std::min(begin + kKeysAtOnce, names.size());
    std::vector<std::string> mget = {"MGET"};
    mget.insert(mget.end(), names.begin() + static_cast<std::ptrdiff_t>(begin),
                names.begin() + static_cast<std::ptrdiff_t>(end));
    const absl::StatusOr<Reply> values = redis.Command(mget);
    if (!values.ok()) return values.status();
    for (const Reply& value : values->elements()) numbers.push_back(Store::NumberOf(value));
  }
  return numbers;
}

template <typename T>
std::vector<Key> KeysOf(const std::vector<Keyed<T>>& ops) {
  std::vector<Key> keys;
  keys.reserve(ops.size());
  for (const Keyed<T>& op : ops) keys.push_back(op.key);
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  return keys;
}

// A read of each key by the harness itself, behind all else. `make` makes it from the number.
template <typename T, typename Make>
absl::Status AddFinal(BlockingClient& redis, const std::function<std::string(Key)>& name_of,
                      std::vector<Keyed<T>>& ops, const Make& make) {
  const std::vector<Key> keys = KeysOf(ops);
  std::vector<std::string> names;
  names.reserve(keys.size());
  for (const Key key : keys) names.push_back(name_of(key));
  const int64_t before_ns = NowNs();
  const absl::StatusOr<std::vector<int64_t>> numbers = ReadNumbers(names, redis);
  if (!numbers.ok()) return numbers.status();
  const int64_t after_ns = NowNs();
  for (size_t i = 0; i < keys.size(); ++i) {
    ops.push_back({keys[i], make(before_ns, after_ns, (*numbers)[i])});
  }
  return absl::OkStatus();
}

template <typename T>
std::vector<T> OpsOf(absl::Span<const Keyed<T>> own) {
  std::vector<T> ops;
  ops.reserve(own.size());
  for (const Keyed<T>& op : own) ops.push_back(op.op);
  return ops;
}

void AddOfKey(Key key, const Violations& found, Violations& violations) {
  violations.Add(found.count, absl::StrCat("key ", key, ": ", found.first));
}

void JudgeRegisters(std::vector<Keyed<SwapOp>> swaps, Findings& findings) {
  Violations writes;
  Violations reads;
  ByKey<Keyed<SwapOp>>(std::move(swaps)).ForEach([&](absl::Span<const Keyed<SwapOp>> own) {
    const SwapVerdict verdict = CheckSwaps(OpsOf(own), /*initial=*/0);
    AddOfKey(own.front().key, verdict.writes, writes);
    AddOfKey(own.front().key, verdict.reads, reads);
  });
  findings.Detect("by_set", writes);
  findings.Detect("by_get", reads);
}

void JudgeCounters(std::vector<Keyed<CounterOp>> counts, Findings& findings) {
  Violations violations;
  ByKey<Keyed<CounterOp>>(std::move(counts)).ForEach([&](absl::Span<const Keyed<CounterOp>> own) {
    AddOfKey(own.front().key, CheckCounter(OpsOf(own), /*initial=*/0, std::nullopt).violations,
             violations);
  });
  findings.Detect("by_incr", violations);
}

}  // namespace

MixedScenario::MixedScenario(const RunPlan& plan, const Settings& settings,
                             const Techniques& techniques, Once once)
    : store_(plan.key_prefix, settings, plan.workers),
      techniques_(techniques),
      once_(once),
      classes_(settings.mix.weights),
      is_trial_(plan.trial),
      notes_(plan.workers),
      written_(plan.workers),
      looks_(plan.workers) {
  const KeyChooser keys(settings.mix.distribution, static_cast<uint64_t>(settings.mix.keys));
  choosers_.assign(static_cast<size_t>(plan.workers), Chooser{keys});
  const int64_t banks =
      std::clamp<int64_t>(settings.mix.keys / transaction::kAccounts, 1, kMaxBanks);
  for (int64_t i = 0; i < banks; ++i) {
    banks_.emplace_back(absl::StrCat(plan.key_prefix, i, ":bank:"), plan.library_name);
    banks_.back().lease_ms = settings.lease_ms;
  }
}

absl::Status MixedScenario::Prepare(BlockingClient& redis) {
  for (const Bank& bank : banks_) {
    std::vector<std::string> open = {"MSET"};
    for (const std::string& account : bank.accounts) {
      open.push_back(account);
      open.push_back(absl::StrCat(transaction::kOpening));
    }
    const absl::Status opened = redis.Command(open).status();
    if (!opened.ok()) return opened;
  }
  return FillDocuments(redis);
}

// As in a cache that has been in use for a while.
absl::Status MixedScenario::FillDocuments(BlockingClient& redis) const {
  static constexpr char kFill[] =
      "for i = 1, #KEYS do redis.call('SET', KEYS[i], ARGV[1], 'PX', ARGV[2]) end return 1";
  const std::string text = store_.Padded(Document().ToText());
  const Key end = store_.keys_filled();
  for (Key begin = 0; begin < end; begin += kKeysAtOnce) {
    const Key next = std::min<Key>(begin + kKeysAtOnce, end);
    std::vector<std::string> eval = {"EVAL", kFill, absl::StrCat(next - begin)};
    for (Key key = begin; key < next; ++key) eval.push_back(store_.document(key));
    eval.push_back(text);
    eval.push_back(absl::StrCat(store_.settings().ttl_ms));
    const absl::Status filled = redis.Command(eval).status();
    if (!filled.ok()) return filled;
  }
  return absl::OkStatus();
}

Operation MixedScenario::Operate(Worker& worker) {
  const Class drawn = classes_.Next(*worker.random);
  const Key key = choosers_[static_cast<size_t>(worker.index)].keys.Next(*worker.random);
  worker.op_class = drawn;
  Note& note = notes_.For(worker);
  note.key = static_cast<uint32_t>(key);
  switch (drawn) {
    case kSet:
      // Written once, by this worker.
      note.number = ++written_[worker.index] * written_.size() + worker.index;
      return techniques_.set(worker, store_, key, note.number);
    case kIncr:
      return techniques_.incr(worker, store_, key);
    case kCompute:
      return techniques_.get_or_compute(worker, store_, key);
    case kTransfer:
      return Transfer(worker, note);
    case kInvalidate:
      note.number = store_.ChangeOrigin(key);
      return techniques_.invalidate(worker, store_, key, note.number);
    case kExpire:
      return techniques_.expire(worker, store_, key);
    default:
      return techniques_.get(worker, store_, key);
  }
}

// `note` is gone with the next operation, and no earlier.
Operation MixedScenario::Transfer(Worker& worker, Note& note) {
  const Key bank = BankOf(note.key);
  if (absl::Uniform(*worker.random, 0, kOperationsPerLook) == 0) {
    worker.op_class = kSnapshot;
    co_return co_await LookAtBooks(worker, bank);
  }
  const auto transfer = transaction::Transfer::Draw(*worker.random);
  note.Keep(transfer);
  co_return co_await techniques_.transfer(worker, banks_[bank], transfer);
}

Operation MixedScenario::LookAtBooks(Worker& worker, Key bank) {
  const Reply values = co_await worker.redis().Run(banks_[bank].snapshot);
  looks_[worker.index].push_back({bank, BalancesOf(values)});
  co_return 0;
}

void MixedScenario::NoteLoss(const std::vector<std::string>& names, int64_t invoke_ns,
                             int64_t return_ns) {
  for (const std::string& name : names) {
    const std::optional<Key> key = store_.KeyOfDocument(name);
    if (key) losses_.push_back({*key, invoke_ns, return_ns});
  }
}

void MixedScenario::NoteFlush(const std::vector<std::string>& names, int64_t invoke_ns,
                              int64_t return_ns) {
  NoteLoss(names, invoke_ns, return_ns);
  flushes_.push_back({invoke_ns, return_ns});
}

std::vector<std::string> MixedScenario::accounts() const {
  std::vector<std::string> names;
  for (const Bank& bank : banks_) {
    names.insert(names.end(), bank.accounts.begin(), bank.accounts.end());
  }
  return names;
}

absl::StatusOr<Findings> MixedScenario::Check(absl::Span<const OpRecord> history,
                                              BlockingClient& redis) {
  const int64_t start_ns = NowNs();
  Record record = Sort(history);
  Findings findings;
  Publish(history, record, findings.counters);
  const absl::Status judged = flushes_.empty() ? JudgeState(record, redis, findings)
                                               : JudgeEpochs(history, redis, findings);
  if (!judged.ok()) return judged;
  JudgeDocuments(record, findings);
  findings.counters.emplace_back("check_us", static_cast<double>(NowNs() - start_ns) / 1e3);
  return findings;
}

Record MixedScenario::Sort(absl::Span<const OpRecord> history) const {
  return SortOut(
      history, store_, flushes_, [this](const OpRecord& op) { return notes_.Of(op); },
      [this](Key key) { return BankOf(key); });
}

// Each flush is the end of one state and the beginning of another. The books of a bank have to be
// right whenever somebody looks, but what moved before a flush leaves no other trace.
absl::Status MixedScenario::JudgeEpochs(absl::Span<const OpRecord> history, BlockingClient& redis,
                                        Findings& findings) const {
  for (size_t epoch = 0; epoch < flushes_.size(); ++epoch) {
    Record record = Sort(EpochOf(history, flushes_, epoch));
    JudgeRegisters(std::move(record.swaps), findings);
    JudgeCounters(std::move(record.counts), findings);
  }
  Record last = Sort(EpochOf(history, flushes_, flushes_.size()));
  return JudgeState(last, redis, findings);
}

// What is no cache: all values of it that are there at the end.
absl::Status MixedScenario::JudgeState(Record& record, BlockingClient& redis,
                                       Findings& findings) const {
  const absl::Status read = AddFinalNumbers(redis, record);
  if (!read.ok()) return read;
  JudgeRegisters(std::move(record.swaps), findings);
  JudgeCounters(std::move(record.counts), findings);
  return JudgeBanks(record, redis, findings);
}

absl::Status MixedScenario::AddFinalNumbers(BlockingClient& redis, Record& record) const {
  const absl::Status read = AddFinal(
      redis, [this](Key key) { return store_.value(key); }, record.swaps,
      [](int64_t before_ns, int64_t after_ns, int64_t number) {
        return SwapOp{before_ns, after_ns, number, 0, /*is_read=*/true, Outcome::kOk};
      });
  if (!read.ok()) return read;
  return AddFinal(
      redis, [this](Key key) { return store_.counter(key); }, record.counts,
      [](int64_t before_ns, int64_t after_ns, int64_t number) {
        return CounterOp{before_ns, after_ns, number, /*is_read=*/true, Outcome::kOk};
      });
}

absl::Status MixedScenario::JudgeBanks(Record& record, BlockingClient& redis,
                                       Findings& findings) const {
  std::vector<Key> touched = KeysOf(record.transfers);
  const std::vector<Look> looks = Concatenate(looks_);
  for (const Look& look : looks) touched.push_back(look.key);
  std::sort(touched.begin(), touched.end());
  touched.erase(std::unique(touched.begin(), touched.end()), touched.end());
  std::vector<std::string> names;
  for (const Key bank : touched) {
    names.insert(names.end(), banks_[bank].accounts.begin(), banks_[bank].accounts.end());
  }
  const absl::StatusOr<std::vector<int64_t>> numbers = ReadNumbers(names, redis);
  if (!numbers.ok()) return numbers.status();
  const ByKey<Keyed<transaction::TransferOp>> transfers(std::move(record.transfers));
  const ByKey<Look> looks_by_bank(looks);
  Violations violations;
  for (size_t i = 0; i < touched.size(); ++i) {
    Balances last;
    std::copy_n(numbers->begin() + static_cast<std::ptrdiff_t>(i * last.size()), last.size(),
                last.begin());
    std::vector<Balances> seen;
    for (const Look& look : looks_by_bank.Of(touched[i])) seen.push_back(look.balances);
    const Violations found = transaction::CheckBank(OpsOf(transfers.Of(touched[i])), seen, last,
                                                    /*is_guarded=*/true);
    violations.Add(found.count, absl::StrCat("bank ", touched[i], ": ", found.first));
  }
  findings.Detect("by_transfer", violations);
  return absl::OkStatus();
}

void MixedScenario::JudgeDocuments(Record& record, Findings& findings) const {
  findings.Detect("by_invalidate",
                  expiry::CheckFreshness(std::move(record.versions), std::move(record.changes)));
  findings.Detect("by_expire",
                  CheckExpired(record.documents, std::move(record.acknowledged_expirations),
                               store_.settings().mix.grace_ms));
  std::vector<Loss> losses = record.invalidations;
  losses.insert(losses.end(), record.expirations.begin(), record.expirations.end());
  losses.insert(losses.end(), losses_.begin(), losses_.end());
  Violations computed;
  computed.Add(record.unknown_documents, "a read got a document that nothing had computed");
  const bool each_expiry = once_ == Once::kEachExpiry;
  computed.Merge(CheckOnce(FillsOf(store_, /*refreshes_only=*/each_expiry),
                           each_expiry ? record.expirations : losses));
  if (each_expiry) {
    std::vector<Fill> fills = FillsOf(store_, /*refreshes_only=*/false);
    computed.Merge(CheckNeed(std::move(fills), std::move(losses)));
  }
  findings.Detect("by_compute", computed);
}

void MixedScenario::Publish(absl::Span<const OpRecord> history, const Record& record,
                            Counters& counters) const {
  int64_t computations = 0;
  store_.fills().ForEach([&computations](const std::vector<Fill>& own) {
    computations += static_cast<int64_t>(own.size());
  });
  counters.emplace_back("computing_at_once_max", static_cast<double>(store_.max_running()));
  if (record.effective_losses > 0) {
    counters.emplace_back("computations", static_cast<double>(computations) /
                                              static_cast<double>(record.effective_losses));
  }
  // Where each operation is about one request, Little's law says how long it stands in the queue:
  // workers over operations per second, which is the mean time of an operation.
  if (once_ != Once::kEachExpiry || history.empty()) return;
  int64_t busy_ns = 0;
  for (const OpRecord& op : history) busy_ns += op.return_ns - op.invoke_ns;
  counters.emplace_back("queue_floor_us",
                        static_cast<double>(busy_ns) / 1e3 / static_cast<double>(history.size()));
}

}  // namespace rcb::mixed
