#include "common/harness/interrupt.h"

#include <atomic>
#include <csignal>

namespace rcb {
namespace {

// A signal handler can reach nothing but a global.
std::atomic<int> interrupt_signal{0};

void OnSignal(int signal) {
  interrupt_signal.store(signal, std::memory_order_relaxed);
  std::signal(signal, SIG_DFL);
}

}  // namespace

void CatchInterrupts() {
  std::signal(SIGINT, OnSignal);
  std::signal(SIGTERM, OnSignal);
  std::signal(SIGPIPE, SIG_IGN);
}

int InterruptSignal() { return interrupt_signal.load(std::memory_order_relaxed); }

}  // namespace rcb
