// The record of operations that the checkers read after the timed region.
//
// An operation is an interval on the clock of common/measure/clock.h: invoke_ns is taken before the
// command is written, return_ns after its whole reply was read. Intervals are closed: operations
// that share a stamp overlap, because the clock cannot tell which came first.

#ifndef RCB_COMMON_CHECK_HISTORY_H_
#define RCB_COMMON_CHECK_HISTORY_H_

#include <cstdint>

namespace rcb {

// What the caller knows about an operation's effect.
enum class Outcome : uint8_t {
  kOk,       // replied: applied exactly once, between invoke_ns and return_ns
  kFailed,   // certainly not applied: an error reply, or never sent
  kUnknown,  // sent, no reply: applied once at any time after invoke_ns, or never
};

// One operation as a worker saw it. The pattern says what `value` means.
struct OpRecord {
  int64_t invoke_ns = 0;
  int64_t return_ns = 0;
  int64_t value = 0;  // its result; 0 unless the outcome is kOk
  // The number of the operation among its worker's, from 0; in round families it is the round.
  int32_t operation = 0;
  uint16_t worker = 0;
  Outcome outcome = Outcome::kOk;
  uint8_t op_class = 0;  // one of the classes that the family declares; 0 where it declares none
};
static_assert(sizeof(OpRecord) <= 32, "a history holds one of these per operation");

}  // namespace rcb

#endif  // RCB_COMMON_CHECK_HISTORY_H_
