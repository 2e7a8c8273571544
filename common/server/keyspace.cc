#include "common/server/keyspace.h"

#include <algorithm>
#include <functional>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/measure/clock.h"

namespace rcb {
namespace {

constexpr size_t kKeysAtOnce = 1000;

// Calls `visit` with the names on each page of the keys under `prefix`.
absl::Status VisitPages(const std::string& prefix, int64_t timeout_ms, BlockingClient& client,
                        const std::function<absl::Status(std::vector<std::string> names)>& visit) {
  const int64_t deadline_ns = NowNs() + timeout_ms * 1'000'000;
  const std::string pattern = absl::StrCat(prefix, "*");
  std::string cursor = "0";
  do {
    const absl::StatusOr<Reply> page =
        client.Command({"SCAN", cursor, "MATCH", pattern, "COUNT", "1000"});
    if (!page.ok()) return page.status();
    cursor = (*page)[0].text();
    std::vector<std::string> names;
    for (const Reply& key : (*page)[1].elements()) names.push_back(key.text());
    if (!names.empty()) {
      absl::Status visited = visit(std::move(names));
      if (!visited.ok()) return visited;
    }
    if (NowNs() >= deadline_ns) {
      return absl::AbortedError(absl::StrCat("there are too many keys to find ours among within ",
                                             timeout_ms / 1000, " s"));
    }
  } while (cursor != "0");
  return absl::OkStatus();
}

}  // namespace

absl::Status DeleteKeys(const std::vector<std::string>& keys, BlockingClient& client) {
  for (size_t first = 0; first < keys.size(); first += kKeysAtOnce) {
    const size_t end = std::min(first + kKeysAtOnce, keys.size());
    std::vector<std::string> command = {"UNLINK"};
    for (size_t i = first; i < end; ++i) command.push_back(keys[i]);
    absl::Status status = client.Command(command).status();
    if (IsRefusal(status.message())) {
      command[0] = "DEL";
      status = client.Command(command).status();
    }
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status DeleteKeysUnder(const std::string& prefix, int64_t timeout_ms,
                             BlockingClient& client) {
  return VisitPages(prefix, timeout_ms, client, [&client](const std::vector<std::string>& names) {
    return DeleteKeys(names, client);
  });
}

absl::StatusOr<std::vector<std::string>> ListKeysUnder(const std::string& prefix,
                                                       int64_t timeout_ms, BlockingClient& client) {
  std::set<std::string> all;  // SCAN may name a key twice
  absl::Status listed =
      VisitPages(prefix, timeout_ms, client, [&all](const std::vector<std::string>& names) {
        all.insert(names.begin(), names.end());
        return absl::OkStatus();
      });
  if (!listed.ok()) return listed;
  return std::vector<std::string>(all.begin(), all.end());
}

}  // namespace rcb
