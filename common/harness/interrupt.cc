#include "common/harness/interrupt.h"

#include <poll.h>
#include <sys/stat.h>

#include <atomic>
#include <csignal>
#include <thread>

namespace rcb {
namespace {

// A signal handler can reach nothing but a global.
std::atomic<int> interrupt_signal{0};

void OnSignal(int signal) {
  interrupt_signal.store(signal, std::memory_order_relaxed);
  // The kernel repeats SIGXCPU every second, which is nobody's second request.
  if (signal != SIGXCPU) std::signal(signal, SIG_DFL);
}

// Blocks until nobody reads `fd`, or it is no descriptor.
void AwaitReaderGone(int fd) {
  for (;;) {
    pollfd watched = {fd, /*events=*/0, /*revents=*/0};
    if (poll(&watched, 1, /*timeout=*/-1) <= 0) continue;
    if ((watched.revents & POLLNVAL) == 0) {
      int none = 0;
      interrupt_signal.compare_exchange_strong(none, SIGPIPE);
    }
    return;
  }
}

}  // namespace

void CatchInterrupts() {
  for (const int signal : {SIGINT, SIGTERM, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM, SIGXCPU, SIGHUP}) {
    const auto before = std::signal(signal, OnSignal);
    if (signal == SIGHUP && before == SIG_IGN) std::signal(signal, SIG_IGN);
  }
  std::signal(SIGPIPE, SIG_IGN);
}

void WatchReader(int fd) {
  struct stat facts = {};
  if (fstat(fd, &facts) != 0 || !(S_ISFIFO(facts.st_mode) || S_ISSOCK(facts.st_mode))) return;
  // The new thread must not take the signals that wake the main thread.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread(AwaitReaderGone, fd).detach();
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

int InterruptSignal() { return interrupt_signal.load(std::memory_order_relaxed); }

}  // namespace rcb
