#include "common/fault/schedule.h"

#include <algorithm>
#include <random>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace rcb {
namespace {

// A day. Longer schedules are slips.
constexpr int64_t kMaxMs = 86'400'000;

// Uniform in [low, high]. The distributions of the standard library draw differently from one
// library to the next, and those of Abseil from one process to the next.
int64_t Draw(std::mt19937_64& random, int64_t low, int64_t high) {
  const uint64_t values = static_cast<uint64_t>(high - low) + 1;
  // Of the 2^64 numbers, the last few would make some values more likely than others.
  const uint64_t surplus = (UINT64_MAX % values + 1) % values;
  uint64_t number = random();
  while (number > UINT64_MAX - surplus) number = random();
  return low + static_cast<int64_t>(number % values);
}

// All kinds, in an order that is drawn.
std::vector<FaultKind> Shuffle(std::vector<FaultKind> kinds, std::mt19937_64& random) {
  for (size_t left = kinds.size(); left > 1; --left) {
    const int64_t place = Draw(random, 0, static_cast<int64_t>(left) - 1);
    std::swap(kinds[left - 1], kinds[static_cast<size_t>(place)]);
  }
  return kinds;
}

void SortByStart(Schedule& schedule) {
  std::stable_sort(schedule.begin(), schedule.end(),
                   [](const Fault& a, const Fault& b) { return a.start_ms < b.start_ms; });
}

bool ParseMs(absl::string_view text, int64_t* ms) {
  const bool is_number = !text.empty() && absl::c_all_of(text, absl::ascii_isdigit);
  return is_number && absl::SimpleAtoi(text, ms) && *ms <= kMaxMs;
}

// Whether `text` is kind@target:start+length.
bool ParseFault(absl::string_view text, Fault* fault) {
  const std::pair<absl::string_view, absl::string_view> what_and_when =
      absl::StrSplit(text, absl::MaxSplits(':', 1));
  const std::pair<absl::string_view, absl::string_view> what =
      absl::StrSplit(what_and_when.first, absl::MaxSplits('@', 1));
  const std::pair<absl::string_view, absl::string_view> when =
      absl::StrSplit(what_and_when.second, absl::MaxSplits('+', 1));
  fault->kind = std::string(what.first);
  fault->target = std::string(what.second);
  return ParseMs(when.first, &fault->start_ms) && ParseMs(when.second, &fault->length_ms);
}

std::string NameOf(const FaultKind& kind) { return absl::StrCat(kind.kind, "@", kind.target); }

// Whether `kinds` have the fault. One that happens at once has no length, and the others need some.
absl::Status CheckKnown(const Fault& fault, const std::vector<FaultKind>& kinds) {
  const std::string name = absl::StrCat(fault.kind, "@", fault.target);
  for (const FaultKind& kind : kinds) {
    if (NameOf(kind) != name) continue;
    const bool has_length = kind.max_length_ms > 0;
    if (has_length == (fault.length_ms > 0)) return absl::OkStatus();
    return absl::InvalidArgumentError(absl::StrCat(
        "\"", ToText({fault}), "\": ", name,
        has_length ? " has to last for a while" : " happens at once, so that its length is 0"));
  }
  return absl::InvalidArgumentError(
      absl::StrCat("\"", ToText({fault}), "\": there is no ", name, ", but ",
                   absl::StrJoin(kinds, ", ", [](std::string* out, const FaultKind& kind) {
                     absl::StrAppend(out, NameOf(kind));
                   })));
}

}  // namespace

Schedule DrawSchedule(uint64_t seed, const ScheduleRange& range) {
  std::mt19937_64 random(seed);
  Schedule schedule;
  std::vector<FaultKind> deck;
  int64_t free_ms = 0;  // the last one has ended
  while (!range.kinds.empty()) {
    if (deck.empty()) deck = Shuffle(range.kinds, random);
    const FaultKind kind = deck.back();
    deck.pop_back();
    const int64_t start_ms = free_ms + Draw(random, range.min_gap_ms, range.max_gap_ms);
    const int64_t length_ms = Draw(random, kind.min_length_ms, kind.max_length_ms);
    const int64_t end_ms = start_ms + length_ms + kind.extra_ms;
    if (end_ms > range.duration_ms) break;
    // Without a gap, one without a length would come for ever.
    free_ms = std::max(end_ms, free_ms + 1);
    schedule.push_back({kind.kind, kind.target, start_ms, length_ms});
  }
  return schedule;
}

std::string ToText(const Schedule& schedule) {
  return absl::StrJoin(schedule, ",", [](std::string* out, const Fault& fault) {
    absl::StrAppend(out, fault.kind, "@", fault.target, ":", fault.start_ms, "+", fault.length_ms);
  });
}

absl::StatusOr<Schedule> ParseSchedule(absl::string_view text,
                                       const std::vector<FaultKind>& kinds) {
  Schedule schedule;
  if (text.empty()) return schedule;
  for (const absl::string_view part : absl::StrSplit(text, ',')) {
    Fault fault;
    if (!ParseFault(part, &fault)) {
      return absl::InvalidArgumentError(absl::StrCat(
          "\"", part, "\" is no fault: write kind@target:start+length, in milliseconds"));
    }
    absl::Status known = CheckKnown(fault, kinds);
    if (!known.ok()) return known;
    schedule.push_back(std::move(fault));
  }
  SortByStart(schedule);
  return schedule;
}

}  // namespace rcb
