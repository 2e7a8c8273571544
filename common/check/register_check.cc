#include "common/check/register_check.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/check/interval.h"
#include "common/check/violations.h"

namespace rcb {
namespace {

constexpr int64_t kBeforeAll = -1;  // when the initial value was written

// Brings the operations of a value together, its first write in front.
bool ValueThenWriteThenInvoke(const RegisterOp& a, const RegisterOp& b) {
  return std::tie(a.value, a.is_read, a.invoke_ns, a.return_ns) <
         std::tie(b.value, b.is_read, b.invoke_ns, b.return_ns);
}

// The write of one value and its reads, without the offenders. A null operation stands for the
// write of the initial value.
struct Cluster {
  int64_t first_return_ns = kNever;
  int64_t last_invoke_ns = kBeforeAll;         // so far
  const RegisterOp* first_returned = nullptr;  // it is no stale read, for those start after it
  const RegisterOp* last_invoked = nullptr;
};

struct Start {
  int64_t invoke_ns = 0;
  const RegisterOp* op = nullptr;
  Cluster* cluster = nullptr;
};

struct Finding {
  enum class Kind { kDuplicate, kUnwritten, kEarly, kStale };
  Kind kind = Kind::kDuplicate;
  const RegisterOp* op = nullptr;     // the offender
  const RegisterOp* write = nullptr;  // kDuplicate, kEarly: the write of its value, as in Cluster
  Cluster own = {};                   // kStale: that of its value
  Cluster later = {};                 // kStale: that of another value, which came after
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

  void Note(const Finding& finding) { first_.Note(ShownAt(*finding.op), finding); }
  std::string Words(const Finding& finding) const;
  std::string Words(const RegisterOp* op) const;

  std::vector<RegisterOp> ops_;
  int64_t initial_;
  int64_t origin_ns_ = kNever;
  std::vector<Cluster> clusters_;
  std::vector<Start> starts_;
  // The two clusters with the last invocations, of those of which an operation has returned.
  Cluster* latest_ = nullptr;
  Cluster* second_latest_ = nullptr;
  EarliestFinding<Finding> first_;
  RegisterVerdict verdict_;
};

RegisterVerdict Checker::Check() {
  DropIgnored();
  std::sort(ops_.begin(), ops_.end(), ValueThenWriteThenInvoke);
  FormClusters();
  FindStaleReads();
  if (first_.finding()) {
    verdict_.violations.Add(
        verdict_.duplicates + verdict_.unwritten + verdict_.early + verdict_.stale,
        Words(*first_.finding()));
  }
  return std::move(verdict_);
}

// Keeps the acknowledged operations and the writes of unknown outcome, which never return.
void Checker::DropIgnored() {
  const auto is_ignored = [this](RegisterOp& op) {
    AbortOnBadStamps("CheckRegister", op);
    origin_ns_ = std::min(origin_ns_, op.invoke_ns);
    op.return_ns = ReturnOf(op);
    return TellsNothing(op);
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

// The operations from `begin` to `end` are those of one value.
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

// Does nothing if two others were invoked later.
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

std::string Checker::Words(const Finding& finding) const {
  const std::string op = Words(finding.op);
  switch (finding.kind) {
    case Finding::Kind::kDuplicate:
      return absl::StrCat("duplicate: ", op, " repeats ", Words(finding.write));
    case Finding::Kind::kUnwritten:
      return absl::StrCat("unwritten: ", op, " returned what nothing wrote");
    case Finding::Kind::kEarly:
      return absl::StrCat("early: ", op, " returned before ", Words(finding.write), " started");
    case Finding::Kind::kStale:
      break;
  }
  return absl::StrCat(
      "stale: ", op, " started after ", Words(finding.later.first_returned),
      " had returned, and that value came later: ", Words(finding.later.last_invoked),
      " started after ", Words(finding.own.first_returned), " had returned");
}

std::string Checker::Words(const RegisterOp* op) const {
  if (op == nullptr) return absl::StrCat("the initial write of ", initial_);
  return absl::StrCat(op->is_read ? "read -> " : "write ", op->value, " ",
                      TimesInWords(*op, origin_ns_));
}

}  // namespace

RegisterVerdict CheckRegister(std::vector<RegisterOp> history, int64_t initial) {
  return Checker(std::move(history), initial).Check();
}

}  // namespace rcb
