#include "bench/eviction/eviction_scenario.h"

#include <algorithm>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "bench/eviction/eviction_check.h"
#include "bench/eviction/theory.h"

namespace rcb::eviction {
namespace {

constexpr size_t kKeysPerRead = 500;

class EvictionScenario : public Scenario {
 public:
  EvictionScenario(const RunPlan& plan, const Settings& settings, const Row& row)
      : cache_(plan, settings),
        is_trial_(plan.trial),
        seed_(plan.seed),
        row_(row),
        probabilities_(ProbabilitiesOf(settings.distribution, settings.keys)),
        is_held_(settings.keys) {}

  // Fills the server without a limit, and then limits it to what it uses. In a trial nothing is
  // evicted.
  absl::Status Prepare(BlockingClient& redis) override {
    if (is_trial_) return SetLimit(0, redis);
    absl::Status status = SetLimit(0, redis);
    if (!status.ok()) return status;
    const absl::StatusOr<MemoryFacts> empty = FetchMemoryFacts(redis);
    if (!empty.ok()) return empty.status();
    empty_ = *empty;
    absl::InsecureBitGen random(
        std::seed_seq{static_cast<uint32_t>(seed_), static_cast<uint32_t>(seed_ >> 32)});
    const double held = static_cast<double>(cache_.settings().keys) / row_.keys_per_held;
    const std::vector<HeldKey> keys = DrawHeldKeys(probabilities_, held, row_.order, random);
    for (const HeldKey& key : keys) {
      is_held_[key.key] = true;
      value_bytes_ +=
          static_cast<double>(cache_.BytesOf(key.key)) / static_cast<double>(keys.size());
    }
    status = Store(keys, row_.order, cache_, redis);
    if (!status.ok()) return status;
    const absl::StatusOr<bool> kept = KeepsAges(keys, row_.order, cache_, redis);
    if (!kept.ok()) return kept.status();
    keeps_ages_ = *kept;
    const absl::StatusOr<MemoryFacts> full = FetchMemoryFacts(redis);
    if (!full.ok()) return full.status();
    bytes_per_key_ = static_cast<double>(full->used_bytes - empty_.used_bytes) /
                     static_cast<double>(std::max<size_t>(keys.size(), 1));
    // A limit that is below what the keys take is reached, whatever the clients' buffers do.
    return SetLimit(full->used_bytes - (row_.evicts ? 0 : full->client_bytes), redis);
  }

  bool IsOver() override { return cache_.IsOver(); }

  Operation Operate(Worker& worker) override { return row_.variant(worker, cache_); }

  absl::StatusOr<Findings> Check(absl::Span<const OpRecord> history,
                                 BlockingClient& redis) override {
    std::vector<SeenOp> ops;
    ops.reserve(history.size());
    for (const OpRecord& record : history) ops.push_back({record, cache_.visits().Of(record)});
    std::vector<FinalRead> final_reads;
    if (!row_.evicts && !is_trial_) {
      absl::StatusOr<std::vector<FinalRead>> read = ReadAll(redis);
      if (!read.ok()) return read.status();
      final_reads = *std::move(read);
    }
    Findings findings;
    findings.Detect("by_value", CheckValues(ops, final_reads, is_held_));
    if (is_trial_) return findings;
    const int64_t refused = CountOf(Visit::Kind::kRefused, ops);
    findings.counters.emplace_back("oom_errors", static_cast<double>(refused));
    if (!row_.evicts) JudgeRefusals(refused, ops, final_reads, findings);
    const absl::Status told = TellMemory(ops, redis, findings);
    if (!told.ok()) return told;
    TellHitRatio(ops, findings);
    if (row_.shifts) TellRecovery(ops, findings);
    return findings;
  }

 private:
  static absl::Status SetLimit(int64_t bytes, BlockingClient& redis) {
    return redis.Command({"CONFIG", "SET", "maxmemory", absl::StrCat(bytes)}).status();
  }

  // All keys, where none may have been taken away.
  absl::StatusOr<std::vector<FinalRead>> ReadAll(BlockingClient& redis) const {
    std::vector<FinalRead> reads;
    const auto keys = static_cast<uint32_t>(cache_.settings().keys);
    for (uint32_t begin = 0; begin < keys; begin += kKeysPerRead) {
      std::vector<std::string> words = {"MGET"};
      const uint32_t end = std::min<uint32_t>(keys, begin + kKeysPerRead);
      for (uint32_t key = begin; key < end; ++key) words.push_back(cache_.NameOf(key));
      const absl::StatusOr<Reply> values = redis.Command(words);
      if (!values.ok()) return values.status();
      for (uint32_t key = begin; key < end; ++key) {
        reads.push_back({key, (*values)[key - begin].integer()});
      }
    }
    return reads;
  }

  static int64_t CountOf(Visit::Kind kind, const std::vector<SeenOp>& ops) {
    return std::count_if(ops.begin(), ops.end(),
                         [kind](const SeenOp& op) { return op.visit.kind == kind; });
  }

  // That writes are refused is what this control must show, and it shows nothing where keys were
  // lost as well.
  void JudgeRefusals(int64_t refused, const std::vector<SeenOp>& ops,
                     const std::vector<FinalRead>& final_reads, Findings& findings) const {
    const int64_t lost = CountLost(ops, final_reads, is_held_);
    Violations refusals;
    if (lost == 0) {
      refusals.Add(refused, absl::StrCat(refused, " of ", ops.size(),
                                         " writes were refused for want of memory"));
    } else {
      findings.violations = Violations();
      findings.note = absl::StrCat("it refused ", refused, " writes, and lost ", lost,
                                   " keys all the same, which it must not");
    }
    findings.Detect("by_refusal", refusals);
  }

  absl::Status TellMemory(const std::vector<SeenOp>& ops, BlockingClient& redis,
                          Findings& findings) const {
    const absl::StatusOr<MemoryFacts> facts = FetchMemoryFacts(redis);
    if (!facts.ok()) return facts.status();
    const int64_t evicted = facts->evicted_keys - empty_.evicted_keys;
    findings.counters.emplace_back("evicted_per_second",
                                   static_cast<double>(evicted) / SecondsOf(ops));
    if (row_.evicts && evicted == 0) JudgeRoom(ops, findings);
    findings.counters.emplace_back("bytes_per_key", bytes_per_key_);
    findings.counters.emplace_back("value_bytes_per_key", value_bytes_);
    return absl::OkStatus();
  }

  // Clients that give their buffers back leave room for a few keys, and not for many.
  void JudgeRoom(const std::vector<SeenOp>& ops, Findings& findings) const {
    constexpr double kFew = 0.2;
    const auto held = std::count(is_held_.begin(), is_held_.end(), true);
    const auto filled = CountOf(Visit::Kind::kFilled, ops);
    if (static_cast<double>(filled) < kFew * static_cast<double>(held)) {
      findings.note = absl::StrCat("too short: the server had room for all ", filled, " fills");
      return;
    }
    findings.violations.Add(1, absl::StrCat("nothing was evicted, though the server was full with ",
                                            held, " keys, and ", filled, " were stored besides"));
  }

  static double SecondsOf(const std::vector<SeenOp>& ops) {
    int64_t first_ns = INT64_MAX;
    int64_t last_ns = 0;
    for (const SeenOp& op : ops) {
      first_ns = std::min(first_ns, op.record.invoke_ns);
      last_ns = std::max(last_ns, op.record.return_ns);
    }
    return static_cast<double>(std::max<int64_t>(last_ns - first_ns, 1)) / 1e9;
  }

  // Beside what theory says of as many keys as there were on the average.
  void TellHitRatio(const std::vector<SeenOp>& ops, Findings& findings) const {
    const std::vector<SizeSample> sizes = cache_.sizes();
    double held = 0;
    for (const SizeSample& size : sizes) {
      held += static_cast<double>(size.keys) / static_cast<double>(sizes.size());
    }
    const int64_t hits = CountOf(Visit::Kind::kHit, ops);
    const double ratio =
        static_cast<double>(hits) / static_cast<double>(std::max<size_t>(ops.size(), 1));
    const Popularity popularity(probabilities_);
    const double bound = popularity.Bound(held);
    const auto add = [&findings](const char* name, double value) {
      findings.counters.emplace_back(name, value);
    };
    add("hit_ratio", ratio);
    add("keys_held", held);
    add("hit_ratio_lru", popularity.Lru(held));
    add("hit_ratio_random", popularity.Random(held));
    add("hit_ratio_bound", bound);
    add("hit_efficiency", bound > 0 ? ratio / bound : 0);
    if (findings.note.empty()) findings.note = NoteOnAges();
    if (row_.evicts && row_.role == Role::kSafe && !row_.shifts && IsSteady(sizes, findings)) {
      Predict(popularity, held, static_cast<int64_t>(ops.size()), findings);
    }
  }

  // Theory is about a number of keys. It varies where clients' buffers take a large part of the
  // memory.
  static bool IsSteady(const std::vector<SizeSample>& sizes, Findings& findings) {
    constexpr double kMostOverLeast = 1.25;
    const auto [least, most] = std::minmax_element(
        sizes.begin(), sizes.end(),
        [](const SizeSample& a, const SizeSample& b) { return a.keys < b.keys; });
    if (least == sizes.end()) return false;
    if (static_cast<double>(most->keys) <= kMostOverLeast * static_cast<double>(least->keys)) {
      return true;
    }
    findings.note =
        absl::StrCat("clients' buffers made the keys held vary from ", least->keys, " to ",
                     most->keys, ": the hit ratio is not judged; use more --keys");
    return false;
  }

  std::string NoteOnAges() const {
    switch (row_.order) {
      case Order::kRecent:
        return row_.shifts ? "each use sets the age of its key (RESTORE ... IDLETIME), 1 s an "
                             "operation"
                           : "ages were built (RESTORE ... IDLETIME), as the clock of LRU ticks "
                             "once a second";
      case Order::kOften:
        return "counters of uses were built (RESTORE ... FREQ)";
      case Order::kExpiry:
        return "expiries were built; what was filled first expires first, so that this is FIFO";
      case Order::kNone:
        break;
    }
    return "";
  }

  void Predict(const Popularity& popularity, double held, int64_t operations,
               Findings& findings) const {
    // Less than is promised: a server with another policy than the row's would be within that.
    constexpr double kOfLru = 0.02;
    constexpr double kOfRandom = 0.015;
    const double bound = popularity.Bound(held);
    const double most = bound + Tolerance(kOfRandom, bound, operations);
    if (cache_.settings().distribution.kind == KeyDistribution::Kind::kMoving) {
      findings.note = "theory predicts nothing for keys whose popularity moves";
      return;
    }
    double low = 0;
    double high = most;
    if (row_.theory == Theory::kLru) {
      if (!keeps_ages_) {
        findings.note =
            "Redis before 7.0 holds no ages beyond the last turn of its 24-bit clock, which is too "
            "near: nothing is judged";
        return;
      }
      const double window = popularity.LruWindow(held);
      if (static_cast<double>(operations) > window) {
        findings.note = absl::StrFormat(
            "ages were built for the %.0f operations after which LRU evicts; of %d nothing is "
            "judged",
            window, operations);
        return;
      }
      const double lru = popularity.Lru(held);
      low = lru - Tolerance(kOfLru, lru, operations);
      high = std::min(most, lru + Tolerance(kOfLru, lru, operations));
    } else if (row_.theory == Theory::kRandom) {
      const double random = popularity.Random(held);
      low = random - Tolerance(kOfRandom, random, operations);
      high = random + Tolerance(kOfRandom, random, operations);
    }
    findings.predictions.push_back({"hit_ratio", low, high, /*max_lateness_us=*/1e12});
  }

  void TellRecovery(const std::vector<SeenOp>& ops, Findings& findings) const {
    const Recovery recovery = FindRecovery(ops, cache_.settings().shift_at);
    findings.counters.emplace_back("recovery_operations", static_cast<double>(recovery.operations));
    absl::StrAppend(&findings.note,
                    recovery.is_whole ? "; recovered after " : "; not recovered after ",
                    recovery.operations, " operations");
  }

  Cache cache_;
  const bool is_trial_;
  const uint64_t seed_;
  const Row row_;
  const std::vector<double> probabilities_;
  std::vector<bool> is_held_;  // at the start
  bool keeps_ages_ = true;
  MemoryFacts empty_;         // before there were keys
  double value_bytes_ = 0;    // of a key, on the average
  double bytes_per_key_ = 0;  // before any was evicted
};

}  // namespace

std::unique_ptr<Scenario> MakeScenario(const RunPlan& plan, const Settings& settings,
                                       const Row& row) {
  return std::make_unique<EvictionScenario>(plan, settings, row);
}

}  // namespace rcb::eviction
