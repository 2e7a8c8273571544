#include "common/redis/connection_options.h"

#include <netinet/in.h>

#include <cstring>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

using testing::HasSubstr;

TEST(MakeConnectionOptions, CarriesWhatTheEndpointSaysAndTheTimeout) {
  const absl::StatusOr<Endpoint> endpoint = ParseUri("redis://alice:secret@127.0.0.1:7000/3");
  ASSERT_TRUE(endpoint.ok()) << endpoint.status();
  const absl::StatusOr<ConnectionOptions> options =
      MakeConnectionOptions(*endpoint, /*op_timeout_ms=*/123);
  ASSERT_TRUE(options.ok()) << options.status();
  sockaddr_in tcp = {};
  std::memcpy(&tcp, &options->address.tcp, sizeof(tcp));
  EXPECT_EQ(tcp.sin_family, AF_INET);
  EXPECT_EQ(ntohl(tcp.sin_addr.s_addr), INADDR_LOOPBACK);
  EXPECT_EQ(ntohs(tcp.sin_port), 7000);
  EXPECT_EQ(options->user, "alice");
  EXPECT_EQ(options->password, "secret");
  EXPECT_EQ(options->db, 3);
  EXPECT_EQ(options->op_timeout_ms, 123);
  EXPECT_EQ(options->max_in_flight, 1);
}

TEST(MakeConnectionOptions, TakesTheSocketOfAUnixEndpoint) {
  Endpoint endpoint;
  endpoint.transport = Endpoint::Transport::kUnix;
  endpoint.path = "/run/redis.sock";
  const absl::StatusOr<ConnectionOptions> options = MakeConnectionOptions(endpoint, 1);
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->address.unix_path, "/run/redis.sock");
}

TEST(MakeConnectionOptions, NamesAHostThatDoesNotExist) {
  Endpoint endpoint;
  endpoint.host = "no-such-host.invalid";
  const absl::StatusOr<ConnectionOptions> options = MakeConnectionOptions(endpoint, 1);
  EXPECT_EQ(options.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(options.status().message()), HasSubstr("no-such-host.invalid"));
}

}  // namespace
}  // namespace rcb
