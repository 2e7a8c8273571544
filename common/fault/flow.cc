#include "common/fault/flow.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "common/measure/clock.h"

namespace rcb {

struct Flow::PendingWrite {
  uv_write_t request;
  Flow* flow;
  std::string bytes;
};

Flow::Flow(Loop& loop, uint64_t seed, Listener listener)
    : loop_(loop),
      random_(seed),
      place_(std::uniform_real_distribution<double>()(random_)),
      listener_(std::move(listener)),
      timer_(loop, [this] { OnDue(); }) {}

void Flow::SetFaults(const LinkFaults& faults) {
  faults_ = place_ < faults.share ? faults : LinkFaults();
  if (is_end_held_ && !faults_.swallow) {
    is_end_held_ = false;
    Forward(DueNs(0, 0), "");
  }
  UpdateReading();
}

void Flow::Start(uv_stream_t* source, uv_stream_t* sink) {
  source_ = source;
  sink_ = sink;
  UpdateReading();
}

void Flow::Stop() {
  timer_.Stop();
  waiting_.clear();
  source_ = nullptr;
  sink_ = nullptr;
}

void Flow::UpdateReading() {
  const bool has_room = waiting_bytes_ + unsent_bytes_ < kMaxHeldBytes;
  const bool may_read = source_ != nullptr && !faults_.stall && !has_ended_ && has_room;
  if (may_read == is_reading_ || source_ == nullptr) return;
  is_reading_ = may_read;
  if (!may_read) {
    uv_read_stop(source_);
    return;
  }
  const int result = uv_read_start(
      source_,
      [](uv_handle_t* handle, size_t, uv_buf_t* buffer) {
        auto& space = static_cast<Flow*>(handle->data)->loop_.read_buffer();
        *buffer = uv_buf_init(space.data(), static_cast<unsigned>(space.size()));
      },
      [](uv_stream_t* stream, ssize_t size, const uv_buf_t*) {
        static_cast<Flow*>(stream->data)->OnRead(size);
      });
  if (result < 0) listener_.on_broken();
}

void Flow::OnRead(ssize_t size) {
  if (source_ == nullptr || size == 0) return;
  if (size > 0) {
    Take(absl::string_view(loop_.read_buffer().data(), static_cast<size_t>(size)));
  } else if (size == UV_EOF) {
    has_ended_ = true;
    is_end_held_ = faults_.swallow;
    if (!is_end_held_) Forward(DueNs(0, 0), "");
  } else {
    return listener_.on_broken();
  }
  UpdateReading();
}

void Flow::Take(absl::string_view bytes) {
  if (faults_.swallow || is_lost_) return;
  if (faults_.lose_probability > 0 &&
      std::bernoulli_distribution(faults_.lose_probability)(random_)) {
    is_lost_ = true;
    listener_.on_lost();
    if (faults_.cut_at_loss) listener_.on_broken();
    return;
  }
  const size_t step = faults_.slice_bytes > 0 ? faults_.slice_bytes : bytes.size();
  for (size_t i = 0; i < bytes.size() && sink_ != nullptr; i += step) {
    const absl::string_view slice = bytes.substr(i, step);
    Forward(DueNs(slice.size(), i > 0 ? faults_.slice_gap_ns : 0), slice);
  }
}

// When what was read just now is to be sent on; 0: at once.
int64_t Flow::DueNs(size_t bytes, int64_t gap_ns) {
  int64_t delay_ns = faults_.latency_ns;
  if (faults_.jitter_ns > 0) {
    delay_ns += std::uniform_int_distribution<int64_t>(0, faults_.jitter_ns)(random_);
  }
  if (delay_ns == 0 && gap_ns == 0 && faults_.bytes_per_second == 0 && waiting_.empty()) return 0;
  int64_t sent_ns = NowNs();
  if (faults_.bytes_per_second > 0) {
    const double seconds =
        static_cast<double>(bytes) / static_cast<double>(faults_.bytes_per_second);
    sent_ns = std::max(sent_ns, busy_until_ns_) + static_cast<int64_t>(seconds * 1e9);
    busy_until_ns_ = sent_ns;
  }
  last_due_ns_ = std::max(sent_ns + delay_ns, last_due_ns_ + gap_ns);
  return last_due_ns_;
}

void Flow::Forward(int64_t due_ns, absl::string_view bytes) {
  if (due_ns == 0) return bytes.empty() ? End() : Send(bytes);
  waiting_.push_back({due_ns, std::string(bytes)});
  waiting_bytes_ += bytes.size();
  if (waiting_.size() == 1) timer_.Start(due_ns);
}

void Flow::OnDue() {
  const int64_t now_ns = NowNs();
  while (!waiting_.empty() && waiting_.front().due_ns <= now_ns) {
    const std::string bytes = std::move(waiting_.front().bytes);
    waiting_.pop_front();
    waiting_bytes_ -= bytes.size();
    bytes.empty() ? End() : Send(bytes);
  }
  if (!waiting_.empty()) timer_.Start(waiting_.front().due_ns);
  UpdateReading();
}

void Flow::Send(absl::string_view bytes) {
  if (sink_ == nullptr) return;
  listener_.on_passed(bytes.size());
  uv_buf_t whole =
      uv_buf_init(const_cast<char*>(bytes.data()), static_cast<unsigned>(bytes.size()));
  const int written = unsent_bytes_ == 0 ? uv_try_write(sink_, &whole, 1) : 0;
  const size_t taken = written > 0 ? static_cast<size_t>(written) : 0;
  if (taken == bytes.size()) return;
  auto* pending = new PendingWrite{{}, this, std::string(bytes.substr(taken))};
  pending->request.data = pending;
  unsent_bytes_ += pending->bytes.size();
  const uv_buf_t rest =
      uv_buf_init(pending->bytes.data(), static_cast<unsigned>(pending->bytes.size()));
  uv_write(&pending->request, sink_, &rest, 1, [](uv_write_t* request, int status) {
    const std::unique_ptr<PendingWrite> done(static_cast<PendingWrite*>(request->data));
    done->flow->unsent_bytes_ -= done->bytes.size();
    if (done->flow->sink_ == nullptr) return;
    if (status < 0) return done->flow->listener_.on_broken();
    done->flow->UpdateReading();
  });
}

// The sink learns that no more will come, and may still send.
void Flow::End() {
  if (sink_ == nullptr) return;
  uv_shutdown(&shutdown_, sink_, [](uv_shutdown_t*, int) {});
  listener_.on_end();
}

}  // namespace rcb
