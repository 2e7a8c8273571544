#include "common/check/register_check.h"

#include <algorithm>
#include <cinttypes>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace rcb {
namespace {

constexpr int64_t kNever = std::numeric_limits<int64_t>::max();
constexpr int64_t kBeforeAll = -1;  // when the initial value was written

// Brings the operations of a value together, its first write in front.
bool ValueThenWriteThenInvoke(const RegisterOp& a, const RegisterOp& b) {
  return std::tie(a.value, a.is_read, a.invoke_ns, a.return_ns) <
         std::tie(b.value, b.is_read, b.invoke_ns, b.return_ns);
}

void AbortOnBadStamps(const RegisterOp& op) {
  const bool has_return = op.outcome == Outcome::kOk;
  const int64_t last_ns = has_return ? op.return_ns : op.invoke_ns;
  if (0 <= op.invoke_ns && op.invoke_ns <= last_ns && last_ns < kNever) return;
  std::fprintf(stderr, "CheckRegister: an operation runs from %" PRId64 " to %" PRId64 " ns\n",
               op.invoke_ns, op.return_ns);
  std::abort();
}

// The write of one value and its reads, offenders excluded. Null operations stand for the write of
// the initial value.
struct Cluster {
  int64_t first_return_ns = kNever;
  int64_t last_invoke_ns = kBeforeAll;         // so far
  const RegisterOp* first_returned = nullptr;  // no stale read: those start after it
  const RegisterOp* last_invoked = nullptr;
};

struct Start {
  int64_t invoke_ns = 0;
  const RegisterOp* op = nullptr;
  Cluster* cluster = nullptr;
};

// One violation, put into words only if it turns out to be the first.
struct Finding {
  enum class Kind { kNone, kDuplicate, kUnwritten, kEarly, kStale };
  Kind kind = Kind::kNone;
  const RegisterOp* op = nullptr;  // what offends
  const RegisterOp* write =
      nullptr;         // kDuplicate, kEarly: of the same value; null: the initial one
  Cluster own = {};    // kStale
  Cluster later = {};  // kStale: of another value, which came after
};

class Checker {
 public:
  Checker(std::vector<RegisterOp> history, int64_t initial)
      : ops_(std::move(history)), initial_(initial) {}

  RegisterVerdict Check();

 private:
  void DropIgnored();
  void FormClusters();
  void FormCluster(size_t begin, size_t end);
  void FindStaleReads();
  void MakeLatest(Cluster* cluster);

  void Note(const Finding& finding);
  std::string FirstInWords() const;
  std::string Words(const RegisterOp* op) const;
  double Us(int64_t ns) const { return static_cast<double>(ns - origin_ns_) / 1e3; }

  std::vector<RegisterOp> ops_;
  int64_t initial_;
  int64_t origin_ns_ = kNever;
  std::vector<Cluster> clusters_;
  std::vector<Start> starts_;
  // Of the clusters of which an operation has returned, that with the last invocation and the next.
  Cluster* latest_ = nullptr;
  Cluster* second_latest_ = nullptr;
  Finding first_;
  RegisterVerdict verdict_;
};

RegisterVerdict Checker::Check() {
  DropIgnored();
  std::sort(ops_.begin(), ops_.end(), ValueThenWriteThenInvoke);
  FormClusters();
  FindStaleReads();
  verdict_.violations = verdict_.duplicates + verdict_.unwritten + verdict_.early + verdict_.stale;
  verdict_.first = FirstInWords();
  return std::move(verdict_);
}

// Leaves the acknowledged operations and the writes of unknown outcome, which never return.
void Checker::DropIgnored() {
  const auto is_ignored = [this](RegisterOp& op) {
    AbortOnBadStamps(op);
    origin_ns_ = std::min(origin_ns_, op.invoke_ns);
    if (op.outcome == Outcome::kUnknown) op.return_ns = kNever;
    return op.outcome == Outcome::kFailed || (op.outcome == Outcome::kUnknown && op.is_read);
  };
  ops_.erase(std::remove_if(ops_.begin(), ops_.end(), is_ignored), ops_.end());
}

void Checker::FormClusters() {
  starts_.reserve(ops_.size());
  clusters_.reserve(ops_.size());  // they are pointed to, and must not move
  for (size_t begin = 0; begin < ops_.size();) {
    size_t end = begin + 1;
    while (end < ops_.size() && ops_[end].value == ops_[begin].value) ++end;
    FormCluster(begin, end);
    begin = end;
  }
}

// Of the operations of one value.
void Checker::FormCluster(size_t begin, size_t end) {
  const bool is_initial = ops_[begin].value == initial_;
  const bool is_written = is_initial || !ops_[begin].is_read;
  const RegisterOp* write = is_initial ? nullptr : &ops_[begin];
  Cluster& cluster = clusters_.emplace_back();
  if (is_initial) cluster.first_return_ns = kBeforeAll;
  for (size_t i = begin; i < end; ++i) {
    const RegisterOp& op = ops_[i];
    if (!op.is_read && &op != write) {
      ++verdict_.duplicates;
      Note({.kind = Finding::Kind::kDuplicate, .op = &op, .write = write});
    } else if (!is_written) {
      ++verdict_.unwritten;
      Note({.kind = Finding::Kind::kUnwritten, .op = &op});
    } else if (write != nullptr && op.return_ns < write->invoke_ns) {
      ++verdict_.early;
      Note({.kind = Finding::Kind::kEarly, .op = &op, .write = write});
    } else {
      starts_.push_back({op.invoke_ns, &op, &cluster});
      if (op.return_ns < cluster.first_return_ns) {
        cluster.first_return_ns = op.return_ns;
        cluster.first_returned = &op;
      }
    }
  }
}

// Two clusters are in conflict if each one's first return comes before the other's last invocation.
// That shows at the later of these two invocations; and of all clusters that have returned by then,
// the one that was invoked last is in conflict if any is.
void Checker::FindStaleReads() {
  std::sort(starts_.begin(), starts_.end(), [](const Start& a, const Start& b) {
    return std::tie(a.invoke_ns, a.op) < std::tie(b.invoke_ns, b.op);
  });
  std::vector<Cluster*> by_return;
  by_return.reserve(clusters_.size());
  for (Cluster& cluster : clusters_) by_return.push_back(&cluster);
  std::sort(by_return.begin(), by_return.end(), [](const Cluster* a, const Cluster* b) {
    return a->first_return_ns < b->first_return_ns;
  });

  size_t returned = 0;
  for (const Start& start : starts_) {
    while (returned < by_return.size() && by_return[returned]->first_return_ns < start.invoke_ns) {
      MakeLatest(by_return[returned++]);
    }
    Cluster* own = start.cluster;
    const Cluster* other = latest_ == own ? second_latest_ : latest_;
    if (other != nullptr && own->first_return_ns < other->last_invoke_ns) {
      ++verdict_.stale;
      Note({.kind = Finding::Kind::kStale, .op = start.op, .own = *own, .later = *other});
      continue;
    }
    own->last_invoke_ns = start.invoke_ns;
    own->last_invoked = start.op;
    if (own->first_return_ns < start.invoke_ns) MakeLatest(own);
  }
}

// Unless two others were invoked later.
void Checker::MakeLatest(Cluster* cluster) {
  const auto is_later_than = [cluster](const Cluster* other) {
    return other == nullptr || cluster->last_invoke_ns >= other->last_invoke_ns;
  };
  if (cluster == latest_) return;
  if (is_later_than(latest_)) {
    second_latest_ = std::exchange(latest_, cluster);
  } else if (is_later_than(second_latest_)) {
    second_latest_ = cluster;
  }
}

void Checker::Note(const Finding& finding) {
  // A write of unknown outcome shows when it is sent.
  const auto shown_ns = [](const RegisterOp& op) {
    return op.return_ns == kNever ? op.invoke_ns : op.return_ns;
  };
  if (first_.op == nullptr || shown_ns(*finding.op) < shown_ns(*first_.op)) first_ = finding;
}

std::string Checker::FirstInWords() const {
  const std::string op = Words(first_.op);
  switch (first_.kind) {
    case Finding::Kind::kNone:
      break;
    case Finding::Kind::kDuplicate:
      return absl::StrCat("duplicate: ", op, ", already written by ", Words(first_.write));
    case Finding::Kind::kUnwritten:
      return absl::StrCat("unwritten: ", op, ", which nothing wrote");
    case Finding::Kind::kEarly:
      return absl::StrCat("early: ", op, " returned before ", Words(first_.write), " started");
    case Finding::Kind::kStale:
      return absl::StrCat(
          "stale: ", op, " started after ", Words(first_.later.first_returned),
          " had returned, of a value that came later: ", Words(first_.later.last_invoked),
          " started after ", Words(first_.own.first_returned), " had returned");
  }
  return "";
}

std::string Checker::Words(const RegisterOp* op) const {
  if (op == nullptr) return absl::StrCat("the initial write of ", initial_);
  const char* kind = op->is_read ? "read ->" : "write";
  if (op->return_ns == kNever) {
    return absl::StrFormat("%s %d [%.3f us, unknown]", kind, op->value, Us(op->invoke_ns));
  }
  return absl::StrFormat("%s %d [%.3f, %.3f us]", kind, op->value, Us(op->invoke_ns),
                         Us(op->return_ns));
}

}  // namespace

RegisterVerdict CheckRegister(std::vector<RegisterOp> history, int64_t initial) {
  return Checker(std::move(history), initial).Check();
}

}  // namespace rcb
