#include "redis/reply.h"

#include <gtest/gtest.h>

namespace rateguard::redis {
namespace {

constexpr size_t kMax = 1'000;

std::vector<Reply> read_all(ReplyReader& reader, std::string_view bytes) {
  std::vector<Reply> out;
  reader.feed(bytes);
  while (true) {
    const auto reply = reader.next();
    EXPECT_TRUE(reply.has_value()) << reply.error().message;
    if (!reply || *reply == nullptr) return out;
    out.push_back(**reply);
  }
}

const std::string kStream =
    "+OK\r\n-NOSCRIPT No matching script\r\n:-12\r\n$-1\r\n$5\r\na\r\nbc\r\n*-1\r\n*0\r\n"
    "*3\r\n:1\r\n*2\r\n$1\r\nx\r\n$-1\r\n+y\r\n$0\r\n\r\n:9223372036854775807\r\n";

std::vector<Reply> expected_replies() {
  const Reply nil;
  return {{.kind = ReplyKind::kStatus, .text = "OK"},
          {.kind = ReplyKind::kError, .text = "NOSCRIPT No matching script"},
          {.kind = ReplyKind::kInteger, .integer = -12},
          nil,
          {.kind = ReplyKind::kString, .text = "a\r\nbc"},
          nil,
          {.kind = ReplyKind::kArray},
          {.kind = ReplyKind::kArray,
           .elements = {{.kind = ReplyKind::kInteger, .integer = 1},
                        {.kind = ReplyKind::kArray, .elements = {{.kind = ReplyKind::kString, .text = "x"}, nil}},
                        {.kind = ReplyKind::kStatus, .text = "y"}}},
          {.kind = ReplyKind::kString},
          {.kind = ReplyKind::kInteger, .integer = INT64_MAX}};
}

TEST(ReplyReader, ReadsEveryKindHoweverTheStreamIsCut) {
  for (size_t cut = 0; cut <= kStream.size(); ++cut) {
    ReplyReader reader(kMax);
    std::vector<Reply> replies = read_all(reader, kStream.substr(0, cut));
    for (Reply& reply : read_all(reader, kStream.substr(cut))) replies.push_back(std::move(reply));
    EXPECT_EQ(replies, expected_replies()) << cut;
  }
  ReplyReader reader(kMax);
  std::vector<Reply> replies;
  for (const char& c : kStream) {
    for (Reply& reply : read_all(reader, {&c, 1})) replies.push_back(std::move(reply));
  }
  EXPECT_EQ(replies, expected_replies());
}

TEST(ReplyReader, RefusesGarbage) {
  for (const char* const bytes : {"HTTP/1.1 400 Bad Request\r\n", "x", ":12a\r\n", "$-2\r\n", "$x\r\n", "*x\r\n",
                                  "%1\r\n", ">2\r\n", "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n"}) {
    ReplyReader reader(kMax);
    reader.feed(bytes);
    const auto reply = reader.next();
    ASSERT_FALSE(reply.has_value()) << bytes;
    EXPECT_EQ(reply.error().code, ErrorCode::kCorrupt);
    EXPECT_FALSE(reader.next().has_value()) << "an error stays";
  }
}

TEST(ReplyReader, BoundsAReplyByItsBytesAndNotByWhatItPromises) {
  ReplyReader fits(kMax);
  EXPECT_EQ(read_all(fits, "$900\r\n" + std::string(900, 'x') + "\r\n").size(), 1u);
  EXPECT_EQ(read_all(fits, "$900\r\n" + std::string(900, 'x') + "\r\n").size(), 1u);

  ReplyReader large(kMax);
  large.feed("$5000\r\n" + std::string(1'000, 'x'));
  EXPECT_FALSE(large.next().has_value());

  ReplyReader many(kMax);
  many.feed("*2147483647\r\n");
  ASSERT_TRUE(many.next().has_value());
  std::string integers;
  for (int i = 0; i < 300; ++i) integers += ":1\r\n";
  many.feed(integers);
  EXPECT_FALSE(many.next().has_value());
}

TEST(Reply, KnowsAnErrorByItsFirstWord) {
  const Reply moved{.kind = ReplyKind::kError, .text = "MOVED 1 127.0.0.1:7000"};
  EXPECT_TRUE(moved.is_error("MOVED"));
  EXPECT_FALSE(moved.is_error("MOVE"));
  EXPECT_FALSE((Reply{.kind = ReplyKind::kString, .text = "MOVED 1"}.is_error("MOVED")));
  EXPECT_TRUE((Reply{.kind = ReplyKind::kError, .text = "NOAUTH"}.is_error("NOAUTH")));
}

}  // namespace
}  // namespace rateguard::redis
