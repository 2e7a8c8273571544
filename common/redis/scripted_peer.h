// A server for tests, which plays a script on each connection that it accepts. It does what no real
// server does on demand: it splits a reply at any byte, hangs, breaks off or talks nonsense.

#ifndef RCB_COMMON_REDIS_SCRIPTED_PEER_H_
#define RCB_COMMON_REDIS_SCRIPTED_PEER_H_

#include <cstddef>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "common/redis/address.h"
#include "common/redis/command.h"

namespace rcb {

// One accepted connection, as its script sees it. A step fails because of what the client sent, or
// because the client did nothing for kTimeoutMs; all later steps then do nothing. Only the
// script's thread may use it.
class PeerConnection {
 public:
  static constexpr int kTimeoutMs = 10'000;

  // Takes over `fd`, a connected socket. Waits end early once `stop_fd` is readable.
  PeerConnection(int fd, int stop_fd);
  PeerConnection(const PeerConnection&) = delete;
  PeerConnection& operator=(const PeerConnection&) = delete;
  ~PeerConnection() { Close(); }

  // Reads `size` bytes; fewer after a failure.
  std::string Receive(size_t size);
  // Reads as many bytes as these, and fails unless they are these.
  void Expect(absl::string_view bytes);
  void Expect(const Command& command) { Expect(command.bytes()); }
  // Answers what a client without password and database says first.
  void Greet();

  // Sends the bytes. It does not fail if the client is gone already.
  void Send(absl::string_view bytes);
  // Sends pieces of `piece_size` bytes. Over a unix socket the client reads each of them alone;
  // over TCP it may find several together.
  void SendInPieces(absl::string_view bytes, size_t piece_size);

  // Stays silent until the client has closed the connection; nothing more may come from it.
  void ExpectClosed();
  // Closes the connection. Later steps fail, except sending, which does nothing.
  void Close();
  // Breaks a TCP connection off with RST.
  void Reset();

  const absl::Status& status() const { return status_; }

 private:
  bool Await(short events);  // NOLINT(google-runtime-int): as in pollfd
  void AwaitTaken();
  void Fail(absl::string_view problem);

  int fd_;
  int stop_fd_;
  absl::Status status_;
};

using PeerScript = std::function<void(PeerConnection& client)>;

// Listens on loopback in a thread of its own, plays the scripts one after the other, each on the
// next connection, and then refuses more.
class ScriptedPeer {
 public:
  enum class Transport { kTcp, kUnix };

  ScriptedPeer(Transport transport, std::vector<PeerScript> scripts);
  explicit ScriptedPeer(PeerScript script) : ScriptedPeer(Transport::kTcp, {std::move(script)}) {}
  ScriptedPeer(const ScriptedPeer&) = delete;
  ScriptedPeer& operator=(const ScriptedPeer&) = delete;
  // Ends the running script.
  ~ScriptedPeer();

  const Address& address() const { return address_; }
  // Waits until all scripts have been played. Yields the first failure, if any.
  absl::Status Finish();

 private:
  void Serve(const std::vector<PeerScript>& scripts);
  absl::Status Play(const PeerScript& script);

  std::string directory_;  // holds the unix socket
  Address address_;
  int listener_ = -1;
  int stop_fd_ = -1;
  absl::Status status_;  // belongs to the thread until that has ended
  std::thread thread_;
};

// A TCP address that refuses every connection: it is taken, and no server listens there.
class RefusingAddress {
 public:
  RefusingAddress();
  RefusingAddress(const RefusingAddress&) = delete;
  RefusingAddress& operator=(const RefusingAddress&) = delete;
  ~RefusingAddress();

  const Address& address() const { return address_; }

 private:
  Address address_;
  int fd_;
};

// A TCP address that neither accepts nor refuses, like a host that drops what is sent to it.
class DeafAddress {
 public:
  DeafAddress();
  DeafAddress(const DeafAddress&) = delete;
  DeafAddress& operator=(const DeafAddress&) = delete;
  ~DeafAddress();

  const Address& address() const { return address_; }

 private:
  Address address_;
  std::vector<int> fds_;
};

}  // namespace rcb

#endif  // RCB_COMMON_REDIS_SCRIPTED_PEER_H_
