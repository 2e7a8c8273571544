#include "common/redis/tls_probe.h"

#include <hiredis/hiredis.h>
#include <poll.h>
#include <sys/socket.h>

#include <cstddef>
#include <memory>
#include <string>

namespace rcb {
namespace {

constexpr char kAlert = 0x15;
constexpr char kHandshake = 0x16;

// What `body` is in TLS: its length as `size` bytes, and then itself.
std::string WithLength(size_t size, const std::string& body) {
  std::string text;
  for (size_t i = size; i > 0; --i) {
    text.push_back(static_cast<char>(body.size() >> (8 * (i - 1)) & 0xff));
  }
  return text + body;
}

// The least that a server recognises: TLS 1.2, one cipher (ECDHE_RSA_WITH_AES_128_GCM_SHA256). It
// need not agree to it, as its refusal tells as much.
std::string ClientHello() {
  const std::string version("\x03\x03", 2);
  const std::string random(32, 'r');
  const std::string hello = version + random + WithLength(1, "") + WithLength(2, "\xc0\x2f") +
                            WithLength(1, std::string(1, '\0'));
  const std::string handshake = std::string(1, '\x01') + WithLength(3, hello);
  return std::string("\x16\x03\x01", 3) + WithLength(2, handshake);
}

}  // namespace

bool SpeaksTls(const Endpoint& endpoint, int timeout_ms) {
  if (endpoint.transport != Endpoint::Transport::kTcp) return false;
  const timeval timeout = {timeout_ms / 1000, timeout_ms % 1000 * 1000};
  const std::unique_ptr<redisContext, decltype(&redisFree)> context(
      redisConnectWithTimeout(endpoint.target().c_str(), endpoint.port, timeout), &redisFree);
  if (context == nullptr || context->err != 0) return false;
  const std::string hello = ClientHello();
  const ssize_t sent = send(context->fd, hello.data(), hello.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  pollfd answer = {context->fd, POLLIN, 0};
  char kind = 0;
  return sent > 0 && poll(&answer, 1, timeout_ms) > 0 &&
         recv(context->fd, &kind, 1, MSG_DONTWAIT) == 1 && (kind == kAlert || kind == kHandshake);
}

}  // namespace rcb
