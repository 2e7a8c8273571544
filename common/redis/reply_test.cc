#include "common/redis/reply.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

// One of each kind, with lengths below and above what a std::string holds without allocating, and
// bytes that are delimiters elsewhere.
const char kEveryKind[] =
    "*9\r\n"
    "+OK\r\n"
    "-WRONGTYPE no\r\n"
    ":-9223372036854775808\r\n"
    "$-1\r\n"
    "$0\r\n\r\n"
    "$6\r\na\r\n$1\n\r\n"
    "*-1\r\n"
    "*0\r\n"
    "*2\r\n*2\r\n:1\r\n*1\r\n$3\r\nxyz\r\n$26\r\nabcdefghijklmnopqrstuvwxyz\r\n";

void ExpectEveryKind(const Reply& reply) {
  ASSERT_TRUE(reply.is_array());
  ASSERT_EQ(reply.size(), 9u);
  EXPECT_EQ(reply[0].kind(), Reply::Kind::kStatus);
  EXPECT_EQ(reply[0].text(), "OK");
  EXPECT_TRUE(reply[1].is_error());
  EXPECT_EQ(reply[1].text(), "WRONGTYPE no");
  EXPECT_TRUE(reply[2].is_integer());
  EXPECT_EQ(reply[2].integer(), INT64_MIN);
  EXPECT_TRUE(reply[3].is_nil());
  EXPECT_TRUE(reply[4].is_string());
  EXPECT_EQ(reply[4].text(), "");
  EXPECT_EQ(reply[5].text(), "a\r\n$1\n");
  EXPECT_TRUE(reply[6].is_nil());
  EXPECT_TRUE(reply[7].is_array());
  EXPECT_EQ(reply[7].size(), 0u);
  ASSERT_EQ(reply[8].size(), 2u);
  EXPECT_EQ(reply[8][0][0].integer(), 1);
  EXPECT_EQ(reply[8][0][1][0].text(), "xyz");
  EXPECT_EQ(reply[8][1].text(), "abcdefghijklmnopqrstuvwxyz");
}

TEST(ReplyReader, YieldsTheSameReplyWhereverTheBytesAreSplit) {
  const std::string wire = kEveryKind;
  for (size_t split = 1; split < wire.size(); ++split) {
    ReplyReader reader;
    Reply reply;
    reader.Feed(wire.data(), split);
    const absl::StatusOr<bool> early = reader.Next(&reply);
    ASSERT_TRUE(early.ok()) << "split at " << split << ": " << early.status();
    ASSERT_FALSE(*early) << "split at " << split;
    reader.Feed(wire.data() + split, wire.size() - split);
    const absl::StatusOr<bool> whole = reader.Next(&reply);
    ASSERT_TRUE(whole.ok() && *whole) << "split at " << split;
    ExpectEveryKind(reply);
    ASSERT_FALSE(reader.Next(&reply).value());
  }
}

TEST(ReplyReader, TakesOneByteAtATime) {
  const std::string wire = kEveryKind;
  ReplyReader reader;
  Reply reply;
  for (size_t i = 0; i < wire.size(); ++i) {
    ASSERT_FALSE(reader.Next(&reply).value()) << "byte " << i;
    reader.Feed(&wire[i], 1);
  }
  ASSERT_TRUE(reader.Next(&reply).value());
  ExpectEveryKind(reply);
}

TEST(ReplyReader, YieldsSeveralRepliesOfOneFeedInOrder) {
  const std::string wire = ":1\r\n$1\r\na\r\n*1\r\n:2\r\n$-1\r\n+OK\r\n:3";
  ReplyReader reader;
  reader.Feed(wire.data(), wire.size());
  std::vector<Reply> replies;
  Reply reply;
  while (reader.Next(&reply).value()) replies.push_back(reply);
  ASSERT_EQ(replies.size(), 5u);
  EXPECT_EQ(replies[0].integer(), 1);
  EXPECT_EQ(replies[1].text(), "a");
  EXPECT_EQ(replies[2][0].integer(), 2);
  EXPECT_TRUE(replies[3].is_nil());
  EXPECT_EQ(replies[4].text(), "OK");
  reader.Feed("4\r\n", 3);
  ASSERT_TRUE(reader.Next(&reply).value());
  EXPECT_EQ(reply.integer(), 34);
}

TEST(ReplyReader, ANextReplyReplacesAllOfThePreviousOne) {
  ReplyReader reader;
  Reply reply;
  const std::string wire = "*2\r\n:1\r\n:2\r\n$2\r\nab\r\n:7\r\n";
  reader.Feed(wire.data(), wire.size());
  ASSERT_TRUE(reader.Next(&reply).value());
  ASSERT_TRUE(reader.Next(&reply).value());
  EXPECT_EQ(reply.size(), 0u);
  ASSERT_TRUE(reader.Next(&reply).value());
  EXPECT_EQ(reply.text(), "");
  EXPECT_EQ(reply.integer(), 7);
}

TEST(ReplyReader, TakesABulkStringOf16MiBInPieces) {
  std::string body(size_t{16} << 20, 'x');
  body[12345] = '\r';
  const std::string wire = absl::StrCat("$", body.size(), "\r\n", body, "\r\n");
  ReplyReader reader;
  Reply reply;
  for (size_t at = 0; at < wire.size(); at += 65536) {
    ASSERT_FALSE(reader.Next(&reply).value());
    reader.Feed(wire.data() + at, std::min<size_t>(65536, wire.size() - at));
  }
  ASSERT_TRUE(reader.Next(&reply).value());
  EXPECT_TRUE(reply.text() == body);
}

TEST(ReplyReader, RefusesAnArrayOverTheLimit) {
  ReplyReader reader;
  Reply reply;
  const std::string wire = absl::StrCat("*", ReplyReader::kMaxArrayElements + 1, "\r\n");
  reader.Feed(wire.data(), wire.size());
  EXPECT_TRUE(absl::IsDataLoss(reader.Next(&reply).status()));
}

TEST(ReplyReader, RefusesAStringOverTheLimitBeforeItsEnd) {
  ReplyReader reader;
  Reply reply;
  const std::string wire = absl::StrCat("$", ReplyReader::kMaxBufferedBytes * 2, "\r\n");
  reader.Feed(wire.data(), wire.size());
  const std::string piece(size_t{8} << 20, 'x');
  size_t fed = 0;
  absl::StatusOr<bool> next = reader.Next(&reply);
  while (next.ok() && fed < ReplyReader::kMaxBufferedBytes + piece.size()) {
    reader.Feed(piece.data(), piece.size());
    fed += piece.size();
    next = reader.Next(&reply);
  }
  EXPECT_TRUE(absl::IsDataLoss(next.status())) << "fed " << fed;
}

TEST(ReplyReader, RefusesGarbageAndStaysBroken) {
  for (const char* wire :
       {"HTTP/1.1 400 Bad Request\r\n", "$x\r\n", "*x\r\n", ":x\r\n", "*1\r\n?\r\n"}) {
    ReplyReader reader;
    Reply reply;
    const std::string bytes = wire;
    reader.Feed(bytes.data(), bytes.size());
    const absl::StatusOr<bool> refused = reader.Next(&reply);
    ASSERT_FALSE(refused.ok()) << wire;
    EXPECT_TRUE(absl::IsDataLoss(refused.status())) << refused.status();
    EXPECT_FALSE(absl::StrContains(refused.status().message(), "\n"));
    reader.Feed("+OK\r\n", 5);
    EXPECT_FALSE(reader.Next(&reply).ok()) << wire;
  }
}

TEST(Reply, ReadsWhatItsKindLacksAsEmpty) {
  const Reply nil;
  EXPECT_EQ(nil.integer(), 0);
  EXPECT_EQ(nil.text(), "");
  EXPECT_TRUE(nil[3].is_nil());
  EXPECT_EQ(Reply::Text(Reply::Kind::kString, "12").integer(), 12);
  EXPECT_EQ(Reply::Text(Reply::Kind::kString, "12x").integer(), 0);
  EXPECT_EQ(Reply::Text(Reply::Kind::kError, "12").integer(), 0);
}

TEST(FieldOf, IsTheValueAfterANameAndNotAnotherFieldsValue) {
  Reply fields = Reply::Array(5);
  const char* const texts[] = {"flags", "port", "port", "6379", "epoch"};
  for (size_t i = 0; i < fields.size(); ++i) {
    fields.elements()[i] = Reply::Text(Reply::Kind::kString, texts[i]);
  }
  EXPECT_EQ(FieldOf(fields, "flags"), "port");
  EXPECT_EQ(FieldOf(fields, "port"), "6379");
  EXPECT_EQ(FieldOf(fields, "epoch"), "") << "which has no value";
  EXPECT_EQ(FieldOf(fields, "6379"), "");
  EXPECT_EQ(FieldOf(Reply::Nil(), "port"), "");
}

TEST(ToStatus, IsAnErrorOnlyForErrorReplies) {
  EXPECT_TRUE(ToStatus(Reply::Nil()).ok());
  EXPECT_TRUE(ToStatus(Reply::Text(Reply::Kind::kStatus, "OK")).ok());
  const absl::Status status = ToStatus(Reply::Text(Reply::Kind::kError, "ERR no"));
  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  EXPECT_EQ(status.message(), "ERR no");
}

}  // namespace
}  // namespace rcb
