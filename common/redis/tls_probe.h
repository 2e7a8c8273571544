// Recognises a server that speaks TLS: it closes what does not, without a word.

#ifndef RCB_COMMON_REDIS_TLS_PROBE_H_
#define RCB_COMMON_REDIS_TLS_PROBE_H_

#include "common/redis/uri.h"

namespace rcb {

// Whether `endpoint` answers the first message of a TLS handshake as TLS does, with a handshake or
// an alert (RFC 8446, 5.1). Takes at most `timeout_ms` to connect, and as long again.
bool SpeaksTls(const Endpoint& endpoint, int timeout_ms);

}  // namespace rcb

#endif  // RCB_COMMON_REDIS_TLS_PROBE_H_
