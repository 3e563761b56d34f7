#include "peers/description.h"

#include <gtest/gtest.h>

namespace rateguard::peers {
namespace {

TEST(Descriptions, AreReadAsTheyWereWritten) {
  const InstanceDescription description{.host = "node-1",
                                        .pid = 4'711,
                                        .version = "1.0 \"x\"",
                                        .addresses = {{"http", "[::1]:8080"}, {"grpc", "127.0.0.1:8081"}},
                                        .started = Instant::from_seconds(1'763'713'681),
                                        .rules_revision = "9f86d081"};
  EXPECT_EQ(decode_description(encode(description)), description);
  EXPECT_EQ(decode_description(encode({})), InstanceDescription{});
}

TEST(Descriptions, AnotherVersionsAreReadAsFarAsTheyGo) {
  const auto description = decode_description(
      R"({"host":"a","region":{"deep":[1]},"pid":"seven","addresses":{"http":"x","spdy":7},"version":null})");
  ASSERT_TRUE(description.has_value());
  EXPECT_EQ(*description, (InstanceDescription{.host = "a", .addresses = {{"http", "x"}}}));
}

TEST(Descriptions, OtherTextIsRefused) {
  EXPECT_FALSE(decode_description(""));
  EXPECT_FALSE(decode_description("[]"));
  EXPECT_FALSE(decode_description("{\"host\":\"\xFF\"}"));
  EXPECT_FALSE(decode_description("{\"host\":\"a\"} x"));
  EXPECT_FALSE(decode_description("{\"host\":\"" + std::string(5'000, 'a') + "\"}"));
  EXPECT_FALSE(decode_description(std::string(1'000, '[')));
}

}  // namespace
}  // namespace rateguard::peers
