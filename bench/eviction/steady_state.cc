#include "bench/eviction/steady_state.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/random/distributions.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "bench/eviction/eviction.h"
#include "bench/eviction/theory.h"

namespace rcb::eviction {
namespace {

constexpr size_t kKeysPerCall = 500;
// How often LFU has seen each key on the average: enough to know the popular ones.
constexpr double kUsesPerKey = 20;
// By how much the oldest key expires sooner than a fresh one.
constexpr double kExpirySpreadMs = 1'000'000;

// KEYS; how ages are told, a time to live or 0, and of each key its version, size and age.
constexpr char kStore[] = R"lua(
  local how, ttl = ARGV[1], tonumber(ARGV[2])
  for i, key in ipairs(KEYS) do
    local version, bytes, age = ARGV[3 * i], tonumber(ARGV[3 * i + 1]), ARGV[3 * i + 2]
    local value = version .. string.rep(' ', bytes - #version)
    if how == 'TTL' then
      redis.call('SET', key, value, 'PX', age)
    elseif ttl > 0 then
      redis.call('SET', key, value, 'PX', ttl)
    else
      redis.call('SET', key, value)
    end
    if how == 'IDLETIME' or how == 'FREQ' then
      redis.call('RESTORE', key, ttl, redis.call('DUMP', key), 'REPLACE', how, age)
    end
  end
  return #KEYS)lua";

const char* NameOf(Order order) {
  switch (order) {
    case Order::kRecent:
      return "IDLETIME";
    case Order::kOften:
      return "FREQ";
    case Order::kExpiry:
      return "TTL";
    case Order::kNone:
      break;
  }
  return "none";
}

// The number that the server is told.
int64_t AgeOf(const HeldKey& held, Order order) {
  if (order == Order::kRecent) return kClockSpanS + static_cast<int64_t>(held.place);
  if (order == Order::kOften) return static_cast<int64_t>(held.place);
  return kTtlMs - static_cast<int64_t>(kExpirySpreadMs * held.place);
}

std::vector<HeldKey> MostPopular(const std::vector<double>& probabilities, double held) {
  std::vector<HeldKey> keys(probabilities.size());
  for (size_t i = 0; i < keys.size(); ++i) keys[i].key = i;
  const size_t count = std::min(keys.size(), static_cast<size_t>(held));
  const auto end = keys.begin() + static_cast<std::ptrdiff_t>(count);
  std::partial_sort(keys.begin(), end, keys.end(), [&](const HeldKey& a, const HeldKey& b) {
    return std::pair(-probabilities[a.key], a.key) < std::pair(-probabilities[b.key], b.key);
  });
  keys.erase(end, keys.end());
  const double uses = kUsesPerKey * static_cast<double>(probabilities.size());
  for (HeldKey& key : keys) {
    key.place = static_cast<double>(CounterAfter(uses * probabilities[key.key]));
  }
  return keys;
}

}  // namespace

int64_t CounterAfter(double uses) {
  constexpr int64_t kInitial = 5;
  constexpr int64_t kMax = 255;
  int64_t counter = kInitial;
  for (; counter < kMax; ++counter) {
    uses -= static_cast<double>(10 * (counter - kInitial) + 1);
    if (uses < 0) break;
  }
  return counter;
}

std::vector<HeldKey> DrawHeldKeys(const std::vector<double>& probabilities, double held,
                                  Order order, absl::InsecureBitGen& random) {
  if (order == Order::kOften) return MostPopular(probabilities, held);
  const Popularity popularity(probabilities);
  const bool is_lru = order == Order::kRecent;
  const double window = is_lru ? popularity.LruWindow(held) : popularity.RandomWindow(held);
  std::vector<HeldKey> keys;
  for (size_t i = 0; i < probabilities.size(); ++i) {
    const double p = probabilities[i];
    if (p <= 0) continue;
    if (is_lru) {  // uses of a key are a Poisson process; it is held for a window after the last
      const double age = absl::Exponential(random, p);
      if (age < window) keys.push_back({i, age});
    } else if (absl::Bernoulli(random, p * window / (1 + p * window))) {
      keys.push_back({i, absl::Uniform(random, 0.0, 1.0)});
    }
  }
  return keys;
}

absl::Status Store(const std::vector<HeldKey>& held, Order order, const Cache& cache,
                   BlockingClient& redis) {
  for (size_t begin = 0; begin < held.size(); begin += kKeysPerCall) {
    const size_t end = std::min(begin + kKeysPerCall, held.size());
    std::vector<std::string> words = {"EVAL", kStore, absl::StrCat(end - begin)};
    for (size_t i = begin; i < end; ++i) words.push_back(cache.NameOf(held[i].key));
    words.emplace_back(NameOf(order));
    words.push_back(absl::StrCat(cache.settings().ttl_ms));
    for (size_t i = begin; i < end; ++i) {
      words.push_back(absl::StrCat(FirstVersion(held[i].key)));
      words.push_back(absl::StrCat(cache.BytesOf(held[i].key)));
      words.push_back(absl::StrCat(AgeOf(held[i], order)));
    }
    const absl::Status stored = redis.Command(words).status();
    if (!stored.ok()) return stored;
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> KeepsAges(const std::vector<HeldKey>& held, Order order, const Cache& cache,
                               BlockingClient& redis) {
  constexpr int64_t kMostSince = 3600;  // seconds that storing may have taken
  if (order != Order::kRecent || held.empty()) return true;
  const auto oldest =
      std::max_element(held.begin(), held.end(),
                       [](const HeldKey& a, const HeldKey& b) { return a.place < b.place; });
  const absl::StatusOr<Reply> age =
      redis.Command({"OBJECT", "IDLETIME", cache.NameOf(oldest->key)});
  if (!age.ok()) return age.status();
  const int64_t told = AgeOf(*oldest, order);
  return age->integer() >= told - 1 && age->integer() <= told + kMostSince;
}

absl::StatusOr<MemoryFacts> FetchMemoryFacts(BlockingClient& redis) {
  const absl::StatusOr<Reply> info = redis.Command({"INFO"});
  if (!info.ok()) return info.status();
  MemoryFacts facts;
  for (absl::string_view line : absl::StrSplit(info->text(), '\n')) {
    line = absl::StripSuffix(line, "\r");
    const std::pair<absl::string_view, absl::string_view> field =
        absl::StrSplit(line, absl::MaxSplits(':', 1));
    int64_t* number = field.first == "used_memory"          ? &facts.used_bytes
                      : field.first == "mem_clients_normal" ? &facts.client_bytes
                      : field.first == "evicted_keys"       ? &facts.evicted_keys
                                                            : nullptr;
    if (number != nullptr && !absl::SimpleAtoi(field.second, number)) *number = 0;
  }
  return facts;
}

}  // namespace rcb::eviction
