#include "bench/invalidation/invalidation_rows.h"

#include "bench/invalidation/double_delete.h"
#include "bench/invalidation/invalidation.h"
#include "bench/invalidation/local_cache.h"
#include "bench/invalidation/write_behind.h"

namespace rcb::invalidation {
namespace {

// Where most reads take no round trip, few of many operations write.
constexpr double kLocalOperationsPerSecond = 5000;
constexpr double kLocalWriteShare = 0.02;

constexpr char kFresh[] =
    "once a write has returned, nobody reads an older version, nor less than before";
constexpr char kTwiceDeleted[] =
    "readers get an old version for at most 30 ms after a write, where no fill takes longer";
constexpr char kShortLived[] =
    "readers get an old version for at most 30 ms after it was cached, "
    "which may take 5 ms";
constexpr char kTold[] =
    "readers get an old version only until the message about it comes; nobody reads less than "
    "before, or than it wrote";
constexpr char kQueued[] =
    "nobody reads an old version; every change reaches the origin, in order, and at most 4 wait";

constexpr int64_t kDeleteAgainMs = 30;  // many times as long as the slowest fill
constexpr int64_t kShortTtlMs = 30;
constexpr int64_t kSlowestFillMs = 5;
// By when a message has come. It takes half a round trip, and more where much is to be done.
constexpr int64_t kMessageMs = 5;

constexpr Promises kTwiceDeletedPromises = {
    .stale_ms = kDeleteAgainMs, .forward = false, .own_write = false, .fill_ms = kDeleteAgainMs};
constexpr Promises kToldPromises = {.stale_ms = kMessageMs};
constexpr TrialContract kStallsInFill = {.stalls = true, .requests_while_holding = 1};

constexpr Row kRows[] = {
    {.name = "Invalidation/unsafe/delete_before_write",
     .role = Role::kControl,
     .read = ReadAside,
     .write = DeleteBeforeWrite,
     .needs = {"GET SET DEL"},
     .promise = kFresh,
     .settings = {.write_share = 0.4}},
    {.name = "Invalidation/unsafe/delete_after_write",
     .role = Role::kControl,
     .read = ReadAside,
     .write = DeleteAfterWrite,
     .needs = {"GET SET DEL"},
     .promise = kFresh,
     .settings = {.write_share = 0.4}},
    {.name = "Invalidation/unsafe/write_through",
     .role = Role::kControl,
     .read = ReadAside,
     .write = WriteThrough,
     .needs = {"GET SET"},
     .promise = kFresh,
     .settings = {.keys = 1, .write_share = 0.4}},  // so that writers meet
    {.name = "Invalidation/unsafe/short_double_delete",
     .role = Role::kControl,
     .read = ReadAside,
     .write = DoubleDelete,
     .needs = {"GET SET DEL"},
     .promise = kTwiceDeleted,
     // What it promises is what double_delete does, with its own delay.
     .promises = {.stale_ms = 1, .forward = false, .own_write = false, .fill_ms = kDeleteAgainMs},
     .settings = {.write_share = 0.1, .delete_again_ms = 1},
     .second = Second::kDeletes},
    {.name = "Invalidation/unsafe/tracking_race",
     .role = Role::kControl,
     .read = ReadLocal<ListenToTracking>,
     .write = WriteTracked,
     .needs = {"GET SET EVAL CLIENT SUBSCRIBE"},
     .promise = kTold,
     .promises = kToldPromises,
     .settings = {.has_placeholders = false},
     .second = Second::kListens},
    {.name = "Invalidation/unsafe/write_behind_crowd",
     .role = Role::kControl,
     .read = ReadBehind,
     .write = WriteBehind,
     .needs = {"GET SET EVAL LLEN RPUSH LRANGE LTRIM"},
     .promise = kQueued,
     .settings = {.has_one_writer = false},
     .second = Second::kDrains},
    {.name = "Invalidation/lockfree/versioned",
     .role = Role::kSafe,
     .read = ReadVersioned,
     .write = WriteVersioned,
     .needs = {"GET SET EVAL"},
     .promise = kFresh,
     .trial = kStallsInFill},
    {.name = "Invalidation/lockfree/set_if_equal",
     .role = Role::kSafe,
     .read = ReadSetIfEqual,
     .write = WriteSetIfEqual,
     .needs = {"GET SET SET.IFEQ"},
     .promise = kFresh,
     .trial = {.stalls = true, .requests_while_holding = 2}},
    {.name = "Invalidation/locking/lease",
     .role = Role::kSafe,
     .read = ReadLeased,
     .write = WriteLeased,
     .needs = {"GET SET EVAL DEL"},
     .promise = kFresh,
     .trial = {.death = TrialContract::Death::kOthersGoOn,
               .stalls = true,
               .requests_while_holding = 1},
     .has_lease = true},
    {.name = "Invalidation/lockfree/double_delete",
     .role = Role::kSafe,
     .read = ReadAside,
     .write = DoubleDelete,
     .needs = {"GET SET DEL"},
     .promise = kTwiceDeleted,
     .promises = kTwiceDeletedPromises,
     .settings = {.delete_again_ms = kDeleteAgainMs},
     .second = Second::kDeletes},
    {.name = "Invalidation/lockfree/ttl_only",
     .role = Role::kSafe,
     .read = ReadAside,
     .write = WriteOriginOnly,
     .needs = {"GET SET"},
     .promise = kShortLived,
     .promises = {.stale_ms = kShortTtlMs + kSlowestFillMs, .forward = false, .own_write = false},
     .settings = {.ttl_ms = kShortTtlMs},
     .least_requests = 0},
    {.name = "Invalidation/lockfree/write_behind",
     .role = Role::kSafe,
     .read = ReadBehind,
     .write = WriteBehind,
     .needs = {"GET SET EVAL LLEN RPUSH LRANGE LTRIM"},
     .promise = kQueued,
     .second = Second::kDrains},
    {.name = "Invalidation/lockfree/pubsub_local",
     .role = Role::kSafe,
     .read = ReadLocal<ListenToChannel>,
     .write = WriteAndTell,
     .needs = {"GET SET EVAL SUBSCRIBE PUBLISH"},
     .promise = kTold,
     .promises = kToldPromises,
     .settings = {.write_share = kLocalWriteShare},
     .trial = kStallsInFill,
     .second = Second::kListens,
     .rate = kLocalOperationsPerSecond},
    {.name = "Invalidation/lockfree/tracking",
     .role = Role::kSafe,
     .read = ReadLocal<ListenToTracking>,
     .write = WriteTracked,
     .needs = {"GET SET EVAL CLIENT SUBSCRIBE"},
     .promise = kTold,
     .promises = kToldPromises,
     .settings = {.write_share = kLocalWriteShare},
     .trial = kStallsInFill,
     .second = Second::kListens,
     .rate = kLocalOperationsPerSecond},
    {.name = "Invalidation/lockfree/tracking_bcast",
     .role = Role::kSafe,
     .read = ReadLocal<ListenToBroadcasts>,
     .write = WriteTracked,
     .needs = {"GET SET EVAL CLIENT SUBSCRIBE"},
     .promise = kTold,
     .promises = kToldPromises,
     .settings = {.write_share = kLocalWriteShare},
     .trial = kStallsInFill,
     .second = Second::kListens,
     .rate = kLocalOperationsPerSecond},
};

}  // namespace

absl::Span<const Row> Rows() { return kRows; }

}  // namespace rcb::invalidation
