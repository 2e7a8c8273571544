#include "common/server/keyspace.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "common/measure/clock.h"

namespace rcb {

absl::Status DeleteKeysUnder(const std::string& prefix, int64_t timeout_ms,
                             BlockingClient& client) {
  const int64_t deadline_ns = NowNs() + timeout_ms * 1'000'000;
  const std::string pattern = absl::StrCat(prefix, "*");
  std::string cursor = "0";
  do {
    const absl::StatusOr<Reply> page =
        client.Command({"SCAN", cursor, "MATCH", pattern, "COUNT", "1000"});
    if (!page.ok()) return page.status();
    cursor = (*page)[0].text();
    std::vector<std::string> unlink = {"UNLINK"};
    for (const Reply& key : (*page)[1].elements()) unlink.push_back(key.text());
    if (unlink.size() > 1) {
      const absl::Status status = client.Command(unlink).status();
      if (!status.ok()) return status;
    }
    if (NowNs() >= deadline_ns) {
      return absl::AbortedError(absl::StrCat("there are too many keys to find ours among within ",
                                             timeout_ms / 1000, " s"));
    }
  } while (cursor != "0");
  return absl::OkStatus();
}

}  // namespace rcb
