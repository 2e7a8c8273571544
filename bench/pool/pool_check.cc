#include "bench/pool/pool_check.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <set>

#include "absl/strings/str_cat.h"

namespace rcb::pool {
namespace {

bool AskedBefore(const Exchange& a, const Exchange& b) {
  return a.thread != b.thread ? a.thread < b.thread : a.wanted_ns < b.wanted_ns;
}

void Add(const Exchange& served, int64_t other_wanted_ns, const char* when,
         Violations& violations) {
  const int64_t apart_us = (served.wanted_ns - other_wanted_ns) / 1000;
  violations.Add(1, absl::StrCat("a client had a connection while another waited that had asked ",
                                 apart_us < 0 ? -apart_us : apart_us, " us ", when));
}

// The first of those that asked at another time than the one at `first`, or on another thread.
size_t EndOfTies(const std::vector<Exchange>& sorted, size_t first) {
  size_t end = first + 1;
  while (end < sorted.size() && !AskedBefore(sorted[first], sorted[end])) ++end;
  return end;
}

// One who waits, by the moment when it asked.
using Waiter = std::pair<int64_t, size_t>;

// The changes of who waits on one thread, in the order of time.
struct Change {
  int64_t at_ns = 0;
  bool is_arrival = false;  // who leaves at the moment when another arrives is not overlapped by it
  size_t index = 0;

  bool operator<(const Change& other) const {
    return at_ns != other.at_ns ? at_ns < other.at_ns : is_arrival < other.is_arrival;
  }
};

void CheckNewestFirstOfThread(const Exchange* exchanges, size_t size, Violations& violations) {
  std::vector<Change> changes;
  for (size_t i = 0; i < size; ++i) {
    if (EndOfWait(exchanges[i]) <= exchanges[i].wanted_ns) continue;  // it never waited
    changes.push_back({exchanges[i].wanted_ns, true, i});
    changes.push_back({EndOfWait(exchanges[i]), false, i});
  }
  std::sort(changes.begin(), changes.end());
  std::set<Waiter> waiting;
  for (size_t first = 0; first < changes.size();) {
    size_t end = first;
    while (end < changes.size() && !(changes[first] < changes[end])) ++end;
    for (size_t i = first; i < end; ++i) {
      const Waiter waiter(exchanges[changes[i].index].wanted_ns, changes[i].index);
      if (changes[i].is_arrival) {
        waiting.insert(waiter);
      } else {
        waiting.erase(waiter);
      }
    }
    for (size_t i = first; i < end && !changes[i].is_arrival; ++i) {
      const Exchange& served = exchanges[changes[i].index];
      if (served.served_ns == 0 || waiting.empty()) continue;
      const int64_t newest_ns = waiting.rbegin()->first;
      if (newest_ns > served.wanted_ns) Add(served, newest_ns, "later", violations);
    }
    first = end;
  }
}

}  // namespace

Violations CheckReplies(const std::vector<Exchange>& exchanges) {
  Violations violations;
  for (const Exchange& exchange : exchanges) {
    if (exchange.ending != Ending::kAnswered) continue;
    if (exchange.got_key == exchange.key && exchange.got_nonce == exchange.nonce) continue;
    violations.Add(1, absl::StrCat("request ", exchange.nonce, " for key ", exchange.key,
                                   " got the reply to request ", exchange.got_nonce, " for key ",
                                   exchange.got_key));
  }
  return violations;
}

Violations CheckOldestFirst(std::vector<Exchange> exchanges) {
  std::sort(exchanges.begin(), exchanges.end(), AskedBefore);
  Violations violations;
  // Of those that asked before: who waited longest.
  int64_t last_ns = INT64_MIN;
  int64_t last_wanted_ns = 0;
  for (size_t first = 0; first < exchanges.size();) {
    if (first > 0 && exchanges[first].thread != exchanges[first - 1].thread) last_ns = INT64_MIN;
    const size_t end = EndOfTies(exchanges, first);
    for (size_t i = first; i < end; ++i) {
      const Exchange& served = exchanges[i];
      const bool had_one = served.served_ns != 0;
      if (had_one && served.served_ns < last_ns) Add(served, last_wanted_ns, "before", violations);
    }
    for (size_t i = first; i < end; ++i) {
      if (EndOfWait(exchanges[i]) <= last_ns) continue;
      last_ns = EndOfWait(exchanges[i]);
      last_wanted_ns = exchanges[i].wanted_ns;
    }
    first = end;
  }
  return violations;
}

Violations CheckWaits(const std::vector<Exchange>& exchanges, int64_t bound_ns) {
  Violations violations;
  for (const Exchange& exchange : exchanges) {
    const int64_t waited_ns = EndOfWait(exchange) - exchange.wanted_ns;
    if (waited_ns <= bound_ns) continue;
    violations.Add(1, absl::StrCat("a client waited ", waited_ns / 1000,
                                   " us for a connection, and not at most ", bound_ns / 1000));
  }
  return violations;
}

Violations CheckNewestFirst(std::vector<Exchange> exchanges) {
  std::sort(exchanges.begin(), exchanges.end(), AskedBefore);
  Violations violations;
  for (size_t first = 0; first < exchanges.size();) {
    size_t end = first;
    while (end < exchanges.size() && exchanges[end].thread == exchanges[first].thread) ++end;
    CheckNewestFirstOfThread(&exchanges[first], end - first, violations);
    first = end;
  }
  return violations;
}

}  // namespace rcb::pool
