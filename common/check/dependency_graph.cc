#include "common/check/dependency_graph.h"

#include <algorithm>
#include <cstddef>
#include <deque>
#include <iterator>
#include <limits>
#include <numeric>
#include <utility>

namespace rcb {
namespace {

constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

// The search for G-single gives up after so many edges, over all components.
constexpr int64_t kMaxSteps = 50'000'000;
// A short cycle is sought through so many transactions of a component.
constexpr int kMaxStarts = 8;

// A set of kinds of dependencies.
using Kinds = uint8_t;
constexpr Kinds SetOf(Dependency kind) {
  return static_cast<Kinds>(1u << static_cast<unsigned>(kind));
}
constexpr Kinds kWw = SetOf(Dependency::kWw) | SetOf(Dependency::kOnward);
constexpr Kinds kWwWr = kWw | SetOf(Dependency::kWr);
constexpr Kinds kWwWrRw = kWwWr | SetOf(Dependency::kRw);
constexpr Kinds kRt = SetOf(Dependency::kRt);

using Nodes = std::vector<int32_t>;
using Path = std::vector<int32_t>;  // indices of edges

CycleKind KindOf(const std::vector<DependencyEdge>& steps) {
  const auto count = [&steps](Dependency kind) {
    return std::count_if(steps.begin(), steps.end(),
                         [kind](const DependencyEdge& step) { return step.kind == kind; });
  };
  if (count(Dependency::kRw) >= 2) return CycleKind::kG2;
  if (count(Dependency::kRw) == 1) return CycleKind::kGSingle;
  return count(Dependency::kWr) > 0 ? CycleKind::kG1c : CycleKind::kG0;
}

class CycleSearch {
 public:
  CycleSearch(int32_t transactions, int32_t nodes, const std::vector<DependencyEdge>& edges);

  std::vector<DependencyCycle> Run();

 private:
  // All that is known of a node, in one place: the searches jump from node to node.
  struct Node {
    int32_t first_edge = 0;
    int32_t region = 0;       // searches do not leave the region in which they start
    int32_t reached_by = -1;  // the edge by which ShortestPath came to it, if it did
    // This is R. Tarjan, "Depth-first search and linear graph algorithms", 1972, without recursion.
    // Numbers start from 1; 0 says that there is none yet.
    int32_t entered = 0;  // the number by order of entry
    int32_t low = 0;
    int32_t closed = 0;  // the number by order in which components were completed: successors first
  };
  struct Call {
    int32_t node = 0;
    int32_t edge = 0;  // the next one to look at
  };

  std::vector<Nodes> Components(const Nodes& nodes, Kinds allowed);
  void Explore(int32_t root, Kinds allowed, std::vector<Nodes>* components);
  void Close(int32_t node, std::vector<Nodes>* components);

  Path CycleOf(const Nodes& component, Kinds extra);
  Path ShortCycle(const Nodes& component, Kinds allowed);
  Path CycleWithOneRw(const Nodes& component, Kinds others);
  Path ShortestPath(int32_t from, int32_t to, Kinds allowed, int32_t lowest_closed);
  DependencyCycle Describe(const Path& path, const Nodes& component, bool is_realtime) const;

  const DependencyEdge& Edge(int32_t index) const { return edges_[static_cast<size_t>(index)]; }
  bool IsTransaction(int32_t node) const { return node < transactions_; }
  bool MayFollow(const DependencyEdge& edge, Kinds allowed) const {
    return (SetOf(edge.kind) & allowed) != 0 && At(edge.from).region == At(edge.to).region;
  }
  // Nodes and edges are numbered by int32_t to keep a large graph small.
  Node& At(int32_t node) { return nodes_[static_cast<size_t>(node)]; }
  const Node& At(int32_t node) const { return nodes_[static_cast<size_t>(node)]; }

  int32_t transactions_;
  std::vector<DependencyEdge> edges_;  // sorted by where they start
  std::vector<Node> nodes_;            // and one more

  int32_t entered_count_ = 0;
  int32_t closed_count_ = 0;
  Nodes open_;
  std::vector<Call> calls_;

  int64_t steps_left_ = kMaxSteps;
};

CycleSearch::CycleSearch(int32_t transactions, int32_t nodes,
                         const std::vector<DependencyEdge>& edges)
    : transactions_(transactions), edges_(edges.size()), nodes_(static_cast<size_t>(nodes) + 1) {
  for (const DependencyEdge& edge : edges) ++At(edge.from).first_edge;
  int32_t end = 0;
  for (Node& node : nodes_) node.first_edge = end += node.first_edge;
  for (auto edge = edges.rbegin(); edge != edges.rend(); ++edge) {
    edges_[static_cast<size_t>(--At(edge->from).first_edge)] = *edge;
  }
}

std::vector<DependencyCycle> CycleSearch::Run() {
  std::vector<DependencyCycle> cycles;
  Nodes all(nodes_.size() - 1);
  std::iota(all.begin(), all.end(), 0);
  if (Components(all, kWwWrRw | kRt).empty()) return cycles;  // as most often
  std::vector<bool> is_explained(all.size());
  for (const bool is_realtime : {false, true}) {
    for (Node& node : nodes_) node.region = 0;
    const Kinds extra = is_realtime ? kRt : Kinds{0};
    int32_t region = 0;
    for (const Nodes& component : Components(all, kWwWrRw | extra)) {
      const auto explained = [&](int32_t node) { return is_explained[static_cast<size_t>(node)]; };
      if (std::any_of(component.begin(), component.end(), explained)) continue;
      ++region;
      for (int32_t node : component) {
        At(node).region = region;
        is_explained[static_cast<size_t>(node)] = true;
      }
      cycles.push_back(Describe(CycleOf(component, extra), component, is_realtime));
    }
  }
  return cycles;
}

// Finds the strongly connected components of two or more nodes.
std::vector<Nodes> CycleSearch::Components(const Nodes& nodes, Kinds allowed) {
  for (int32_t node : nodes) At(node).entered = At(node).closed = 0;
  entered_count_ = closed_count_ = 0;
  std::vector<Nodes> components;
  for (int32_t node : nodes) {
    if (At(node).entered == 0) Explore(node, allowed, &components);
  }
  return components;
}

void CycleSearch::Explore(int32_t root, Kinds allowed, std::vector<Nodes>* components) {
  const auto enter = [this](int32_t node) {
    At(node).entered = At(node).low = ++entered_count_;
    open_.push_back(node);
    calls_.push_back({node, At(node).first_edge});
  };
  enter(root);
  while (!calls_.empty()) {
    const int32_t node = calls_.back().node;
    if (calls_.back().edge == At(node + 1).first_edge) {
      Close(node, components);
      continue;
    }
    const DependencyEdge& edge = Edge(calls_.back().edge++);
    if (!MayFollow(edge, allowed)) continue;
    if (At(edge.to).entered == 0) {
      enter(edge.to);
    } else if (At(edge.to).closed == 0) {
      At(node).low = std::min(At(node).low, At(edge.to).entered);
    }
  }
}

void CycleSearch::Close(int32_t node, std::vector<Nodes>* components) {
  calls_.pop_back();
  if (!calls_.empty()) {
    int32_t& low = At(calls_.back().node).low;
    low = std::min(low, At(node).low);
  }
  if (At(node).low != At(node).entered) return;
  auto begin = open_.end();
  do {
    At(*--begin).closed = ++closed_count_;
  } while (*begin != node);
  if (open_.end() - begin > 1) components->emplace_back(begin, open_.end());
  open_.erase(begin, open_.end());
}

Path CycleSearch::CycleOf(const Nodes& component, Kinds extra) {
  for (const Kinds kinds : {kWw, kWwWr}) {
    const Kinds allowed = kinds | extra;
    const std::vector<Nodes> parts = Components(component, allowed);
    const auto smallest =
        std::min_element(parts.begin(), parts.end(),
                         [](const Nodes& a, const Nodes& b) { return a.size() < b.size(); });
    if (smallest != parts.end()) return ShortCycle(*smallest, allowed);
  }
  const Path path = CycleWithOneRw(component, kWwWr | extra);
  return path.empty() ? ShortCycle(component, kWwWrRw | extra) : path;
}

Path CycleSearch::ShortCycle(const Nodes& component, Kinds allowed) {
  Path shortest;
  int starts = 0;
  for (int32_t node : component) {
    if (!IsTransaction(node)) continue;
    const Path path = ShortestPath(node, node, allowed, 0);
    if (shortest.empty() || path.size() < shortest.size()) shortest = path;
    if (++starts == kMaxStarts) break;
  }
  return shortest;
}

// Components(component, others) must have found none just before: what was closed before a node
// cannot lead to it, which bounds most searches to a few nodes.
Path CycleSearch::CycleWithOneRw(const Nodes& component, Kinds others) {
  Path shortest;
  for (int32_t node : component) {
    for (int32_t i = At(node).first_edge; i < At(node + 1).first_edge; ++i) {
      if (steps_left_ <= 0 || shortest.size() == 2) return shortest;
      const DependencyEdge& edge = Edge(i);
      if (edge.kind != Dependency::kRw || !MayFollow(edge, kWwWrRw)) continue;
      Path path = ShortestPath(edge.to, node, others, At(node).closed);
      if (path.empty()) continue;
      path.insert(path.begin(), i);
      if (shortest.empty() || path.size() < shortest.size()) shortest = std::move(path);
    }
  }
  return shortest;
}

// The length of a path is the number of transactions on the way. The path is empty if there is none
// that avoids the nodes closed before `lowest_closed`.
Path CycleSearch::ShortestPath(int32_t from, int32_t to, Kinds allowed, int32_t lowest_closed) {
  Path path;
  Nodes reached;
  std::deque<int32_t> queue = {from};
  while (!queue.empty() && At(to).reached_by < 0) {
    const int32_t node = queue.front();
    queue.pop_front();
    for (int32_t i = At(node).first_edge; i < At(node + 1).first_edge; ++i) {
      --steps_left_;
      const DependencyEdge& edge = Edge(i);
      if (!MayFollow(edge, allowed) || At(edge.to).reached_by >= 0) continue;
      if (At(edge.to).closed < lowest_closed) continue;
      At(edge.to).reached_by = i;
      reached.push_back(edge.to);
      if (IsTransaction(edge.to)) {
        queue.push_back(edge.to);
      } else {
        queue.push_front(edge.to);
      }
    }
  }
  if (At(to).reached_by >= 0) {
    int32_t node = to;
    do {
      path.push_back(At(node).reached_by);
      node = Edge(path.back()).from;
    } while (node != from);
    std::reverse(path.begin(), path.end());
  }
  for (int32_t node : reached) At(node).reached_by = -1;
  return path;
}

DependencyCycle CycleSearch::Describe(const Path& path, const Nodes& component,
                                      bool is_realtime) const {
  DependencyCycle cycle;
  cycle.is_realtime = is_realtime;
  for (int32_t i : path) {  // it starts at a transaction
    const DependencyEdge& edge = Edge(i);
    if (IsTransaction(edge.from)) {
      cycle.steps.push_back(edge);
    } else {
      cycle.steps.back().to = edge.to;
      cycle.steps.back().witness = edge.witness;
    }
  }
  cycle.kind = KindOf(cycle.steps);
  std::copy_if(component.begin(), component.end(), std::back_inserter(cycle.component),
               [this](int32_t node) { return IsTransaction(node); });
  return cycle;
}

}  // namespace

void DependencyGraph::AddRealTime(std::vector<TransactionInterval> intervals) {
  std::sort(intervals.begin(), intervals.end(),
            [](const TransactionInterval& a, const TransactionInterval& b) {
              return a.return_ns < b.return_ns;
            });
  std::vector<std::pair<int64_t, int32_t>> returns;  // stamp and hub
  for (const TransactionInterval& interval : intervals) {
    if (interval.return_ns == kNever) break;
    if (returns.empty() || returns.back().first < interval.return_ns) {
      const int32_t hub = AddHub();
      if (!returns.empty()) AddEdge({returns.back().second, hub, Dependency::kOnward});
      returns.emplace_back(interval.return_ns, hub);
    }
    AddEdge({interval.transaction, returns.back().second, Dependency::kRt});
  }
  for (const TransactionInterval& interval : intervals) {
    // The last return before the invocation leads here; a shared stamp is no order.
    const auto after = std::lower_bound(returns.begin(), returns.end(),
                                        std::make_pair(interval.invoke_ns, int32_t{-1}));
    if (after == returns.begin()) continue;
    AddEdge({std::prev(after)->second, interval.transaction, Dependency::kOnward});
  }
}

std::vector<DependencyCycle> DependencyGraph::FindCycles() const {
  return CycleSearch(transactions_, nodes_, edges_).Run();
}

}  // namespace rcb
