#include "common/check/list_append_check.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/check/dependency_graph.h"
#include "common/check/interval.h"
#include "common/check/list_append_scan.h"

namespace rcb {
namespace {

using list_append::Findings;
using list_append::KeyGroup;
using list_append::kNone;
using list_append::Read;
using list_append::Scan;
using list_append::Write;

// So many steps of a cycle are spelled out; the others are counted.
constexpr size_t kMaxStepsInWords = 8;

constexpr std::array<const char*, kListAnomalies> kAnomalyNames = {
    "garbage",     "duplicate",    "incompatible-order", "internal",
    "G1a",         "G1b",          "lost-append",        "lost-update",
    "G0",          "G1c",          "G-single",           "G2",
    "G0-realtime", "G1c-realtime", "G-single-realtime",  "G2-realtime"};

ListAnomaly AnomalyOf(const DependencyCycle& cycle) {
  const ListAnomaly lowest = cycle.is_realtime ? ListAnomaly::kG0Realtime : ListAnomaly::kG0;
  return static_cast<ListAnomaly>(static_cast<int>(lowest) + static_cast<int>(cycle.kind));
}

// Adds the dependencies between the transactions that used one key.
class KeyDependencies {
 public:
  KeyDependencies(const Scan& scan, const KeyGroup& group, DependencyGraph* graph);

  void Add();

 private:
  void AddEdge(int32_t from, int32_t to, Dependency kind, const Write* witness);
  void AddBehindLongest(int32_t from, Dependency kind);
  void AddHub();

  const Scan& scan_;
  const KeyGroup& group_;
  DependencyGraph& graph_;
  std::vector<const Write*> placed_;  // by place
  std::vector<const Write*> unseen_;  // they took effect, but behind the longest read
  int32_t hub_ = kNone;               // it leads to those of unseen_
  bool has_bypass_ = false;           // a reader among unseen_ leads to the others there
};

KeyDependencies::KeyDependencies(const Scan& scan, const KeyGroup& group, DependencyGraph* graph)
    : scan_(scan), group_(group), graph_(*graph) {
  for (const Write& write : group.writes) {
    if (write.place != kNone) {
      placed_.resize(std::max(placed_.size(), static_cast<size_t>(write.place) + 1));
      placed_[static_cast<size_t>(write.place)] = &write;
    } else if (scan.took_effect[static_cast<size_t>(write.transaction)]) {
      unseen_.push_back(&write);
    }
  }
}

void KeyDependencies::Add() {
  for (size_t i = 1; i < placed_.size(); ++i) {
    AddEdge(placed_[i - 1]->transaction, placed_[i]->transaction, Dependency::kWw, placed_[i]);
  }
  if (!placed_.empty()) AddBehindLongest(placed_.back()->transaction, Dependency::kWw);
  for (const Read& read : group_.reads) {
    if (read.version == kNone) continue;
    const auto version = static_cast<size_t>(read.version);
    if (version > 0) {
      const Write* last = placed_[version - 1];
      AddEdge(last->transaction, read.transaction, Dependency::kWr, last);
    }
    if (version < placed_.size()) {
      const Write* next = placed_[version];
      AddEdge(read.transaction, next->transaction, Dependency::kRw, next);
    } else {
      AddBehindLongest(read.transaction, Dependency::kRw);
    }
  }
}

void KeyDependencies::AddEdge(int32_t from, int32_t to, Dependency kind, const Write* witness) {
  if (from == to) return;
  graph_.AddEdge({from, to, kind, static_cast<int32_t>(witness - scan_.writes.data())});
}

// Leads from a transaction to all others in unseen_. One that is there itself bypasses the hub,
// lest it depend on itself. One reader that does so is enough: a second one would have appended to
// the state that the first had read before it appended, and that lost update has been found.
void KeyDependencies::AddBehindLongest(int32_t from, Dependency kind) {
  if (unseen_.empty()) return;
  const auto own = std::lower_bound(
      unseen_.begin(), unseen_.end(), from,
      [](const Write* write, int32_t transaction) { return write->transaction < transaction; });
  if (own == unseen_.end() || (*own)->transaction != from) {
    if (hub_ == kNone) AddHub();
    graph_.AddEdge({from, hub_, kind});
    return;
  }
  if (kind == Dependency::kRw && std::exchange(has_bypass_, true)) return;
  for (const Write* write : unseen_) AddEdge(from, write->transaction, kind, write);
}

void KeyDependencies::AddHub() {
  hub_ = graph_.AddHub();
  for (const Write* write : unseen_) {
    AddEdge(hub_, write->transaction, Dependency::kOnward, write);
  }
}

void AddRealTime(const ListHistory& history, const Scan& scan, DependencyGraph* graph) {
  std::vector<TransactionInterval> intervals;
  for (size_t i = 0; i < history.transactions().size(); ++i) {
    if (!scan.took_effect[i]) continue;
    const ListTransaction& transaction = history.transactions()[i];
    intervals.push_back({static_cast<int32_t>(i), transaction.invoke_ns, ReturnOf(transaction)});
  }
  graph->AddRealTime(std::move(intervals));
}

std::string Words(const DependencyCycle& cycle, const Scan& scan) {
  constexpr std::array<const char*, 4> kNames = {"ww", "wr", "rw", "rt"};
  std::string words;
  for (size_t i = 0; i < std::min(cycle.steps.size(), kMaxStepsInWords); ++i) {
    const DependencyEdge& step = cycle.steps[i];
    absl::StrAppend(&words, i == 0 ? "" : ", ", "T", step.from, " -",
                    kNames[static_cast<size_t>(step.kind)], "-> T", step.to);
    if (step.witness == kNone) continue;
    const Write& write = scan.writes[static_cast<size_t>(step.witness)];
    absl::StrAppend(&words, " (value ", write.value, " of key ", write.key, ")");
  }
  const size_t total = cycle.steps.size();
  if (total > kMaxStepsInWords) absl::StrAppend(&words, ", ", total - kMaxStepsInWords, " more");
  return words;
}

// A lost update is a cycle of its two transactions, and a lost append one of its reader and writer.
bool IsCountedAlready(ListAnomaly anomaly, const DependencyCycle& cycle, const Scan& scan) {
  const auto is_among = [&cycle](const std::vector<bool>& transactions) {
    return std::any_of(cycle.component.begin(), cycle.component.end(),
                       [&](int32_t i) { return transactions[static_cast<size_t>(i)]; });
  };
  return (anomaly == ListAnomaly::kGSingle && is_among(scan.has_lost_update)) ||
         (anomaly == ListAnomaly::kGSingleRealtime && is_among(scan.has_lost_append));
}

void NoteCycles(const ListHistory& history, const Scan& scan, const DependencyGraph& graph,
                Findings* findings) {
  for (const DependencyCycle& cycle : graph.FindCycles()) {
    const ListAnomaly anomaly = AnomalyOf(cycle);
    if (IsCountedAlready(anomaly, cycle, scan)) continue;
    int64_t closed_ns = 0;
    for (const DependencyEdge& step : cycle.steps) {
      const ListTransaction& transaction = history.transactions()[static_cast<size_t>(step.from)];
      closed_ns = std::max(closed_ns, ShownAt(transaction));
    }
    findings->Note(anomaly, closed_ns, Words(cycle, scan));
  }
}

}  // namespace

const char* ListAnomalyName(ListAnomaly anomaly) {
  return kAnomalyNames[static_cast<size_t>(anomaly)];
}

ListVerdict CheckListAppend(const ListHistory& history) {
  Findings findings;
  const Scan scan = ScanLists(history, &findings);
  DependencyGraph graph(static_cast<int32_t>(history.transactions().size()));
  // A write has an edge from the one before it, or two to and from the hub; a read has two.
  graph.Reserve(2 * (scan.writes.size() + scan.reads.size() + 2 * history.transactions().size()));
  for (const KeyGroup& group : scan.groups) KeyDependencies(scan, group, &graph).Add();
  AddRealTime(history, scan, &graph);
  NoteCycles(history, scan, graph, &findings);
  ListVerdict verdict = findings.Verdict();
  verdict.transactions = std::count(scan.took_effect.begin(), scan.took_effect.end(), true);
  verdict.edges = graph.edge_count();
  return verdict;
}

}  // namespace rcb
