// Reads a value that is written in JSON or in EDN, the notation of Clojure and so of Jepsen.
//
// Both are read by one grammar, which is EDN with the colons and literals of JSON. It is a subset:
// numbers are 64-bit integers, strings keep their escapes, tags and metadata say nothing.

#ifndef RCB_COMMON_HISTORY_NOTATION_H_
#define RCB_COMMON_HISTORY_NOTATION_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace rcb {

struct NotationNode {
  enum class Kind : uint8_t {
    kNull,
    kBoolean,
    kInteger,
    kText,   // a string, a keyword (without its colon) or a symbol
    kOther,  // another number, or a character: nothing that a history is made of
    kList,   // or a vector, or a set
    kMap,    // its keys and values in turn
  };

  Kind kind = Kind::kNull;
  int64_t number = 0;      // kInteger; kBoolean: 0 or 1
  absl::string_view text;  // as it is written; of strings and keywords without quotes or colon
  size_t end = 0;          // where the node behind this one and all that it contains is
};

// The nodes of one value, each in front of those that it contains. It is meant to be used again and
// again, so that most values cost no allocation. Not thread-safe.
class Notation {
 public:
  static constexpr int kMaxDepth = 32;
  static constexpr size_t kNone = 0;  // no node but the root has this place

  // Reads `text`, which is one value, has at most kMaxDepth levels, and outlives what is read. The
  // error is part of a line: what is wrong.
  absl::Status Parse(absl::string_view text);

  const NotationNode& at(size_t place) const { return nodes_[place]; }
  const NotationNode& root() const { return nodes_[0]; }
  // The place of what a map has under a text key; kNone where it has nothing.
  size_t Find(size_t map, absl::string_view key) const;
  // The places of what a list contains.
  std::vector<size_t> ElementsOf(size_t list) const;
  // The same without an allocation: starts at list + 1, ends at at(list).end.
  size_t Next(size_t element) const { return nodes_[element].end; }

 private:
  absl::Status Value(int depth);
  absl::Status SkipBlanks(int depth);
  absl::Status List(char close, int depth);
  absl::Status Map(int depth);
  absl::Status String();
  absl::Status Tagged(int depth);
  absl::Status Token();
  void SkipColon(bool is_adjacent);
  bool AtEnd() const { return at_ >= text_.size(); }

  absl::string_view text_;
  size_t at_ = 0;
  std::vector<NotationNode> nodes_;
};

// What is there, for messages: a few of its characters in quotes.
std::string Quoted(absl::string_view text);

}  // namespace rcb

#endif  // RCB_COMMON_HISTORY_NOTATION_H_
