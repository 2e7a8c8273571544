#include "common/redis/reply.h"

#include <hiredis/read.h>

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace rcb {
namespace {

// Yields where hiredis's task wants its value: in an element of the enclosing array, or in the
// root.
Reply* Slot(const redisReadTask* task) {
  if (task->parent == nullptr) return static_cast<Reply*>(task->privdata);
  auto* parent = static_cast<Reply*>(task->parent->obj);
  return &parent->elements()[static_cast<size_t>(task->idx)];
}

void* Store(const redisReadTask* task, Reply value) {
  Reply* slot = Slot(task);
  *slot = std::move(value);
  return slot;
}

Reply::Kind KindOf(int type) {
  switch (type) {
    case REDIS_REPLY_STATUS:
      return Reply::Kind::kStatus;
    case REDIS_REPLY_ERROR:
      return Reply::Kind::kError;
    default:
      return Reply::Kind::kString;
  }
}

void* CreateString(const redisReadTask* task, char* text, size_t size) {
  return Store(task, Reply::Text(KindOf(task->type), absl::string_view(text, size)));
}

// hiredis 0.14 counts elements in int, and 1.0 and later in size_t. The assignment picks the
// instance.
template <typename Count>
void* CreateArray(const redisReadTask* task, Count count) {
  const auto size = static_cast<size_t>(count);
  if (size > ReplyReader::kMaxArrayElements) return nullptr;
#ifdef REDIS_REPLY_PUSH
  if (task->type == REDIS_REPLY_PUSH) return Store(task, Reply::Push(size));
#endif
  return Store(task, Reply::Array(size));
}

void* CreateInteger(const redisReadTask* task, long long value) {  // NOLINT: hiredis's type
  return Store(task, Reply::Integer(value));
}

void* CreateNil(const redisReadTask* task) { return Store(task, Reply::Nil()); }

void FreeObject(void*) {}  // the root owns every element

redisReplyObjectFunctions* Functions() {
  static redisReplyObjectFunctions functions = [] {
    redisReplyObjectFunctions f = {};
    f.createString = CreateString;
    f.createArray = CreateArray;
    f.createInteger = CreateInteger;
    f.createNil = CreateNil;
    f.freeObject = FreeObject;
    return f;
  }();
  return &functions;
}

}  // namespace

Reply Reply::Integer(int64_t value) {
  Reply reply;
  reply.kind_ = Kind::kInteger;
  reply.integer_ = value;
  return reply;
}

Reply Reply::Text(Kind kind, absl::string_view text) {
  Reply reply;
  reply.kind_ = kind;
  reply.text_.assign(text.data(), text.size());
  return reply;
}

Reply Reply::Array(size_t size) {
  Reply reply;
  reply.kind_ = Kind::kArray;
  reply.elements_.resize(size);
  return reply;
}

Reply Reply::Push(size_t size) {
  Reply reply = Array(size);
  reply.kind_ = Kind::kPush;
  return reply;
}

int64_t Reply::integer() const {
  int64_t value = integer_;
  if (kind_ == Kind::kString && !absl::SimpleAtoi(text_, &value)) return 0;
  return value;
}

const Reply& Reply::operator[](size_t index) const {
  static const Reply kNil;
  return index < elements_.size() ? elements_[index] : kNil;
}

absl::Status ToStatus(const Reply& reply) {
  if (!reply.is_error()) return absl::OkStatus();
  return absl::FailedPreconditionError(reply.text());
}

ReplyReader::ReplyReader() : reader_(redisReaderCreateWithFunctions(Functions())) {
  reader_->privdata = &partial_;
}

void ReplyReader::Feed(const char* data, size_t size) {
  redisReaderFeed(reader_.get(), data, size);
}

absl::StatusOr<bool> ReplyReader::Next(Reply* reply) {
  void* complete = nullptr;
  if (redisReaderGetReply(reader_.get(), &complete) != REDIS_OK) {
    return absl::DataLossError(absl::StrCat("not a Redis reply: ", reader_->errstr));
  }
  if (complete != nullptr) {
    *reply = std::move(partial_);
    return true;
  }
  if (reader_->len > kMaxBufferedBytes) {
    return absl::DataLossError(absl::StrCat("a reply of over ", kMaxBufferedBytes, " bytes"));
  }
  return false;
}

std::string FieldOf(const Reply& fields, absl::string_view name) {
  for (size_t i = 0; i + 1 < fields.size(); i += 2) {
    if (fields[i].text() == name) return fields[i + 1].text();
  }
  return "";
}

bool IsRefusal(absl::string_view error) {
  return absl::StrContains(error, "NOPERM") || absl::StrContains(error, "unknown command") ||
         absl::StrContains(error, "nknown subcommand");
}

}  // namespace rcb
