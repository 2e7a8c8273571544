// The suite's own flags: those that all families share, and those that a family declares.

#ifndef RCB_COMMON_HARNESS_FLAGS_H_
#define RCB_COMMON_HARNESS_FLAGS_H_

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace rcb {

// One flag, --name=VALUE.
struct Flag {
  std::string name;
  std::string takes;  // what VALUE may be, for messages and --help; empty: a switch without a value
  std::string help;
  // Sets what the flag stands for; false where `value` is not what it takes.
  std::function<bool(absl::string_view value)> parse;
  // What it stands for now, for the context of results; null where that has no place there.
  std::function<std::string()> value = nullptr;
  // It says what is done to a server of ours, and never is to one that --redis names.
  bool is_for_own_server = false;
};

// Not thread-safe.
class FlagSet {
 public:
  // Adds flags that only `family` understands; all families where it is empty. Families that
  // declare the same flag share it: each one's `parse` is called. Aborts where they describe it
  // differently.
  void Add(const std::string& family, const std::vector<Flag>& flags);

  // Takes our flags out of argv (in any order), leaving the others and argv[0]. kInvalidArgument:
  // one line that names the flag and what it takes.
  absl::Status Parse(int* argc, char** argv);

  // Refuses flags that were given and that none of `families` understands, saying which does.
  absl::Status CheckUnderstoodBy(const std::set<std::string>& families) const;

  // Refuses flags that were given though --redis names a server, to which they are never applied.
  absl::Status CheckForForeignServer() const;

  // Our half of --help.
  std::string Help() const;
  // The values of the families' flags by name, for the context of results.
  std::vector<std::pair<std::string, std::string>> Values() const;

 private:
  struct Entry {
    std::vector<Flag> flags;            // the same flag, as each family declares it
    std::vector<std::string> families;  // that understand it; empty: all
    bool is_given = false;
  };

  Entry* Find(absl::string_view argument);

  std::vector<Entry> entries_;
};

// For the `parse` of flags: true, and *value set, where `text` is a whole number within the bounds.
bool ParseInteger(absl::string_view text, int64_t min, int64_t max, int64_t* value);
// True, and *values set, where `text` is different whole numbers from 1 to `max` with commas, each
// for rows of its own.
bool ParseIntegers(absl::string_view text, int64_t max, std::vector<int64_t>* values);
// True, and *choice set, where `text` is one of the two.
bool ParseChoice(absl::string_view text, absl::string_view one, absl::string_view other,
                 std::string* choice);

}  // namespace rcb

#endif  // RCB_COMMON_HARNESS_FLAGS_H_
