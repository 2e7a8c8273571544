#include "bench/plan.h"

#include <benchmark/benchmark.h>

#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/server/split_network.h"

namespace rcb {
namespace {

// Stands in for a deployment that is not open yet. Nothing can run on it.
class ForeseenDeployment : public Deployment {
 public:
  explicit ForeseenDeployment(bool is_ours) : is_ours_(is_ours) {}

  const Identity& identity() const override { return identity_; }
  const Endpoint& endpoint() const override { return endpoint_; }
  bool is_ours() const override { return is_ours_; }
  Permissions permissions() const override { return {}; }
  PrivateServer* private_server() override { return nullptr; }
  int generation() const override { return 0; }
  const ServerFacts& facts() const override { return facts_; }
  absl::StatusOr<ServerFacts> FetchFacts() const override { return NotOpen(); }
  absl::Status EnsureAlive() override { return NotOpen(); }
  absl::Status CheckRoom(int64_t) const override { return NotOpen(); }
  absl::Status CleanUp() override { return absl::OkStatus(); }

 private:
  static absl::Status NotOpen() { return absl::UnavailableError("no server was opened yet"); }

  const bool is_ours_;
  const Identity identity_;
  const Endpoint endpoint_;
  const ServerFacts facts_;
};

}  // namespace

Selection Foresee(const Options& options, const std::vector<Family>& families,
                  const Suite::Selector& selects) {
  ForeseenDeployment deployment(options.redis.empty());
  Suite suite(options, deployment, selects, /*on_progress=*/nullptr);
  for (const Family& family : families) suite.Register(family);
  benchmark::ClearRegisteredBenchmarks();  // they refer to the suite
  return suite.selection();
}

absl::Status CheckDescriptors(const Selection& selection, int64_t limit) {
  const int64_t needed = selection.max_sockets + kSpareDescriptors;
  if (needed <= limit) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      absl::StrCat("--workers: ", selection.max_sockets, " connections need ", needed,
                   " open files, and the hard limit (ulimit -Hn) is ", limit,
                   ": raise it, or use fewer workers"));
}

absl::Status CheckNamespaces(const Selection& selection) {
  if (!selection.wants_namespaces) return absl::OkStatus();
  const absl::Status made = SplitNetwork::Make().status();
  if (made.ok()) return made;
  return absl::Status(made.code(), absl::StrCat("--partitions=namespaces: ", made.message(),
                                                "; --partitions=proxy does without"));
}

absl::Status CheckPlan(const Suite& suite, const FlagSet& flags, const Deployment& deployment) {
  const Selection& selection = suite.selection();
  if (selection.benchmarks > 0) {
    absl::Status understood = flags.CheckUnderstoodBy(selection.families);
    if (!understood.ok()) return understood;
  }
  if (suite.options().rate > 0 && !selection.names_without_rate.empty()) {
    const std::set<std::string>& families = selection.families_with_rate;
    const std::string hint = families.empty()
                                 ? "; no selected benchmark has one"
                                 : absl::StrCat("; leave it out, e.g. with --benchmark_filter='^(",
                                                absl::StrJoin(families, "|"), ")/'");
    return absl::InvalidArgumentError(absl::StrCat("--rate: ", selection.names_without_rate.front(),
                                                   " has no rate, only rounds or single costs",
                                                   hint));
  }
  return deployment.CheckRoom(selection.max_connections);
}

std::vector<std::string> LeftOutLines(const std::vector<LeftOut>& left_out) {
  std::vector<std::string> lines;
  for (size_t begin = 0; begin < left_out.size();) {
    const std::string& reason = left_out[begin].reason;
    std::vector<std::string> names;
    for (; begin < left_out.size() && left_out[begin].reason == reason; ++begin) {
      names.push_back(left_out[begin].variant);
    }
    lines.push_back(absl::StrCat(absl::StrJoin(names, ", "), names.size() == 1 ? " is" : " are",
                                 " left out: ", reason));
  }
  return lines;
}

std::string LeftOutClause(const std::vector<LeftOut>& left_out) {
  if (left_out.empty()) return "";
  const auto name = [](std::string* out, const LeftOut& variant) { out->append(variant.variant); };
  return absl::StrCat("; ", left_out.size(), " left out: ", absl::StrJoin(left_out, ", ", name));
}

}  // namespace rcb
