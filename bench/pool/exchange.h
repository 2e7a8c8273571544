// What workers ask the server in Pool, and the record of each request for the checker.

#ifndef RCB_BENCH_POOL_EXCHANGE_H_
#define RCB_BENCH_POOL_EXCHANGE_H_

#include <cstdint>

namespace rcb::pool {

// How a request came to its end.
enum class Ending : uint8_t {
  kUnanswered,  // the client stopped to wait for the reply, or the connection was lost
  kAnswered,
  kGaveUp,   // no connection of the pool was free in time
  kRefused,  // no connection could be made
};

// One request of a worker, from the moment when it wants a connection.
struct Exchange {
  int64_t wanted_ns = 0;  // a connection
  int64_t served_ns = 0;  // when it had one; 0: never
  int64_t done_ns = 0;    // when it needed it no more, or gave up
  int64_t nonce = 0;      // no other request of the run has it
  int64_t got_nonce = 0;  // that the reply carries
  int32_t key = 0;
  int32_t got_key = -1;  // that the reply carries; -1: no key
  int16_t thread = 0;    // whose connections it wants
  Ending ending = Ending::kUnanswered;
  bool is_slow = false;  // the server has been told to answer late
};

// When it stopped to wait for a connection.
inline int64_t EndOfWait(const Exchange& exchange) {
  return exchange.served_ns != 0 ? exchange.served_ns : exchange.done_ns;
}

}  // namespace rcb::pool

#endif  // RCB_BENCH_POOL_EXCHANGE_H_
