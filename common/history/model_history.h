// Histories in one form for all models that a checker of common/check/ decides: what a run records
// of itself, what a file of histories holds, what JudgeHistory reads.

#ifndef RCB_COMMON_HISTORY_MODEL_HISTORY_H_
#define RCB_COMMON_HISTORY_MODEL_HISTORY_H_

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "common/check/history.h"
#include "common/check/list_append_history.h"

namespace rcb {

// What the operations work on, and so which checker judges them.
enum class HistoryModel : uint8_t {
  kCounter,      // add (1), read
  kRegister,     // read, write
  kCasRegister,  // read, write, cas
  kMutex,        // acquire, release
  kListAppend,   // txn: transactions that append to lists and read them
};

// Its name in files and flags, such as "cas_register".
const char* HistoryModelName(HistoryModel model);
// The model of that name, in which '-' may stand for '_'; empty where there is none.
std::optional<HistoryModel> ParseHistoryModel(absl::string_view name);

enum class HistoryFunction : uint8_t { kAdd, kRead, kWrite, kCas, kAcquire, kRelease, kTxn };

// Its name in files, such as "cas".
const char* HistoryFunctionName(HistoryFunction function);
// The function of that name which `model` has; empty where there is none.
std::optional<HistoryFunction> ParseHistoryFunction(HistoryModel model, absl::string_view name);

// What a register holds before anything is written to it.
inline constexpr int64_t kNil = std::numeric_limits<int64_t>::min();
// Values and keys that are integers are not below this.
inline constexpr int64_t kMinInteger = kNil / 2;

// Numbers that stand for values and keys that are no integers. Not thread-safe.
class ValueNames {
 public:
  // The number of the name, always the same.
  int64_t NumberOf(absl::string_view name);
  // A value or key as JSON: a number, a string or null.
  std::string ToJson(int64_t value) const;
  // A checker's sentence with the names in the place of their numbers.
  std::string InWords(const std::string& sentence) const;

 private:
  std::map<std::string, int64_t, std::less<>> numbers_;
  std::vector<std::string> names_;
};

// One operation. Of a transaction, the steps are in ModelHistory::lists.
struct HistoryOp {
  int64_t invoke_ns = 0;
  int64_t return_ns = 0;  // it counts for kOk only
  int64_t key = 0;
  int64_t value = 0;     // read, written, or counted up to; of a cas, what it puts there
  int64_t expected = 0;  // of a cas
  int32_t process = 0;
  HistoryFunction function = HistoryFunction::kRead;
  Outcome outcome = Outcome::kOk;
  bool has_result = false;  // of an add: it returned the new value
  bool swapped = false;     // of a cas
};
static_assert(sizeof(HistoryOp) <= 48, "a history holds one of these per operation");

struct ModelHistory {
  HistoryModel model = HistoryModel::kCounter;
  std::string row;      // the benchmark that recorded it; may be empty
  int64_t initial = 0;  // of each counter or register: its value before the first operation
  std::vector<HistoryOp> ops;
  // kListAppend: transaction i is the steps of ops[i].
  ListHistory lists;
  ValueNames names;
};

}  // namespace rcb

#endif  // RCB_COMMON_HISTORY_MODEL_HISTORY_H_
