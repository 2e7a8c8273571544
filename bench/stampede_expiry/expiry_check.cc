#include "bench/stampede_expiry/expiry_check.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"

namespace rcb::expiry {
namespace {

constexpr int64_t kNsPerMs = 1'000'000;

using KeyAndGeneration = std::pair<size_t, int64_t>;

}  // namespace

Violations CheckFreshness(std::vector<GenerationRead> reads, std::vector<Acknowledged> stored) {
  std::sort(stored.begin(), stored.end(),
            [](const Acknowledged& a, const Acknowledged& b) { return a.ns < b.ns; });
  std::sort(reads.begin(), reads.end(), [](const GenerationRead& a, const GenerationRead& b) {
    return a.invoke_ns < b.invoke_ns;
  });
  Violations violations;
  std::map<size_t, int64_t> newest;
  size_t next = 0;
  for (const GenerationRead& read : reads) {
    for (; next < stored.size() && stored[next].ns < read.invoke_ns; ++next) {
      int64_t& generation = newest[stored[next].key];
      generation = std::max(generation, stored[next].generation);
    }
    const int64_t known = std::max<int64_t>(newest[read.key], 1);
    if (read.generation >= known) continue;
    violations.Add(1, absl::StrCat("a read got generation ", read.generation, " after ", known,
                                   " was acknowledged"));
  }
  return violations;
}

Violations CheckAge(const std::vector<GenerationRead>& reads,
                    const std::vector<Acknowledged>& stored, int64_t grace_ms) {
  constexpr int64_t kSlackNs = 5 * kNsPerMs;  // the server counts in milliseconds
  std::map<KeyAndGeneration, int64_t> dropped_ns;
  for (const Acknowledged& one : stored) {
    int64_t& dropped = dropped_ns[{one.key, one.generation}];
    dropped = std::max(dropped, one.ns + (one.lifetime_ms + grace_ms) * kNsPerMs + kSlackNs);
  }
  Violations violations;
  for (const GenerationRead& read : reads) {
    const auto found = dropped_ns.find({read.key, read.generation});
    if (found == dropped_ns.end() || read.invoke_ns <= found->second) continue;
    violations.Add(1, absl::StrCat("a read got generation ", read.generation, ", ",
                                   (read.invoke_ns - found->second) / 1000,
                                   " us after its lifetime and grace were over"));
  }
  return violations;
}

Violations CheckNeed(const std::vector<Acknowledged>& stored) {
  constexpr int64_t kSlackNs = 2 * kNsPerMs;  // as above
  std::map<KeyAndGeneration, int64_t> expiry_ns;
  for (const Acknowledged& one : stored) {
    const auto [place, is_first] = expiry_ns.try_emplace({one.key, one.generation}, one.expiry_ns);
    if (!is_first) place->second = std::min(place->second, one.expiry_ns);
  }
  Violations violations;
  for (const Acknowledged& one : stored) {
    const auto before = expiry_ns.find({one.key, one.generation - 1});
    if (before == expiry_ns.end() || one.began_ns >= before->second - kSlackNs) continue;
    violations.Add(1, absl::StrCat("generation ", one.generation, " was computed ",
                                   (before->second - one.began_ns) / 1000,
                                   " us before the one before it expired"));
  }
  return violations;
}

}  // namespace rcb::expiry
