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
  // Servers differ in what they answer where there is nothing to leave (valkey 8.0: an error), so
  // that we leave only what we have joined, by its name.
  const std::string left = std::exchange(joined_, "");
  const Command join("SUBSCRIBE", channel);
  // GCC 12 destroys the temporaries of a condition twice within co_await.
  const Command change = left.empty() ? join : Command("UNSUBSCRIBE", left).Then(join);
  co_await connection_.Pipeline(change);
  joined_ = channel_;
  co_return absl::OkStatus();
}

Task<absl::Status> Subscriber::Unsubscribe() {
  channel_.clear();
  inbox_.clear();
  const std::string left = std::exchange(joined_, "");
  if (left.empty() && connection_.connected()) co_return absl::OkStatus();
  co_await connection_.Run(Command("UNSUBSCRIBE", left));
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
    joined_.clear();
  } else {
    const Reply& message = *push;
    // The server may still send messages of a channel that we have left.
    if (message[0].text() != "message" || message[1].text() != channel_) return;
    if (!on_message_) inbox_.push_back(message[2].text());
  }
  const bool ends_wait = !push.ok() || !on_message_;
  if (on_message_) on_message_(std::move(push));
  if (ends_wait && arrival_ != nullptr) arrival_->Set();
}

}  // namespace rcb
