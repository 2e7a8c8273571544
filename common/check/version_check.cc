#include "common/check/version_check.h"

#include <algorithm>
#include <string>
#include <unordered_map>

#include "absl/strings/str_cat.h"

namespace rcb {
namespace {

// From this moment on, everyone may rely on `version`, or a newer one.
struct Milestone {
  int64_t ns;
  int64_t version;
};

// What is known of one key while the history is passed through in the order of time.
struct KeyState {
  std::vector<Milestone> milestones;              // both of its fields grow
  std::unordered_map<int64_t, int64_t> begun_ns;  // when the write of a version began
  int64_t unknown_since_ns = INT64_MAX;           // when a write began whose version is not known
  std::unordered_map<uint16_t, int64_t> seen;     // the newest that each client has read,
  std::unordered_map<uint16_t, int64_t> own;      // and written
};

// A write counts from its return on, and a read when it begins: a read that returned counts for
// what its client reads later, too.
struct Event {
  int64_t ns;
  bool is_return;
  size_t op;
};

std::vector<Event> InOrder(absl::Span<const VersionedOp> history) {
  std::vector<Event> events;
  events.reserve(2 * history.size());
  for (size_t i = 0; i < history.size(); ++i) {
    if (history[i].outcome != Outcome::kOk) continue;
    if (!history[i].is_write) events.push_back({history[i].invoke_ns, false, i});
    events.push_back({history[i].return_ns, true, i});
  }
  // What begins at the instant at which something returns overlaps it.
  std::sort(events.begin(), events.end(), [](const Event& a, const Event& b) {
    return a.ns != b.ns ? a.ns < b.ns : a.is_return < b.is_return;
  });
  return events;
}

void NoteReturn(const VersionedOp& op, KeyState& key) {
  int64_t& known = (op.is_write ? key.own : key.seen)[op.client];
  known = std::max(known, op.version);
  if (!op.is_write) return;
  if (!key.milestones.empty() && key.milestones.back().version >= op.version) return;
  key.milestones.push_back({op.return_ns, op.version});
}

std::string Describe(const VersionedOp& read) {
  return absl::StrCat("client ", read.client, " read version ", read.version, " of key ", read.key);
}

void JudgeRead(const VersionedOp& read, size_t place, int64_t first_version, KeyState& key,
               VersionReport& report) {
  ++report.reads;
  const auto newer = std::upper_bound(
      key.milestones.begin(), key.milestones.end(), read.version,
      [](int64_t version, const Milestone& milestone) { return version < milestone.version; });
  if (newer != key.milestones.end()) {
    report.stale.push_back({place, key.milestones.back().version, newer->ns});
  }
  if (const int64_t seen = key.seen[read.client]; read.version < seen) {
    report.backward.Add(1, absl::StrCat(Describe(read), " after it had read ", seen));
  }
  if (const int64_t own = key.own[read.client]; read.version < own) {
    report.own_write.Add(1, absl::StrCat(Describe(read), " after it had written ", own));
  }
  if (read.version == first_version || read.return_ns >= key.unknown_since_ns) return;
  const auto begun = key.begun_ns.find(read.version);
  if (begun == key.begun_ns.end() || begun->second > read.return_ns) {
    report.invented.Add(1, absl::StrCat(Describe(read), ", which nobody had written by then"));
  }
}

}  // namespace

VersionReport CheckVersions(absl::Span<const VersionedOp> history, int64_t first_version) {
  std::unordered_map<uint32_t, KeyState> keys;
  for (const VersionedOp& op : history) {
    if (!op.is_write) continue;
    KeyState& key = keys[op.key];
    if (op.version != 0) {
      key.begun_ns.emplace(op.version, op.invoke_ns);
    } else if (op.outcome != Outcome::kFailed) {
      key.unknown_since_ns = std::min(key.unknown_since_ns, op.invoke_ns);
    }
  }
  VersionReport report;
  for (const Event& event : InOrder(history)) {
    const VersionedOp& op = history[event.op];
    KeyState& key = keys[op.key];
    if (event.is_return) {
      NoteReturn(op, key);
    } else {
      JudgeRead(op, event.op, first_version, key, report);
    }
  }
  return report;
}

}  // namespace rcb
