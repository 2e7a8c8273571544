#include "bench/outage/breaker.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace rcb::outage {
namespace {

// A call begins or ends.
struct Happening {
  int64_t at_ns;
  bool is_begin;
  size_t call;
};

// In the order of time; what ended at an instant had ended before what began then.
std::vector<Happening> InOrder(const std::vector<Call>& calls) {
  std::vector<Happening> all;
  for (size_t i = 0; i < calls.size(); ++i) {
    all.push_back({calls[i].begin_ns, true, i});
    if (calls[i].has_passed && calls[i].end_ns != INT64_MAX) {
      all.push_back({calls[i].end_ns, false, i});
    }
  }
  std::stable_sort(all.begin(), all.end(), [](const Happening& a, const Happening& b) {
    return a.at_ns != b.at_ns ? a.at_ns < b.at_ns : a.is_begin < b.is_begin;
  });
  return all;
}

}  // namespace

Violations CheckBreaker(const std::vector<Call>& calls) {
  Violations violations;
  bool is_open = false;
  int64_t opened_ns = -1;  // or when the last call failed that passed since
  int64_t under_way = 0;   // of those
  int failures = 0;
  for (const Happening& now : InOrder(calls)) {
    const Call& call = calls[now.call];
    const bool is_early = is_open && now.at_ns < opened_ns + kOpenNs;
    if (now.is_begin && !call.has_passed) {
      if (is_early || (is_open && under_way > 0)) continue;
      violations.Add(1,
                     absl::StrCat("a call was refused ", (now.at_ns - opened_ns) / 1000,
                                  " us after the breaker had opened last, though it might pass"));
    } else if (now.is_begin) {
      if (is_open) {
        if (is_early || under_way > 0) {
          violations.Add(1, absl::StrCat("a call began ", (now.at_ns - opened_ns) / 1000,
                                         " us after the breaker had to open, beside ", under_way,
                                         " others since then"));
        }
        ++under_way;
      }
    } else if (call.begin_ns > opened_ns) {
      failures = call.was_answered ? 0 : failures + 1;
      if (is_open) --under_way;
      if (call.was_answered) {
        is_open = false;
        under_way = 0;
      } else if (is_open || failures >= kFailuresToOpen) {
        is_open = true;
        opened_ns = now.at_ns;
        under_way = 0;
        failures = 0;
      }
    }
  }
  return violations;
}

}  // namespace rcb::outage
