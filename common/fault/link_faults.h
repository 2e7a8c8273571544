// What a proxy does to the connections that run through it, as data.

#ifndef RCB_COMMON_FAULT_LINK_FAULTS_H_
#define RCB_COMMON_FAULT_LINK_FAULTS_H_

#include <cstddef>
#include <cstdint>

namespace rcb {

// What happens to the bytes of one direction. They keep their order, whatever happens.
struct LinkFaults {
  int64_t latency_ns = 0;        // each chunk arrives so much later,
  int64_t jitter_ns = 0;         // and up to so much more, drawn for each chunk
  int64_t bytes_per_second = 0;  // no more than that pass; 0: no limit
  size_t slice_bytes = 0;        // chunks are sent on in slices of this size; 0: whole,
  int64_t slice_gap_ns = 0;      // each so much later than the one before
  bool swallow = false;          // a blackhole: bytes and the end are taken, and arrive nowhere
  bool stall = false;  // half-open: bytes are not even taken, and fill the sender's buffers
  // The chance that a chunk is lost, and with it all that follows it on its connection, so that a
  // reply can't answer a later request. Towards the client, that is a reply to a request that the
  // server has applied.
  double lose_probability = 0;
  bool cut_at_loss = false;  // the connection is broken off there, instead of falling silent
  double share = 1;          // of the connections are affected, which is drawn for each
};

// What happens to all connections of a proxy.
struct ProxyFaults {
  LinkFaults to_server;
  LinkFaults to_client;
  bool refuse = false;  // new connections are refused, as by a host without a server
};

}  // namespace rcb

#endif  // RCB_COMMON_FAULT_LINK_FAULTS_H_
