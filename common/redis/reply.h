// A Redis reply as a value, built by hiredis's reader without intermediate objects: a reply of up
// to 15 bytes costs no allocation.

#ifndef RCB_COMMON_REDIS_REPLY_H_
#define RCB_COMMON_REDIS_REPLY_H_

#include <hiredis/hiredis.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace rcb {

// One RESP2 value, or a push of RESP3. Reading a field that the kind does not have yields its empty
// value (0, "", none), so that a reader of untrusted replies checks kinds only where they decide
// something.
class Reply {
 public:
  enum class Kind { kNil, kInteger, kString, kStatus, kError, kArray, kPush };

  Reply() = default;
  static Reply Nil() { return Reply(); }
  static Reply Integer(int64_t value);
  static Reply Text(Kind kind, absl::string_view text);
  // These have `size` nils, for the caller to replace.
  static Reply Array(size_t size);
  static Reply Push(size_t size);

  Kind kind() const { return kind_; }
  bool is_nil() const { return kind_ == Kind::kNil; }
  bool is_string() const { return kind_ == Kind::kString; }
  bool is_integer() const { return kind_ == Kind::kInteger; }
  bool is_array() const { return kind_ == Kind::kArray; }
  // Never true with a hiredis that does not know RESP3 (before 1.0).
  bool is_push() const { return kind_ == Kind::kPush; }
  bool is_error() const { return kind_ == Kind::kError; }

  // The integer of an integer reply, or the number that a string reply spells; otherwise 0.
  int64_t integer() const;
  // The text of a string, status or error reply; otherwise empty.
  const std::string& text() const { return text_; }
  // The elements of an array or push; otherwise none.
  const std::vector<Reply>& elements() const { return elements_; }
  std::vector<Reply>& elements() { return elements_; }
  size_t size() const { return elements_.size(); }
  // Element `index`, or a nil reply where the array is shorter.
  const Reply& operator[](size_t index) const;

 private:
  Kind kind_ = Kind::kNil;
  int64_t integer_ = 0;
  std::string text_;
  std::vector<Reply> elements_;
};

// The text of a field in an array of names and values in turn, such as SENTINEL MASTER answers;
// empty where the field is not there.
std::string FieldOf(const Reply& fields, absl::string_view name);

// Yields OK, or for an error reply kFailedPrecondition with the server's words, because the server
// refused the command and did not apply it.
absl::Status ToStatus(const Reply& reply);

// Parses bytes as they come into Reply values, with hiredis. Not thread-safe.
class ReplyReader {
 public:
  ReplyReader();
  ReplyReader(const ReplyReader&) = delete;
  ReplyReader& operator=(const ReplyReader&) = delete;

  // Appends bytes from the wire.
  void Feed(const char* data, size_t size);
  // True if bytes are left that Next has not looked at.
  bool HasBytes() const { return reader_->pos < reader_->len; }
  // Takes the next whole reply into *reply. Yields true if there was one and false if bytes are
  // missing. Fails with kDataLoss if the stream is not Redis's protocol or exceeds the limits
  // below; the reader then stays broken, so close the connection.
  absl::StatusOr<bool> Next(Reply* reply);

  // These bound what a peer can make us hold.
  static constexpr size_t kMaxBufferedBytes = size_t{64} << 20;
  static constexpr size_t kMaxArrayElements = 1'000'000;

 private:
  struct Free {
    void operator()(redisReader* reader) const { redisReaderFree(reader); }
  };
  std::unique_ptr<redisReader, Free> reader_;
  Reply partial_;  // the root of the reply being parsed; hiredis keeps pointers into it
};

// Whether a server's error says that it lacks the command, or that this user may not run it or not
// on this key.
bool IsRefusal(absl::string_view error);

}  // namespace rcb

#endif  // RCB_COMMON_REDIS_REPLY_H_
