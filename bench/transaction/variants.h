// The variants of Transaction, by what they change and read together.

#ifndef RCB_BENCH_TRANSACTION_VARIANTS_H_
#define RCB_BENCH_TRANSACTION_VARIANTS_H_

#include <vector>

#include "common/harness/spec.h"

namespace rcb::transaction {

std::vector<BenchmarkSpec> BankVariants();
std::vector<BenchmarkSpec> PairVariants();
std::vector<BenchmarkSpec> ListAppendVariants();

}  // namespace rcb::transaction

#endif  // RCB_BENCH_TRANSACTION_VARIANTS_H_
