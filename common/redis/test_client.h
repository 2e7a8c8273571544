// The tests of Connection and Subscriber share this loop with a connection on it.

#ifndef RCB_COMMON_REDIS_TEST_CLIENT_H_
#define RCB_COMMON_REDIS_TEST_CLIENT_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/redis/address.h"
#include "common/redis/command.h"
#include "common/redis/connection.h"
#include "common/redis/reply.h"
#include "common/runtime/loop.h"
#include "common/runtime/task.h"
#include "gtest/gtest.h"

namespace rcb {

// Runs `task` on `loop` to its end and yields its status.
inline absl::Status RunOn(Loop& loop, Task<absl::Status> task) {
  absl::Status result = absl::UnknownError("the task never ended");
  const auto keep = [](Task<absl::Status> kept, absl::Status& status) -> Task<void> {
    status = co_await Try(std::move(kept));
  };
  loop.RunUntilDone(keep(std::move(task), result));
  return result;
}

// A connection to `address`, not connected yet, that waits longer than any working peer takes.
struct TestClient {
  static constexpr int64_t kTimeoutMs = 10'000;

  explicit TestClient(const Address& address) {
    options.address = address;
    options.op_timeout_ms = kTimeoutMs;
    options.connect_timeout_ms = kTimeoutMs;
  }

  absl::Status Connect() { return RunOn(loop, connection.Connect()); }
  absl::Status Run(Task<absl::Status> task) { return RunOn(loop, std::move(task)); }

  Loop loop;
  ConnectionOptions options;
  ScriptDigests digests;
  Connection connection{loop, options, digests, /*seed=*/1};
};

// A client that has tried to connect and may have many requests in flight.
struct MultiplexClient : TestClient {
  explicit MultiplexClient(const Address& address) : TestClient(address) {
    options.max_in_flight = 100;
    connected = Connect();
  }

  // Sends the command from a new coroutine, which keeps what becomes of it in *result.
  void Start(Command command, absl::StatusOr<Reply>* result) {
    loop.Spawn(RunAndKeep(connection, std::move(command), result));
  }
  // GETs three keys at once; what became of each.
  std::array<absl::StatusOr<Reply>, 3> GetAll(const std::array<const char*, 3>& keys) {
    EXPECT_EQ(connected, absl::OkStatus());
    std::array<absl::StatusOr<Reply>, 3> results;
    for (size_t i = 0; i < keys.size(); ++i) Start(Command("GET", keys[i]), &results[i]);
    loop.Run();
    return results;
  }
  static Task<void> RunAndKeep(Connection& redis, Command command, absl::StatusOr<Reply>* result) {
    *result = co_await Try(redis.Run(command));
  }

  absl::Status connected;
};

}  // namespace rcb

#endif  // RCB_COMMON_REDIS_TEST_CLIENT_H_
