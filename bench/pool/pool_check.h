// What the record of requests shows: replies that went to the wrong request, and in which order
// those that waited for a connection got one.

#ifndef RCB_BENCH_POOL_POOL_CHECK_H_
#define RCB_BENCH_POOL_POOL_CHECK_H_

#include <cstdint>
#include <vector>

#include "bench/pool/exchange.h"
#include "common/check/violations.h"

namespace rcb::pool {

// Answered requests whose reply carries the key or the nonce of another. Any order.
Violations CheckReplies(const std::vector<Exchange>& exchanges);

// Requests that got a connection while another of their thread waited that had asked before them.
// Equal times count for neither. Any order.
Violations CheckOldestFirst(std::vector<Exchange> exchanges);

// Requests that got a connection while another of their thread waited that had asked after them.
// Equal times count for neither. Any order.
Violations CheckNewestFirst(std::vector<Exchange> exchanges);

// Requests that waited for a connection for longer than that. Any order.
Violations CheckWaits(const std::vector<Exchange>& exchanges, int64_t bound_ns);

}  // namespace rcb::pool

#endif  // RCB_BENCH_POOL_POOL_CHECK_H_
