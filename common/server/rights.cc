#include "common/server/rights.h"

#include <cstdlib>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/server/keyspace.h"

namespace rcb {
namespace {

constexpr int kAnswerTimeoutMs = 2000;

// Requests, with ';' between them, that together show whether a command can be run. "$x" is a key
// of ours: a string, a number, lists, a hash, a sorted set.
struct Example {
  const char* command;
  const char* requests;
  bool leaves_state = false;  // in the connection
};
constexpr Example kExamples[] = {
    {"BLMOVE", "BLMOVE $list $other LEFT RIGHT 0.01"},
    {"BLPOP", "BLPOP $list 0.01"},
    {"CLIENT",
     "CLIENT ID;SUBSCRIBE __redis__:invalidate;UNSUBSCRIBE __redis__:invalidate;"
     "CLIENT TRACKING ON;CLIENT TRACKING OFF",
     true},
    {"DBSIZE", "DBSIZE"},
    {"DECRBY", "DECRBY $number 1"},
    {"DEL", "DEL $string"},
    {"DUMP", "DUMP $string"},
    {"ECHO", "ECHO 1"},
    {"EVAL", "EVAL return(1) 0"},
    {"EXEC", "MULTI;EXEC", true},
    {"EXISTS", "EXISTS $string"},
    {"EXPIRE", "EXPIRE $string 1"},
    {"FCALL",
     "FUNCTION DELETE $library;FUNCTION LOAD $code;FCALL $function 0;"
     "FUNCTION DELETE $library"},
    {"GET", "GET $string"},
    {"GETSET", "GETSET $string 1"},
    {"HEXISTS", "HEXISTS $hash 1"},
    {"HSET", "HSET $hash 1 1"},
    {"INCR", "INCR $number"},
    {"INCRBY", "INCRBY $number 1"},
    {"LINDEX", "LINDEX $list 0"},
    {"LLEN", "LLEN $list"},
    {"LMOVE", "LMOVE $list $other LEFT RIGHT"},
    {"LPOP", "LPOP $list"},
    {"LPOS", "LPOS $list 1"},
    {"LRANGE", "LRANGE $list 0 -1"},
    {"LREM", "LREM $list 0 1"},
    {"LTRIM", "LTRIM $list 0 -1"},
    {"MGET", "MGET $string $number"},
    {"MSET", "MSET $string 1 $number 1"},
    {"MULTI", "MULTI;EXEC", true},
    {"OBJECT", "SET $string 1;OBJECT ENCODING $string"},
    {"PEXPIRE", "PEXPIRE $string 1000"},
    {"PING", "PING"},
    {"PTTL", "PTTL $string"},
    {"PUBLISH", "PUBLISH $channel 1"},
    {"RESTORE",
     "SET $string 1;"
     "EVAL return(redis.call('RESTORE',KEYS[1],0,redis.call('DUMP',KEYS[1]),'REPLACE')) 1 $string"},
    {"RPUSH", "RPUSH $list 1"},
    {"SCAN", "SCAN 0 COUNT 1"},
    {"SET", "SET $string 1 PX 1000"},
    {"SET.IFEQ", "SET $string 1;SET $string 2 IFEQ 1"},
    {"SETEX", "SETEX $string 1 1"},
    {"SETNX", "SETNX $string 1"},
    {"SUBSCRIBE", "SUBSCRIBE $channel;UNSUBSCRIBE $channel", true},
    {"TIME", "TIME"},
    {"UNWATCH", "UNWATCH"},
    {"WATCH", "WATCH $string", true},
    {"ZADD", "ZADD $set 1 1"},
    {"ZREM", "ZREM $set 1"},
    {"ZREMRANGEBYSCORE", "ZREMRANGEBYSCORE $set 0 0"},
    {"ZSCORE", "ZSCORE $set 1"},
};
constexpr const char* kKeys[] = {"$string", "$number", "$list", "$other", "$hash", "$set"};

}  // namespace

Rights::Rights(const Endpoint& endpoint, const std::string& key_prefix,
               const std::string& library_name, std::function<bool()> is_cancelled)
    : endpoint_(endpoint),
      key_prefix_(key_prefix),
      library_name_(library_name),
      is_cancelled_(std::move(is_cancelled)) {}

std::string Rights::WhyNot(const std::vector<std::string>& commands) {
  std::string why_not;
  bool has_tried = false;
  for (const std::string& command : commands) {
    auto known = why_not_.find(command);
    if (known == why_not_.end()) {
      known = why_not_.emplace(command, Try(command)).first;
      has_tried = true;
    }
    why_not = known->second;
    if (!why_not.empty()) break;
  }
  if (has_tried) DeleteKeys();
  return why_not;
}

std::string Rights::Try(const std::string& command) {
  for (const Example& example : kExamples) {
    if (command != example.command) continue;
    absl::Status status;
    for (absl::string_view request : absl::StrSplit(example.requests, ';')) {
      if (status.ok()) status = Send(std::string(request));
    }
    if (example.leaves_state) client_.reset();
    if (status.ok()) return "";
    const std::string name = absl::StrCat(endpoint_.ToString(), ": ");
    absl::string_view error = status.message();
    absl::ConsumePrefix(&error, name);
    return absl::StrCat(command, " fails: ", error.substr(0, error.find(", with args beginning")));
  }
  std::abort();  // a variant needs a command that has no example
}

absl::Status Rights::Connect() {
  if (client_ && client_->connected()) return absl::OkStatus();
  absl::StatusOr<BlockingClient> client =
      BlockingClient::Connect(endpoint_, kAnswerTimeoutMs, is_cancelled_);
  if (!client.ok()) return client.status();
  client_.emplace(*std::move(client));
  return absl::OkStatus();
}

absl::Status Rights::Send(const std::string& request) {
  const absl::Status connected = Connect();
  if (!connected.ok()) return connected;
  std::vector<std::string> words;
  for (absl::string_view word : absl::StrSplit(request, ' ')) {
    words.push_back(Expand(std::string(word)));
  }
  absl::Status status = client_->Command(words).status();
  // That there is nothing to delete shows that we might delete it.
  if (absl::StrContains(status.message(), "Library not found")) return absl::OkStatus();
  return status;
}

std::string Rights::Expand(const std::string& word) const {
  if (word[0] != '$') return word;
  const std::string function = absl::StrCat(library_name_, "_probe");
  if (word == "$library") return library_name_;
  if (word == "$function") return function;
  if (word == "$code") {
    return absl::StrCat("#!lua name=", library_name_, "\nredis.register_function('", function,
                        "', function() return 1 end)");
  }
  return absl::StrCat(key_prefix_, "probe:", word.substr(1));
}

std::vector<std::string> Rights::Keys() const {
  std::vector<std::string> keys;
  for (const char* const key : kKeys) keys.push_back(Expand(key));
  return keys;
}

void Rights::DeleteKeys() {
  if (Connect().ok()) rcb::DeleteKeys(Keys(), *client_).IgnoreError();
}

}  // namespace rcb
