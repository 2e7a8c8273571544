#include "common/runtime/ensure.h"

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/runtime/loop.h"
#include "common/runtime/task.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

Task<absl::StatusOr<int>> OneIf(absl::Status status) {
  co_await Ensure(status);
  co_return 1;
}

absl::StatusOr<int> ResultOf(Task<absl::StatusOr<int>> task) {
  Loop loop;
  absl::StatusOr<int> result = absl::InternalError("it never ended");
  const auto keep = [](Task<absl::StatusOr<int>> inner, absl::StatusOr<int>& kept) -> Task<void> {
    kept = co_await Try(std::move(inner));
  };
  loop.RunUntilDone(keep(std::move(task), result));
  return result;
}

TEST(Ensure, GoesOnWhereTheStatusIsOk) {
  const absl::StatusOr<int> result = ResultOf(OneIf(absl::OkStatus()));
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(*result, 1);
}

TEST(Ensure, EndsTheCoroutineWithAnyOtherStatus) {
  EXPECT_EQ(ResultOf(OneIf(absl::DeadlineExceededError("too late"))).status(),
            absl::DeadlineExceededError("too late"));
}

}  // namespace
}  // namespace rcb
