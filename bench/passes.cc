#include "bench/passes.h"

#include <chrono>
#include <cstdint>
#include <fstream>
#include <optional>
#include <thread>

#include "common/harness/interrupt.h"
#include "common/measure/clock.h"
#include "common/report/pass_reporter.h"

namespace rcb {
namespace {

// Where benchmarks cannot run, such as without a server, they are tried again no sooner.
constexpr int64_t kRetryMs = 1000;
constexpr int64_t kLookMs = 50;

void Pause() {
  for (int64_t waited_ms = 0; waited_ms < kRetryMs && !IsInterrupted(); waited_ms += kLookMs) {
    std::this_thread::sleep_for(std::chrono::milliseconds(kLookMs));
  }
}

}  // namespace

void RunPasses(Suite& suite, benchmark::BenchmarkReporter& display,
               benchmark::BenchmarkReporter* file, const std::string& out) {
  if (suite.options().duration_ms == 0) {
    benchmark::RunSpecifiedBenchmarks(&display, file);
    return;
  }
  const int64_t end_ns = NowNs() + suite.options().duration_ms * 1'000'000;
  std::ofstream stream;
  PassReporter shown(display);
  std::optional<PassReporter> filed;
  if (file != nullptr) {
    stream.open(out);
    file->SetOutputStream(&stream);
    filed.emplace(*file);
  }
  benchmark::RunSpecifiedBenchmarks(&shown, filed ? &*filed : nullptr);
  while (NowNs() < end_ns && !IsInterrupted()) {
    if (suite.BeginPass(end_ns) > 0) Pause();
    benchmark::RunSpecifiedBenchmarks(&shown, filed ? &*filed : nullptr);
  }
  shown.End();
  if (filed) filed->End();
}

}  // namespace rcb
