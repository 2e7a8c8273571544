// A Redis command as the bytes to send. hiredis formats it once, and it can be sent many times.

#ifndef RCB_COMMON_REDIS_COMMAND_H_
#define RCB_COMMON_REDIS_COMMAND_H_

#include <cstddef>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace rcb {

// One command, or several to send together (see Then). Any thread: it is immutable.
class Command {
 public:
  // Example: Command("SET", key, value, "PX", ttl_ms). Words are strings of any bytes, or numbers.
  template <typename... Words>
  explicit Command(const Words&... words) {
    const absl::AlphaNum numbers[] = {absl::AlphaNum(words)...};
    absl::string_view pieces[sizeof...(words)];
    for (size_t i = 0; i < sizeof...(words); ++i) pieces[i] = numbers[i].Piece();
    Format(pieces);
  }
  Command(const Command&) = default;
  Command(Command&) = default;
  Command(Command&&) = default;
  Command& operator=(const Command&) = default;
  Command& operator=(Command&&) = default;

  // Yields a pipeline that sends this and then `next` in one write. Redis may run the commands of
  // other clients in between.
  Command Then(const Command& next) const;

  const std::string& bytes() const { return bytes_; }
  // How many replies the server will send.
  size_t replies() const { return replies_; }

 private:
  void Format(absl::Span<const absl::string_view> words);

  std::string bytes_;
  size_t replies_ = 1;
};

}  // namespace rcb

#endif  // RCB_COMMON_REDIS_COMMAND_H_
