#include "common/redis/command.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

TEST(Command, IsAnArrayOfBulkStrings) {
  const Command get("GET", "key");
  EXPECT_EQ(get.bytes(), "*2\r\n$3\r\nGET\r\n$3\r\nkey\r\n");
  EXPECT_EQ(get.replies(), 1u);
  EXPECT_EQ(Command("PING").bytes(), "*1\r\n$4\r\nPING\r\n");
}

TEST(Command, TakesStringsOfEveryTypeAndAnyBytes) {
  const std::string with_delimiters("a\0\r\n$1", 6);
  const absl::string_view key = absl::string_view("keys").substr(0, 3);
  EXPECT_EQ(Command("SET", key, with_delimiters).bytes(),
            absl::StrCat("*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$6\r\n", with_delimiters, "\r\n"));
  EXPECT_EQ(Command("SET", "", std::string()).bytes(), "*3\r\n$3\r\nSET\r\n$0\r\n\r\n$0\r\n\r\n");
}

TEST(Command, WritesNumbersInDecimal) {
  EXPECT_EQ(Command("X", 0, -7, INT64_MIN, UINT64_MAX).bytes(),
            "*5\r\n$1\r\nX\r\n$1\r\n0\r\n$2\r\n-7\r\n$20\r\n-9223372036854775808\r\n"
            "$20\r\n18446744073709551615\r\n");
}

TEST(Command, KeepsTheOrderOfMoreWordsThanFitOnTheStack) {
  const Command command(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17);
  std::string expected = "*18\r\n";
  for (int word = 0; word < 18; ++word) {
    absl::StrAppend(&expected, "$", word < 10 ? 1 : 2, "\r\n", word, "\r\n");
  }
  EXPECT_EQ(command.bytes(), expected);
}

TEST(Command, TakesAValueOf16MiB) {
  const std::string value(size_t{16} << 20, 'v');
  const Command set("SET", "key", value);
  EXPECT_EQ(set.bytes(),
            absl::StrCat("*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$16777216\r\n", value, "\r\n"));
}

TEST(Command, CopiesInsteadOfBecomingAWord) {
  Command original("GET", "key");
  Command copy(original);
  EXPECT_EQ(copy.bytes(), original.bytes());
  copy = Command("PING");
  EXPECT_EQ(copy.bytes(), "*1\r\n$4\r\nPING\r\n");
  EXPECT_EQ(original.bytes(), "*2\r\n$3\r\nGET\r\n$3\r\nkey\r\n");
  const Command moved(std::move(copy));
  EXPECT_EQ(moved.bytes(), "*1\r\n$4\r\nPING\r\n");
}

TEST(Command, ThenSendsBothInOrderAndAwaitsTheRepliesOfBoth) {
  const Command first("A");
  const Command pair = first.Then(Command("B"));
  EXPECT_EQ(pair.bytes(), "*1\r\n$1\r\nA\r\n*1\r\n$1\r\nB\r\n");
  EXPECT_EQ(pair.replies(), 2u);
  const Command four = pair.Then(pair);
  EXPECT_EQ(four.bytes(), pair.bytes() + pair.bytes());
  EXPECT_EQ(four.replies(), 4u);
  EXPECT_EQ(first.bytes(), "*1\r\n$1\r\nA\r\n");
  EXPECT_EQ(first.replies(), 1u);
}

}  // namespace
}  // namespace rcb
