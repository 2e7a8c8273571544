// What LostReply judges besides the order of counts.

#ifndef RCB_BENCH_LOST_REPLY_COUNTS_CHECK_H_
#define RCB_BENCH_LOST_REPLY_COUNTS_CHECK_H_

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "common/check/violations.h"
#include "common/history/model_history.h"

namespace rcb::lost_reply {

// The adds of 1 in `ops`, which may be of several keys; `finals` is what each counter held when all
// was over, by key. A violation is each add that a client says that it did and that the counter
// lacks, and each that the counter has and no client can have done. Any thread.
Violations CheckBounds(absl::Span<const HistoryOp> ops, const std::vector<int64_t>& finals);

}  // namespace rcb::lost_reply

#endif  // RCB_BENCH_LOST_REPLY_COUNTS_CHECK_H_
