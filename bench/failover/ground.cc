#include "bench/failover/ground.h"

#include <utility>

#include "common/measure/clock.h"
#include "common/redis/connection_options.h"

namespace rcb::failover {
namespace {

constexpr int64_t kSentinelTimeoutMs = 1000;

}  // namespace

absl::Status Ground::MakeWatch(Worker& worker) {
  std::unique_ptr<PrimaryWatch>& watch = watches_[static_cast<size_t>(worker.index % threads_)];
  if (watch != nullptr) return absl::OkStatus();
  std::vector<ConnectionOptions> sentinels;
  for (const Endpoint& endpoint : servers_.sentinels()) {
    absl::StatusOr<ConnectionOptions> options = MakeConnectionOptions(endpoint, kSentinelTimeoutMs);
    if (!options.ok()) return options.status();
    sentinels.push_back(*std::move(options));
  }
  watch =
      std::make_unique<PrimaryWatch>(*worker.loop, std::move(sentinels), servers_.primary_name());
  return absl::OkStatus();
}

Task<absl::Status> Ground::Reach(Worker& worker) {
  Client& client = clients_[worker.index];
  const bool is_first = !std::exchange(client.has_begun, true);
  if (is_first) worker.redis().Close();  // the harness may have connected it
  if (worker.redis().connected()) co_return absl::OkStatus();
  if (PlaceOf(worker) == Place::kBesidePrimary) {
    co_return co_await Try(worker.redis().ConnectOnce());
  }
  const absl::Status made = MakeWatch(worker);
  if (!made.ok()) co_return made;
  PrimaryWatch& watch = *watches_[static_cast<size_t>(worker.index % threads_)];
  co_await watch.Listen();
  if (is_first && PlaceOf(worker) == Place::kBetween) {
    watch.Follow(worker.redis());
    co_return co_await Try(worker.redis().ConnectOnce());
  }
  co_return co_await Try(ReachAnnounced(worker, watch));
}

Task<absl::Status> Ground::ReachAnnounced(Worker& worker, PrimaryWatch& watch) {
  co_await watch.Connect(worker.redis());
  Client& client = clients_[worker.index];
  const int64_t announced_ns = watch.announced_ns();
  client.follows = announced_ns > 0;
  if (client.follows && client.found_ns < 0) client.found_ns = NowNs() - announced_ns;
  co_return absl::OkStatus();
}

void Ground::NoteServed(const Worker& worker) {
  Client& client = clients_[worker.index];
  if (!client.follows || client.served_ns > 0) return;
  client.served_ns = NowNs();
  served_.fetch_add(1);
}

std::vector<int64_t> Ground::found_ns() const {
  std::vector<int64_t> all;
  clients_.ForEach([&all](const Client& client) {
    if (client.found_ns >= 0) all.push_back(client.found_ns);
  });
  return all;
}

std::vector<int64_t> Ground::served_ns() const {
  std::vector<int64_t> all;
  clients_.ForEach([&all](const Client& client) {
    if (client.served_ns > 0) all.push_back(client.served_ns);
  });
  return all;
}

}  // namespace rcb::failover
