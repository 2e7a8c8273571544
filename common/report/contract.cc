#include "common/report/contract.h"

#include "absl/strings/str_cat.h"

namespace rcb {

const char* ToText(Role role) {
  if (role == Role::kControl) return "control";
  return role == Role::kSafe ? "safe" : "measurement";
}

const char* ToText(RowVerdict verdict) {
  switch (verdict) {
    case RowVerdict::kBroken:
      return "BROKEN";
    case RowVerdict::kCaught:
      return "caught";
    case RowVerdict::kNotCaught:
      return "not caught";
    case RowVerdict::kNotProvable:
      return "not provable here";
    case RowVerdict::kVoid:
      return "void";
    case RowVerdict::kOverloaded:
      return "overloaded";
    case RowVerdict::kError:
      return "error";
    case RowVerdict::kOk:
      break;
  }
  return "ok";
}

std::string ToText(const Bound& bound) {
  const char* const relation = bound.relation == Bound::Relation::kAtMost  ? " <= "
                               : bound.relation == Bound::Relation::kEqual ? " == "
                                                                           : " >= ";
  return absl::StrCat(bound.counter, relation, bound.limit);
}

const char* ToText(Evidence evidence) {
  if (evidence == Evidence::kRecord) return "record";
  return evidence == Evidence::kMemory ? "memory" : "record and memory";
}

}  // namespace rcb
