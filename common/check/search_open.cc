#include "common/check/search_open.h"

#include <algorithm>
#include <functional>

namespace rcb {

SearchOpen::SearchOpen(const SearchHistory& history) : history_(history), in_slot_(history.slots) {
  for (auto& bits : bits_) bits.resize((history.slots + 63) / 64);
  if (!is_end()) OpenCalls();
}

void SearchOpen::GoTo(size_t level) {
  while (level_ < level) Forward();
  while (level_ > level) Back();
}

void SearchOpen::Forward() {
  ++steps_;
  Flip(level_);
  numbers_.pop_back();
  ++level_;
  if (!is_end()) OpenCalls();
}

void SearchOpen::OpenCalls() {
  const size_t open_before = numbers_.size();
  for (; called_ < history_.calls.size(); ++called_) {
    const size_t number = history_.calls[called_];
    if (history_.ops[number].invoke_ns > now_ns()) break;
    numbers_.push_back(static_cast<uint32_t>(number));
    in_slot_[history_.slot[number]] = numbers_.back();
    Flip(number);
  }
  if (numbers_.size() == open_before) return;
  const auto middle = numbers_.begin() + static_cast<std::ptrdiff_t>(open_before);
  std::sort(middle, numbers_.end(), std::greater<>());
  std::inplace_merge(numbers_.begin(), middle, numbers_.end(), std::greater<>());
  steps_ += static_cast<int64_t>(numbers_.size());
}

void SearchOpen::Back() {
  ++steps_;
  --level_;
  const size_t called_after = called_;
  while (called_ > 0 && history_.ops[history_.calls[called_ - 1]].invoke_ns > now_ns()) {
    Flip(history_.calls[--called_]);
  }
  if (called_ < called_after) {
    steps_ += static_cast<int64_t>(numbers_.size());
    std::erase_if(numbers_,
                  [this](uint32_t number) { return history_.ops[number].invoke_ns > now_ns(); });
  }
  numbers_.push_back(static_cast<uint32_t>(level_));
  in_slot_[history_.slot[level_]] = numbers_.back();
  Flip(level_);
}

void SearchOpen::Flip(size_t number) {
  const SearchOp& op = history_.ops[number];
  const size_t kind = LeavesValue(op) ? 0 : op.effect == Effect::kSwap ? 1 : 2;
  bits_[kind][history_.slot[number] / 64] ^= uint64_t{1} << history_.slot[number] % 64;
}

}  // namespace rcb
