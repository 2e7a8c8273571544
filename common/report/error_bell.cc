#include "common/report/error_bell.h"

#include <unistd.h>

#include <cstdio>

namespace rcb {
namespace {

constexpr int64_t kSilenceNs = 10'000'000'000;

}  // namespace

void ErrorBell::OnInterval(const Interval& interval) {
  if (interval.row != row_) silent_until_ns_ = 0;
  row_ = interval.row;
  errors_ += interval.counts.errors;
  if (interval.counts.errors > 0) last_ns_ = interval.end_ns;
  if (errors_ > 0 && interval.end_ns >= silent_until_ns_) Ring();
}

void ErrorBell::OnRunEnd() {
  if (errors_ > 0) Ring();
}

void ErrorBell::Ring() {
  // Over the status line, if there is one.
  const char* const begin = isatty(STDERR_FILENO) != 0 ? "\r\033[K" : "";
  std::fprintf(stderr, "%sbench: %s: %lld operations failed until %.1f s\n", begin, row_.c_str(),
               static_cast<long long>(errors_), static_cast<double>(last_ns_) / 1e9);
  errors_ = 0;
  silent_until_ns_ = last_ns_ + kSilenceNs;
}

}  // namespace rcb
