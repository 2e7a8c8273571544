#include "common/harness/residue.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/harness/key_names.h"
#include "common/server/keyspace.h"

namespace rcb {
namespace {

constexpr int64_t kListTimeoutMs = 1000;
constexpr int kKeysLookedAt = 5;  // of each pattern

// What is wrong with `key`, which is named as `leftover`; or empty.
std::string FaultOf(const Leftover& leftover, const std::string& key, BlockingClient& redis) {
  const absl::StatusOr<Reply> type = redis.Command({"TYPE", key});
  const absl::StatusOr<Reply> ttl_ms = redis.Command({"PTTL", key});
  if (!type.ok() || !ttl_ms.ok()) return "";
  constexpr int64_t kNoKey = -2;  // it has expired since
  if (ttl_ms->integer() == kNoKey) return "";
  if (type->text() != leftover.type) {
    return absl::StrCat("it is a ", type->text(), ", not a ", leftover.type);
  }
  if (leftover.expires && ttl_ms->integer() < 0) return "it never expires";
  if (leftover.length < 0) return "";
  const absl::StatusOr<Reply> length = redis.Command({"LLEN", key});
  if (!length.ok() || length->integer() == leftover.length) return "";
  return absl::StrCat("it has ", length->integer(), " elements, not ", leftover.length);
}

std::string Describe(const std::string& key, BlockingClient& redis) {
  const absl::StatusOr<Reply> type = redis.Command({"TYPE", key});
  const absl::StatusOr<Reply> ttl_ms = redis.Command({"PTTL", key});
  return absl::StrCat(type.ok() ? type->text() : "key", " ", key,
                      ttl_ms.ok() && ttl_ms->integer() < 0 ? ", which never expires" : "");
}

}  // namespace

Violations AuditResidue(const Residue& residue, const std::string& prefix, BlockingClient& redis) {
  Violations violations;
  const absl::StatusOr<std::vector<std::string>> keys =
      ListKeysUnder(prefix, kListTimeoutMs, redis);
  if (!keys.ok()) return violations;
  std::vector<int> seen(residue.keys.size());
  for (const std::string& key : *keys) {
    const absl::string_view name = absl::string_view(key).substr(prefix.size());
    const auto found =
        std::find_if(residue.keys.begin(), residue.keys.end(),
                     [name](const Leftover& leftover) { return MatchesName(leftover.name, name); });
    if (found == residue.keys.end()) {
      violations.Add(
          1, absl::StrCat("when all was quiet, there was still the ", Describe(key, redis)));
      continue;
    }
    if (++seen[static_cast<size_t>(found - residue.keys.begin())] > kKeysLookedAt) continue;
    const std::string fault = FaultOf(*found, key, redis);
    if (!fault.empty()) {
      violations.Add(1,
                     absl::StrCat("when all was quiet, ", key, " was not as it must be: ", fault));
    }
  }
  for (size_t i = 0; i < residue.keys.size(); ++i) {
    if (residue.keys[i].length < 0 || seen[i] > 0) continue;
    violations.Add(1, absl::StrCat("when all was quiet, ", prefix, residue.keys[i].name,
                                   " was gone, and others wait for it"));
  }
  if (residue.stays_subscribed) return violations;
  const absl::StatusOr<Reply> channels =
      redis.Command({"PUBSUB", "CHANNELS", absl::StrCat(prefix, "*")});
  if (!channels.ok() || channels->size() == 0) return violations;
  violations.Add(
      static_cast<int64_t>(channels->size()),
      absl::StrCat("when all was quiet, somebody still listened to ", (*channels)[0].text()));
  return violations;
}

}  // namespace rcb
