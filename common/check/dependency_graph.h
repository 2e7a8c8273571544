// Which transaction must come before which, and the cycles that therefore no serial order allows.
//
// The names are those of A. Adya's thesis (Weak Consistency, MIT 1999) as used by K. Kingsbury and
// P. Alvaro, "Elle: Inferring Isolation Anomalies from Experimental Observations", VLDB 2020.

#ifndef RCB_COMMON_CHECK_DEPENDENCY_GRAPH_H_
#define RCB_COMMON_CHECK_DEPENDENCY_GRAPH_H_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace rcb {

// Why one transaction comes before another.
enum class Dependency : uint8_t {
  kWw,      // it wrote a version, the other the next one
  kWr,      // the other read the version that it wrote
  kRw,      // it read a version, the other wrote the next one
  kRt,      // it had returned before the other was invoked
  kOnward,  // it leads out of a hub, and is of the kind that led into the hub
};

struct DependencyEdge {
  int32_t from = 0;
  int32_t to = 0;
  Dependency kind = Dependency::kWw;
  int32_t witness = -1;  // the caller's number of what shows this dependency
};

enum class CycleKind : uint8_t {
  kG0,       // only ww: writes interleave
  kG1c,      // ww and wr: information flows in a circle
  kGSingle,  // exactly one rw: read skew
  kG2,       // two or more rw: write skew
};

struct DependencyCycle {
  CycleKind kind = CycleKind::kG0;
  // Some of its steps are rt, and none of its transactions has a cycle without such steps.
  bool is_realtime = false;
  // They lead from transaction to transaction: each starts where the one before ends, the first
  // where the last ends.
  std::vector<DependencyEdge> steps;
  // All transactions that have cycles with these, and these; they are in no order.
  std::vector<int32_t> component;
};

// When a transaction ran, for its real-time edges.
struct TransactionInterval {
  int32_t transaction = 0;
  int64_t invoke_ns = 0;
  int64_t return_ns = 0;  // INT64_MAX if it never returned
};

// A graph of transactions, numbered from 0, and of hubs, which stand for the many edges from each
// of their predecessors to each of their successors. Not thread-safe; up to 2^31 nodes.
class DependencyGraph {
 public:
  explicit DependencyGraph(int32_t transactions)
      : transactions_(transactions), nodes_(transactions) {}

  // Makes room for so many edges.
  void Reserve(size_t edges) { edges_.reserve(edges); }

  // Returns the number of a new hub. Hubs alone must not form a cycle, nor may a hub lead back to a
  // transaction that leads to it.
  int32_t AddHub() { return nodes_++; }

  // Edges out of hubs are kOnward, all others are not; no edge leads back to where it starts.
  void AddEdge(const DependencyEdge& edge) { edges_.push_back(edge); }

  // Orders the transactions by real time, in O(n log n) with O(n) edges: each return is a hub that
  // leads to the next return, and to the transactions invoked between the two. Intervals are
  // closed: those that share a stamp overlap.
  void AddRealTime(std::vector<TransactionInterval> intervals);

  // Edges out of hubs count, too.
  int64_t edge_count() const { return static_cast<int64_t>(edges_.size()); }

  // Returns one cycle of each strongly connected component that is cyclic without rt edges, then
  // one of each component that only these make cyclic. It is of the first kind that the component
  // has, and short, though not always the shortest. This takes linear time, except for the search
  // for G-single, which gives up after a fixed number of steps: the cycle then is any of the
  // component, named by what it consists of.
  std::vector<DependencyCycle> FindCycles() const;

 private:
  int32_t transactions_;
  int32_t nodes_;
  std::vector<DependencyEdge> edges_;
};

}  // namespace rcb

#endif  // RCB_COMMON_CHECK_DEPENDENCY_GRAPH_H_
