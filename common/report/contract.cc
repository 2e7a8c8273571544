#include "common/report/contract.h"

#include "absl/strings/str_cat.h"

namespace rcb {

const char* ToText(Role role) {
  if (role == Role::kControl) return "control";
  return role == Role::kSafe ? "safe" : "measurement";
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
