#include <utility>
#include <vector>

#include "bench/families.h"
#include "bench/transaction/variants.h"

namespace rcb {
namespace {

// The order of the table: what changes a bank, a pair, lists.
std::vector<BenchmarkSpec> Variants() {
  std::vector<BenchmarkSpec> specs = transaction::BankVariants();
  for (BenchmarkSpec& spec : transaction::PairVariants()) specs.push_back(std::move(spec));
  for (BenchmarkSpec& spec : transaction::ListAppendVariants()) specs.push_back(std::move(spec));
  return specs;
}

std::vector<Metric> Metrics() {
  constexpr Direction kLower = Direction::kLowerIsBetter;
  constexpr MetricClass kNoisy = MetricClass::kNoisy;
  return {
      {"attempts_p95", "1", kLower, kNoisy, "95th percentile of the tries that a transfer needed"},
      {"transfer_p95_us", "us", kLower, kNoisy, "95th percentile of the latency of a transfer"},
      {"snapshot_p95_us", "us", kLower, kNoisy,
       "95th percentile of the latency of a snapshot of all balances"},
  };
}

}  // namespace

Family TransactionFamily() {
  return {.name = "Transaction", .metrics = Metrics(), .variants = Variants};
}

}  // namespace rcb
