// How large the values of a workload are: what --value_bytes stands for.

#ifndef RCB_COMMON_WORKLOAD_VALUE_SIZES_H_
#define RCB_COMMON_WORKLOAD_VALUE_SIZES_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace rcb {

// Any thread: it is immutable. The size of a value is a function of its number, so that all clients
// agree on it and no run needs to draw.
class ValueSizes {
 public:
  static constexpr int64_t kMax = int64_t{1} << 20;

  // None was asked for: values are as long as what they tell.
  ValueSizes() = default;
  // All values have `bytes`.
  static ValueSizes Constant(int64_t bytes);

  // What it may be, for messages and --help.
  static constexpr char kTakes[] =
      "a number from 1 to 1048576, uniform:FROM-TO of these, or lognormal:MEDIAN:SIGMA";
  // None where `text` is none of that.
  static std::optional<ValueSizes> Parse(absl::string_view text);
  // The text that Parse makes this of, or "0" where nothing was asked for.
  std::string ToText() const;

  // The size of value `number`, from 1 to kMax, or 0 where nothing was asked for.
  int64_t Of(uint64_t number) const;
  bool is_given() const { return kind_ != Kind::kNone; }

 private:
  enum class Kind { kNone, kConstant, kUniform, kLogNormal };

  Kind kind_ = Kind::kNone;
  int64_t low_ = 0;  // the constant, the lower bound, or the median
  int64_t high_ = 0;
  double sigma_ = 0;  // of the logarithm
};

}  // namespace rcb

#endif  // RCB_COMMON_WORKLOAD_VALUE_SIZES_H_
