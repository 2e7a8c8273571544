#include "bench/lost_reply/counts_check.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/str_cat.h"

namespace rcb::lost_reply {

Violations CheckBounds(absl::Span<const HistoryOp> ops, const std::vector<int64_t>& finals) {
  std::vector<int64_t> done(finals.size());
  std::vector<int64_t> unknown(finals.size());
  for (const HistoryOp& op : ops) {
    if (op.function != HistoryFunction::kAdd) continue;
    const auto key = static_cast<size_t>(op.key);
    if (op.outcome == Outcome::kOk) ++done[key];
    if (op.outcome == Outcome::kUnknown) ++unknown[key];
  }
  Violations violations;
  for (size_t key = 0; key < finals.size(); ++key) {
    const int64_t most = done[key] + unknown[key];
    const int64_t off = std::max(done[key] - finals[key], finals[key] - most);
    violations.Add(
        std::max<int64_t>(off, 0),
        absl::StrCat("counter ", key, " is ", finals[key], ", though clients say that ", done[key],
                     " increments were done and that they do not know of ", unknown[key]));
  }
  return violations;
}

}  // namespace rcb::lost_reply
