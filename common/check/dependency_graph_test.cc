#include "common/check/dependency_graph.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace rcb {
namespace {

using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

constexpr int64_t kNever = std::numeric_limits<int64_t>::max();
constexpr Dependency kWw = Dependency::kWw;
constexpr Dependency kWr = Dependency::kWr;
constexpr Dependency kRw = Dependency::kRw;

DependencyGraph Graph(int32_t transactions, const std::vector<DependencyEdge>& edges) {
  DependencyGraph graph(transactions);
  for (const DependencyEdge& edge : edges) graph.AddEdge(edge);
  return graph;
}

// Expects that the steps lead from each transaction to the next, and back to the first.
void ExpectClosed(const DependencyCycle& cycle) {
  for (size_t i = 0; i < cycle.steps.size(); ++i) {
    EXPECT_EQ(cycle.steps[i].to, cycle.steps[(i + 1) % cycle.steps.size()].from);
  }
}

TEST(DependencyGraphTest, FindsNothingWhereThereIsAnOrder) {
  EXPECT_THAT(DependencyGraph(0).FindCycles(), SizeIs(0));
  EXPECT_THAT(DependencyGraph(1).FindCycles(), SizeIs(0));
  EXPECT_THAT(Graph(3, {{0, 1, kWw}, {0, 1, kRw}, {1, 2, kRw}, {0, 2, kWr}}).FindCycles(),
              SizeIs(0));
}

TEST(DependencyGraphTest, NamesACycleByItsDependencies) {
  struct Case {
    Dependency there;
    Dependency back;
    CycleKind kind;
  };
  for (const Case& c : {Case{kWw, kWw, CycleKind::kG0}, Case{kWw, kWr, CycleKind::kG1c},
                        Case{kWr, kWr, CycleKind::kG1c}, Case{kRw, kWw, CycleKind::kGSingle},
                        Case{kRw, kWr, CycleKind::kGSingle}, Case{kRw, kRw, CycleKind::kG2}}) {
    const auto cycles = Graph(2, {{0, 1, c.there}, {1, 0, c.back}}).FindCycles();
    ASSERT_THAT(cycles, SizeIs(1));
    EXPECT_EQ(cycles[0].kind, c.kind);
    EXPECT_FALSE(cycles[0].is_realtime);
    EXPECT_THAT(cycles[0].component, UnorderedElementsAre(0, 1));
    EXPECT_THAT(cycles[0].steps, SizeIs(2));
    ExpectClosed(cycles[0]);
  }
}

TEST(DependencyGraphTest, PrefersTheFirstKindToTheShortestCycle) {
  std::vector<DependencyEdge> edges = {{0, 1, kRw}, {1, 0, kRw}};
  EXPECT_EQ(Graph(5, edges).FindCycles()[0].kind, CycleKind::kG2);
  edges.insert(edges.end(), {{1, 2, kRw}, {2, 3, kWr}, {3, 4, kWw}, {4, 0, kWr}, {3, 1, kWw}});
  EXPECT_EQ(Graph(5, edges).FindCycles()[0].kind, CycleKind::kGSingle);
  EXPECT_THAT(Graph(5, edges).FindCycles()[0].steps, SizeIs(3));
  edges.insert(edges.end(), {{4, 2, kWw}});
  EXPECT_EQ(Graph(5, edges).FindCycles()[0].kind, CycleKind::kG1c);
  edges.insert(edges.end(), {{4, 3, kWw}});
  EXPECT_EQ(Graph(5, edges).FindCycles()[0].kind, CycleKind::kG0);
  EXPECT_THAT(Graph(5, edges).FindCycles(), SizeIs(1));
}

TEST(DependencyGraphTest, FindsTheOneReadSkewAmongManyWriteSkews) {
  constexpr int32_t kCount = 1'000;
  std::vector<DependencyEdge> edges;
  for (int32_t i = 0; i + 1 < kCount; ++i) {
    edges.push_back({i, i + 1, kRw});
    edges.push_back({i + 1, i, i == 700 ? kWr : kRw});
  }
  const auto cycles = Graph(kCount, edges).FindCycles();
  ASSERT_THAT(cycles, SizeIs(1));
  EXPECT_EQ(cycles[0].kind, CycleKind::kGSingle);
  EXPECT_THAT(cycles[0].component, SizeIs(kCount));
}

TEST(DependencyGraphTest, StepsLeaveHubsOut) {
  DependencyGraph graph(3);
  const int32_t hub = graph.AddHub();
  graph.AddEdge({0, hub, kRw});
  graph.AddEdge({hub, 1, Dependency::kOnward, 11});
  graph.AddEdge({hub, 2, Dependency::kOnward, 12});
  EXPECT_THAT(graph.FindCycles(), SizeIs(0));
  graph.AddEdge({2, 0, kWr, 13});
  const auto cycles = graph.FindCycles();
  ASSERT_THAT(cycles, SizeIs(1));
  EXPECT_EQ(cycles[0].kind, CycleKind::kGSingle);
  EXPECT_THAT(cycles[0].component, UnorderedElementsAre(0, 2));
  ASSERT_THAT(cycles[0].steps, SizeIs(2));
  ExpectClosed(cycles[0]);
  EXPECT_EQ(cycles[0].steps[0].witness, 12);
}

TEST(DependencyGraphTest, RealTimeOrdersWhatDoesNotOverlap) {
  // Each pair has a ww edge against the order of its intervals.
  const auto is_ordered = [](int64_t return_ns, int64_t invoke_ns) {
    DependencyGraph graph = Graph(2, {{1, 0, kWw}});
    graph.AddRealTime({{0, 1, return_ns}, {1, invoke_ns, 100}});
    return !graph.FindCycles().empty();
  };
  EXPECT_TRUE(is_ordered(5, 6));
  EXPECT_FALSE(is_ordered(5, 5));
  EXPECT_FALSE(is_ordered(6, 5));
  EXPECT_FALSE(is_ordered(kNever, 5));
}

TEST(DependencyGraphTest, RealTimeEqualsItsDefinitionForEveryPair) {
  std::vector<TransactionInterval> intervals;
  for (int32_t i = 0; i < 20; ++i) {
    const int64_t invoke_ns = 7 * i % 13;
    intervals.push_back({i, invoke_ns, i % 5 == 4 ? kNever : invoke_ns + 3 * i % 5});
  }
  for (const TransactionInterval& a : intervals) {
    for (const TransactionInterval& b : intervals) {
      if (a.transaction == b.transaction) continue;
      DependencyGraph graph = Graph(20, {{b.transaction, a.transaction, kWw}});
      graph.AddRealTime(intervals);
      EXPECT_EQ(!graph.FindCycles().empty(), a.return_ns < b.invoke_ns);
    }
  }
}

TEST(DependencyGraphTest, RealTimeCyclesDoNotHideOthers) {
  // 0 and 1 have a cycle; 2 and 3 contradict real time; 4 has a real-time cycle through 0 only.
  DependencyGraph graph = Graph(5, {{0, 1, kRw}, {1, 0, kRw}, {3, 2, kWr}, {4, 0, kWw}});
  graph.AddRealTime({{0, 1, 2}, {1, 1, 2}, {2, 20, 21}, {3, 30, 31}, {4, 10, 11}});
  const auto cycles = graph.FindCycles();
  ASSERT_THAT(cycles, SizeIs(2));
  EXPECT_EQ(cycles[0].kind, CycleKind::kG2);
  EXPECT_FALSE(cycles[0].is_realtime);
  EXPECT_EQ(cycles[1].kind, CycleKind::kG1c);
  EXPECT_TRUE(cycles[1].is_realtime);
  ExpectClosed(cycles[1]);
}

}  // namespace
}  // namespace rcb
