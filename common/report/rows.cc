#include "common/report/rows.h"

#include <cmath>
#include <utility>

#include "absl/strings/ascii.h"

namespace rcb {
namespace {

template <typename R>
void SetError(R& row, const std::string& message) {
  if constexpr (requires { row.error_occurred; }) {
    row.error_occurred = true;
    row.error_message = message;
  } else {
    row.skipped = decltype(row.skipped){2};  // SkippedWithError, in a namespace called internal
    row.skip_message = message;
  }
}

// Errors quote servers, which may say anything; JSON and tables take this as it is.
std::string InPrintableAscii(std::string text) {
  for (char& c : text) {
    if (!absl::ascii_isprint(static_cast<unsigned char>(c))) c = ' ';
  }
  return text;
}

template <typename R>
std::string GetError(const R& row) {
  if constexpr (requires { row.error_occurred; }) {
    return row.error_message;
  } else {
    return row.skip_message;
  }
}

}  // namespace

std::vector<Row> Sanitize(const Ledger& ledger, const std::vector<Row>& rows) {
  std::vector<Row> right;
  for (Row row : rows) {
    const LedgerEntry* entry = EntryOf(ledger, row);
    if (entry != nullptr && (entry->interrupted || entry->is_late)) continue;
    if (entry != nullptr && !entry->Error().empty()) {
      SetError(row, InPrintableAscii(entry->Error()));
    }
    for (auto& [name, counter] : row.counters) {
      if (!std::isfinite(counter.value)) counter.value = 0;
    }
    if (!std::isfinite(row.real_accumulated_time)) row.real_accumulated_time = 0;
    if (!std::isfinite(row.cpu_accumulated_time)) row.cpu_accumulated_time = 0;
    right.push_back(std::move(row));
  }
  return right;
}

const LedgerEntry* EntryOf(const Ledger& ledger, const Row& row) {
  return ledger.Find(LedgerName(row.run_name.function_name, row.run_name.args, row.threads));
}

std::string ErrorOf(const Row& row) { return GetError(row); }

double CounterOf(const Row& row, absl::string_view name, double otherwise) {
  auto found = row.counters.find(std::string(name));
  return found == row.counters.end() ? otherwise : found->second.value;
}

}  // namespace rcb
