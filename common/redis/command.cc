#include "common/redis/command.h"

#include <hiredis/hiredis.h>

#include <cstdlib>
#include <vector>

namespace rcb {

void Command::Format(absl::Span<const absl::string_view> words) {
  constexpr size_t kMaxInlineWords = 16;  // more than these cost an allocation
  const char* few_words[kMaxInlineWords];
  size_t few_sizes[kMaxInlineWords];
  std::vector<const char*> many_words(words.size() > kMaxInlineWords ? words.size() : 0);
  std::vector<size_t> many_sizes(many_words.size());
  const char** data = many_words.empty() ? few_words : many_words.data();
  size_t* sizes = many_sizes.empty() ? few_sizes : many_sizes.data();
  for (size_t i = 0; i < words.size(); ++i) {
    data[i] = words[i].data();
    sizes[i] = words[i].size();
  }
  char* formatted = nullptr;
  const auto size = redisFormatCommandArgv(&formatted, static_cast<int>(words.size()), data, sizes);
  if (size < 0) std::abort();  // we are out of memory
  bytes_.assign(formatted, static_cast<size_t>(size));
  redisFreeCommand(formatted);
}

Command Command::Then(const Command& next) const {
  Command both = *this;
  both.bytes_ += next.bytes_;
  both.replies_ += next.replies_;
  return both;
}

}  // namespace rcb
