#include "common/server/data_loss.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace rcb {
namespace {

// Calls `visit` with the name and the value of each line "name:value".
template <typename Visit>
void ForEachField(absl::string_view info, const Visit& visit) {
  for (absl::string_view line : absl::StrSplit(info, '\n')) {
    line = absl::StripSuffix(line, "\r");
    const std::pair<absl::string_view, absl::string_view> field =
        absl::StrSplit(line, absl::MaxSplits(':', 1));
    visit(field.first, field.second);
  }
}

// Of "calls=3,usec=10,...".
int64_t CallsIn(absl::string_view statistics) {
  int64_t calls = 0;
  if (!absl::ConsumePrefix(&statistics, "calls=")) return 0;
  return absl::SimpleAtoi(statistics.substr(0, statistics.find(',')), &calls) ? calls : 0;
}

std::string TextOf(BlockingClient& client, const std::vector<std::string>& command) {
  const absl::StatusOr<Reply> reply = client.Command(command);
  return reply.ok() ? reply->text() : "";
}

}  // namespace

LossFacts ParseLossFacts(absl::string_view info, absl::string_view command_stats) {
  LossFacts facts;
  ForEachField(info, [&facts](absl::string_view name, absl::string_view value) {
    if (name == "run_id") facts.run_id = std::string(value);
    if (name == "role") facts.role = std::string(value);
    if (name == "evicted_keys" && !absl::SimpleAtoi(value, &facts.evicted_keys)) {
      facts.evicted_keys = -1;
    }
  });
  if (command_stats.empty()) return facts;
  facts.flushes = 0;
  ForEachField(command_stats, [&facts](absl::string_view name, absl::string_view value) {
    if (name == "cmdstat_flushall" || name == "cmdstat_flushdb") facts.flushes += CallsIn(value);
  });
  return facts;
}

LossFacts FetchLossFacts(BlockingClient& client) {
  return ParseLossFacts(TextOf(client, {"INFO"}), TextOf(client, {"INFO", "commandstats"}));
}

std::string DescribeLoss(const LossFacts& before, const LossFacts& after) {
  if (!before.run_id.empty() && !after.run_id.empty() && before.run_id != after.run_id) {
    return "the server restarted, or another one answers now";
  }
  if (!before.role.empty() && !after.role.empty() && before.role != after.role) {
    return absl::StrCat("the role of the server changed from ", before.role, " to ", after.role);
  }
  if (before.flushes >= 0 && after.flushes > before.flushes) return "the server was flushed";
  if (before.evicted_keys >= 0 && after.evicted_keys > before.evicted_keys) {
    return absl::StrCat("the server evicted ", after.evicted_keys - before.evicted_keys, " keys");
  }
  return "";
}

std::vector<std::string> LossWarnings(const ServerFacts& facts) {
  std::vector<std::string> warnings;
  const bool may_evict = facts.maxmemory_bytes > 0 && !facts.maxmemory_policy.empty() &&
                         facts.maxmemory_policy != "noeviction";
  if (may_evict) {
    warnings.push_back(absl::StrCat("the server may evict keys of ours (maxmemory-policy ",
                                    facts.maxmemory_policy,
                                    "): a row in which it does so is void"));
  }
  if (facts.append_only == "0") {
    warnings.push_back(
        "the server has no append-only file: if it restarts in the middle of a row, it may lose "
        "acknowledged writes, and the row is void");
  }
  return warnings;
}

}  // namespace rcb
