#include "common/redis/tls_probe.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cstring>
#include <string>

#include "common/redis/scripted_peer.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

Endpoint EndpointOf(const Address& address) {
  sockaddr_in tcp = {};
  std::memcpy(&tcp, &address.tcp, sizeof(tcp));
  Endpoint endpoint;
  endpoint.host = "127.0.0.1";
  endpoint.port = ntohs(tcp.sin_port);
  return endpoint;
}

// Whether a peer that answers the first bytes like this is taken for one that speaks TLS.
bool IsTlsThatAnswers(const std::string& answer) {
  ScriptedPeer peer([&answer](PeerConnection& client) {
    client.Expect(std::string("\x16\x03\x01", 3));
    client.Send(answer);
    client.Close();
  });
  return SpeaksTls(EndpointOf(peer.address()), /*timeout_ms=*/2000);
}

TEST(SpeaksTls, KnowsAHandshakeAndAnAlert) {
  EXPECT_TRUE(IsTlsThatAnswers(std::string("\x16\x03\x03\x00\x31", 5)));
  EXPECT_TRUE(IsTlsThatAnswers(std::string("\x15\x03\x03\x00\x02\x02\x28", 7)));
}

TEST(SpeaksTls, TakesNothingElseForIt) {
  EXPECT_FALSE(IsTlsThatAnswers("-ERR unknown command\r\n"));
  EXPECT_FALSE(IsTlsThatAnswers("HTTP/1.1 400 Bad Request\r\n"));
  EXPECT_FALSE(IsTlsThatAnswers(""));
  RefusingAddress nobody;
  EXPECT_FALSE(SpeaksTls(EndpointOf(nobody.address()), /*timeout_ms=*/2000));
  DeafAddress deaf;
  EXPECT_FALSE(SpeaksTls(EndpointOf(deaf.address()), /*timeout_ms=*/50));
}

}  // namespace
}  // namespace rcb
