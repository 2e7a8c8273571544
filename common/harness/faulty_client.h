// A worker that misbehaves on purpose, on all of its connections: it dies, or it stalls.

#ifndef RCB_COMMON_HARNESS_FAULTY_CLIENT_H_
#define RCB_COMMON_HARNESS_FAULTY_CLIENT_H_

#include <cstddef>
#include <cstdint>
#include <optional>

#include "common/harness/worker.h"
#include "common/redis/disturbance.h"

namespace rcb {

// Decides over the requests of `worker`, and hears when it holds, for as long as it exists. Loop
// thread only.
class FaultyClient final : public Disturbance, public HoldListener {
 public:
  // Who is behind such clients.
  class Director {
   public:
    // The client holds what others wait for. True if it is going to misbehave now: see DieAfter.
    virtual bool OnHold(FaultyClient& client) = 0;
    // How a client that behaves sends a request; nullopt: its connection is cut instead.
    virtual std::optional<SendPlan> PlanRequest(FaultyClient& client, size_t size) = 0;
    // It has died, or begun to stall.
    virtual void OnFault(FaultyClient& client) { static_cast<void>(client); }

   protected:
    ~Director() = default;
  };

  // All of these outlive it.
  FaultyClient(Worker& worker, Director& director);
  FaultyClient(const FaultyClient&) = delete;
  FaultyClient& operator=(const FaultyClient&) = delete;
  ~FaultyClient();

  std::optional<SendPlan> BeforeRequest(size_t size) override;
  bool OnHold() override { return director_.OnHold(*this); }

  // It sends so many further requests. At the next one its connection is cut, and it never goes on.
  void DieAfter(int requests);
  // It sends so many further requests. The next one is so late.
  void StallAfter(int requests, int64_t stall_ns);
  // It does neither.
  void Behave() { requests_left_ = -1; }

  const Worker& worker() const { return worker_; }
  bool dead() const { return died_ns_ != 0; }
  // When it died; 0: it has not.
  int64_t died_ns() const { return died_ns_; }

 private:
  void Attach(Disturbance* disturbance, HoldListener* listener);

  Worker& worker_;
  Director& director_;
  int requests_left_ = -1;  // until it misbehaves; -1: it does not
  int64_t stall_ns_ = 0;    // 0: it dies then
  int64_t died_ns_ = 0;
};

}  // namespace rcb

#endif  // RCB_COMMON_HARNESS_FAULTY_CLIENT_H_
