#include "server/grpc/call_head.h"

#include <gtest/gtest.h>

namespace rateguard::grpc {
namespace {

TEST(CallHead, ReadsTheHeadOfACall) {
  const Header fields[] = {{"content-type", "application/grpc+proto"},
                           {"grpc-encoding", "gzip"},
                           {"grpc-accept-encoding", "identity, deflate,gzip"},
                           {"grpc-timeout", "100m"},
                           {"authorization", "Bearer t"}};
  const CallHead head = read_head({.method = "POST", .headers = fields});
  EXPECT_TRUE(head.is_post);
  EXPECT_TRUE(head.is_grpc());
  EXPECT_EQ(head.encoding, Encoding::kGzip);
  EXPECT_TRUE(head.accepts_gzip);
  EXPECT_EQ(head.timeout, "100m");
  EXPECT_EQ(bearer_token(head.authorization), "t");
}

TEST(CallHead, KnowsGrpcsContentTypes) {
  const auto is_grpc = [](std::string_view type) { return CallHead{.content_type = type}.is_grpc(); };
  EXPECT_TRUE(is_grpc("application/grpc"));
  EXPECT_TRUE(is_grpc("application/grpc+proto"));
  EXPECT_TRUE(is_grpc("application/grpc;charset=utf-8"));
  EXPECT_FALSE(is_grpc("application/grpc+json"));
  EXPECT_FALSE(is_grpc("application/grpc-web"));
  EXPECT_FALSE(is_grpc("application/json"));
  EXPECT_FALSE(is_grpc(""));
}

TEST(CallHead, AnEncodingThatIsNotSpokenIsUnknown) {
  const Header fields[] = {{"grpc-encoding", "snappy"}, {"grpc-accept-encoding", "gzipped"}};
  const CallHead head = read_head({.method = "GET", .headers = fields});
  EXPECT_FALSE(head.is_post);
  EXPECT_EQ(head.encoding, Encoding::kUnknown);
  EXPECT_FALSE(head.accepts_gzip);
}

TEST(CallHead, ParsesTimeouts) {
  EXPECT_EQ(parse_timeout("1H"), Duration::seconds(3'600));
  EXPECT_EQ(parse_timeout("2M"), Duration::seconds(120));
  EXPECT_EQ(parse_timeout("3S"), Duration::seconds(3));
  EXPECT_EQ(parse_timeout("100m"), Duration::millis(100));
  EXPECT_EQ(parse_timeout("7u"), Duration::micros(7));
  EXPECT_EQ(parse_timeout("1n"), Duration::micros(1));
  EXPECT_EQ(parse_timeout("99999999H"), Duration::seconds(99'999'999LL * 3'600));
  for (const char* bad : {"", "S", "1", "1s", "-1S", "1 S", "1.5S", "123456789S", "S1", "+1S"}) {
    EXPECT_FALSE(parse_timeout(bad)) << bad;
  }
}

TEST(CallHead, ReadsBearerTokens) {
  EXPECT_EQ(bearer_token("bearer  abc "), "abc");
  EXPECT_EQ(bearer_token("Basic abc"), "");
  EXPECT_EQ(bearer_token(""), "");
}

}  // namespace
}  // namespace rateguard::grpc
