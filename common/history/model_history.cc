#include "common/history/model_history.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/history/json_string.h"

namespace rcb {
namespace {

constexpr std::array<const char*, 5> kModelNames = {"counter", "register", "cas_register", "mutex",
                                                    "list_append"};
constexpr std::array<const char*, 7> kFunctionNames = {"add",     "read",    "write", "cas",
                                                       "acquire", "release", "txn"};

bool Has(HistoryModel model, HistoryFunction function) {
  switch (function) {
    case HistoryFunction::kAdd:
      return model == HistoryModel::kCounter;
    case HistoryFunction::kRead:
      return model == HistoryModel::kCounter || model == HistoryModel::kRegister ||
             model == HistoryModel::kCasRegister;
    case HistoryFunction::kWrite:
      return model == HistoryModel::kRegister || model == HistoryModel::kCasRegister;
    case HistoryFunction::kCas:
      return model == HistoryModel::kCasRegister;
    case HistoryFunction::kAcquire:
    case HistoryFunction::kRelease:
      return model == HistoryModel::kMutex;
    case HistoryFunction::kTxn:
      break;
  }
  return model == HistoryModel::kListAppend;
}

}  // namespace

const char* HistoryModelName(HistoryModel model) { return kModelNames[static_cast<size_t>(model)]; }

std::optional<HistoryModel> ParseHistoryModel(absl::string_view name) {
  const std::string wanted = absl::StrReplaceAll(name, {{"-", "_"}});
  for (size_t i = 0; i < kModelNames.size(); ++i) {
    if (wanted == kModelNames[i]) return static_cast<HistoryModel>(i);
  }
  return std::nullopt;
}

const char* HistoryFunctionName(HistoryFunction function) {
  return kFunctionNames[static_cast<size_t>(function)];
}

std::optional<HistoryFunction> ParseHistoryFunction(HistoryModel model, absl::string_view name) {
  for (size_t i = 0; i < kFunctionNames.size(); ++i) {
    const auto function = static_cast<HistoryFunction>(i);
    if (name == kFunctionNames[i] && Has(model, function)) return function;
  }
  return std::nullopt;
}

int64_t ValueNames::NumberOf(absl::string_view name) {
  const auto known = numbers_.find(name);
  if (known != numbers_.end()) return known->second;
  const int64_t number = kNil + 1 + static_cast<int64_t>(names_.size());
  names_.emplace_back(name);
  numbers_.emplace(names_.back(), number);
  return number;
}

std::string ValueNames::ToJson(int64_t value) const {
  if (value == kNil) return "null";
  if (value >= kMinInteger) return absl::StrCat(value);
  const auto place = static_cast<size_t>(value - kNil - 1);
  return place < names_.size() ? JsonString(names_[place]) : absl::StrCat(value);
}

std::string ValueNames::InWords(const std::string& sentence) const {
  std::string words;
  for (size_t i = 0; i < sentence.size();) {
    size_t end = i + 1;
    if (sentence[i] == '-') {
      while (end < sentence.size() && std::isdigit(static_cast<unsigned char>(sentence[end]))) {
        ++end;
      }
    }
    int64_t number = 0;
    const absl::string_view token = absl::string_view(sentence).substr(i, end - i);
    if (absl::SimpleAtoi(token, &number) && number < kMinInteger) {
      words += number == kNil ? "nil" : ToJson(number);
    } else {
      words.append(token.data(), token.size());
    }
    i = end;
  }
  return words;
}

}  // namespace rcb
