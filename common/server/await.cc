#include "common/server/await.h"

#include <thread>

#include "absl/strings/str_cat.h"

namespace rcb {

using std::chrono::steady_clock;

absl::Status AwaitThat(const Patience& patience, const std::string& failure,
                       const std::function<bool()>& is_so) {
  const steady_clock::time_point deadline = steady_clock::now() + patience.limit;
  while (!is_so()) {
    if (patience.is_cancelled && patience.is_cancelled()) return absl::CancelledError("cancelled");
    if (steady_clock::now() > deadline) {
      return absl::DeadlineExceededError(
          absl::StrCat(failure, " within ", patience.limit.count(), " ms"));
    }
    std::this_thread::sleep_for(patience.poll);
  }
  return absl::OkStatus();
}

}  // namespace rcb
