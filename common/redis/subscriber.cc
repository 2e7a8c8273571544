#include "common/redis/subscriber.h"

#include <utility>

namespace rcb {

Subscriber::Subscriber(Loop& loop, const ConnectionOptions& options, ScriptDigests& digests,
                       uint64_t seed)
    : connection_(loop, options, digests, seed) {
  connection_.set_on_push([this](absl::StatusOr<Reply> push) { OnPush(std::move(push)); });
}

Task<absl::Status> Subscriber::Subscribe(absl::string_view channel) {
  if (!connection_.connected()) co_await connection_.Connect();
  channel_ = std::string(channel);
  inbox_.clear();
  lost_ = absl::OkStatus();
  // UNSUBSCRIBE without a channel has one reply, because there is at most one channel to leave.
  const Command change = Command("UNSUBSCRIBE").Then(Command("SUBSCRIBE", channel));
  co_await connection_.Pipeline(change);
  co_return absl::OkStatus();
}

Task<absl::Status> Subscriber::Unsubscribe() {
  channel_.clear();
  inbox_.clear();
  co_await connection_.Run(Command("UNSUBSCRIBE"));
  co_return absl::OkStatus();
}

Task<absl::StatusOr<std::string>> Subscriber::NextMessage(int64_t deadline_ns) {
  if (inbox_.empty() && lost_.ok()) {
    Event arrival(connection_.loop());
    arrival_ = &arrival;
    absl::Status waited = co_await Try(arrival.Wait(deadline_ns));
    arrival_ = nullptr;
    if (!waited.ok()) co_return waited;
  }
  if (!lost_.ok()) co_return lost_;
  std::string message = std::move(inbox_.front());
  inbox_.pop_front();
  co_return message;
}

void Subscriber::OnPush(absl::StatusOr<Reply> push) {
  if (!push.ok()) {
    lost_ = push.status();
  } else {
    const Reply& message = *push;
    // The server may still send messages of a channel that we have left.
    if (message[0].text() != "message" || message[1].text() != channel_) return;
    inbox_.push_back(message[2].text());
  }
  if (arrival_ != nullptr) arrival_->Set();
}

}  // namespace rcb
