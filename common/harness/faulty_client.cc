#include "common/harness/faulty_client.h"

#include "common/measure/clock.h"

namespace rcb {

FaultyClient::FaultyClient(Worker& worker, Director& director)
    : worker_(worker), director_(director) {
  Attach(this, this);
}

FaultyClient::~FaultyClient() { Attach(nullptr, nullptr); }

void FaultyClient::Attach(Disturbance* disturbance, HoldListener* listener) {
  worker_.connection->set_disturbance(disturbance);
  if (worker_.subscriber != nullptr) worker_.subscriber->connection().set_disturbance(disturbance);
  for (Connection* node : worker_.nodes) node->set_disturbance(disturbance);
  worker_.on_hold = listener;
}

void FaultyClient::DieAfter(int requests) {
  requests_left_ = requests;
  stall_ns_ = 0;
}

void FaultyClient::StallAfter(int requests, int64_t stall_ns) {
  requests_left_ = requests;
  stall_ns_ = stall_ns;
}

std::optional<SendPlan> FaultyClient::BeforeRequest(size_t size) {
  if (dead()) return std::nullopt;
  if (requests_left_ < 0 || requests_left_-- > 0) return director_.PlanRequest(*this, size);
  if (stall_ns_ == 0) died_ns_ = NowNs();
  director_.OnFault(*this);
  if (stall_ns_ > 0) return SendPlan{0, stall_ns_};
  // The connection that this request is on closes by itself.
  return std::nullopt;
}

}  // namespace rcb
