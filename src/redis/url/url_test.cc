#include "redis/url/url.h"

#include <gtest/gtest.h>

namespace rateguard::redis {
namespace {

Url parsed(std::string_view text) {
  auto url = Url::parse(text);
  EXPECT_TRUE(url.has_value()) << text << ": " << (url ? "" : url.error().message);
  return url ? *url : Url{};
}

TEST(Url, ReadsEveryPart) {
  EXPECT_EQ(parsed("redis://localhost"), (Url{.host = "localhost", .port = 6379}));
  EXPECT_EQ(parsed("redis://10.0.0.5:7000/3"), (Url{.host = "10.0.0.5", .port = 7000, .database = 3}));
  EXPECT_EQ(parsed("redis://h/"), (Url{.host = "h", .port = 6379}));
  EXPECT_EQ(parsed("redis://[::1]:7000"), (Url{.host = "::1", .port = 7000}));
  EXPECT_EQ(parsed("rediss://me:s%40:cret@cache.example.com/2"), (Url{.host = "cache.example.com",
                                                                      .port = 6379,
                                                                      .security = Security::kTls,
                                                                      .user = "me",
                                                                      .password = "s@:cret",
                                                                      .database = 2}));
  EXPECT_EQ(parsed("redis://:only@h").user, "");
  EXPECT_EQ(parsed("redis://:a@b@h").password, "a@b");
  EXPECT_EQ(parsed("unix:///run/redis.sock"), (Url{.path = "/run/redis.sock"}));
  EXPECT_EQ(parsed("unix://u:p@/run/a%20b.sock?db=7"),
            (Url{.path = "/run/a b.sock", .user = "u", .password = "p", .database = 7}));
}

TEST(Url, ShowsItselfWithoutTheLogin) {
  EXPECT_EQ(parsed("rediss://me:secret@[::1]:7000/3").to_string(), "rediss://[::1]:7000/3");
  EXPECT_EQ(parsed("unix://u:secret@/s?db=7").to_string(), "unix:///s?db=7");
  EXPECT_EQ(parsed("redis://h").to_string(), "redis://h:6379");
}

TEST(Url, RefusesEverythingElseAndNeverRepeatsThePassword) {
  const char* const wrong[] = {"",
                               "localhost",
                               "localhost:6379",
                               "http://h",
                               "REDIS://h",
                               "redis:/h",
                               "redis://",
                               "redis://:6379",
                               "redis:///0",
                               "redis://h:",
                               "redis://h:0",
                               "redis://h:65536",
                               "redis://h:+1",
                               "redis://h:1x",
                               "redis://h/x",
                               "redis://h/-1",
                               "redis://h/4294967296",
                               "redis://h/0/1",
                               "redis://h?db=1",
                               "redis://h#1",
                               "redis://1.2.3",
                               "redis://::1",
                               "redis://[::1",
                               "redis://[h]",
                               "redis://[::1]x",
                               "redis://-h",
                               "redis://h h",
                               "redis://h\n",
                               "redis://secret@h",
                               "redis://u:@h",
                               "redis://u:secret%2@h",
                               "redis://u:secret%zz@h",
                               "redis://u:secret@h:x",
                               "unix://relative",
                               "unix:///dir/",
                               "unix:///",
                               "unix:///s?db=",
                               "unix:///s?database=1",
                               "unix:///s?db=1&x=2",
                               "unix:///a%00b"};
  for (const char* const text : wrong) {
    const auto url = Url::parse(text);
    ASSERT_FALSE(url.has_value()) << text;
    EXPECT_EQ(url.error().code, ErrorCode::kInvalid);
    EXPECT_EQ(url.error().message.find("secret"), std::string::npos) << url.error().message;
    EXPECT_NE(url.error().message.find("expected redis://"), std::string::npos);
  }
  EXPECT_FALSE(Url::parse("unix:///" + std::string(107, 'x')).has_value());
  EXPECT_TRUE(Url::parse("unix:///" + std::string(106, 'x')).has_value());
  EXPECT_FALSE(Url::parse("redis://" + std::string(256, 'x')).has_value());
}

}  // namespace
}  // namespace rateguard::redis
