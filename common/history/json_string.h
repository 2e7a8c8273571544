// Text in JSON.

#ifndef RCB_COMMON_HISTORY_JSON_STRING_H_
#define RCB_COMMON_HISTORY_JSON_STRING_H_

#include <string>

#include "absl/strings/string_view.h"

namespace rcb {

// `text` as a JSON string, with its quotes. Bytes beyond ASCII are escaped one by one.
std::string JsonString(absl::string_view text);

}  // namespace rcb

#endif  // RCB_COMMON_HISTORY_JSON_STRING_H_
