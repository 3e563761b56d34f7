#include "net/settings/endpoint.h"

#include <gtest/gtest.h>

namespace rateguard::net {
namespace {

TEST(Endpoint, Good) {
  for (const char* text :
       {"127.0.0.1:8080", "[::1]:8080", "localhost:0", "0.0.0.0:65535", "[2001:db8::1]:80", "api_1.example.com:1"}) {
    const auto endpoint = Endpoint::parse(text);
    ASSERT_TRUE(endpoint.has_value()) << text;
    EXPECT_EQ(endpoint->to_string(), text);
  }
  EXPECT_EQ(*Endpoint::parse("[::1]:80"), (Endpoint{.host = "::1", .port = 80}));
}

TEST(Endpoint, Bad) {
  for (const char* text : {"",
                           ":",
                           "8080",
                           ":8080",
                           "localhost",
                           "localhost:",
                           "localhost:65536",
                           "localhost:-1",
                           "localhost:080",
                           "::1:8080",
                           "[::1]",
                           "[::1",
                           "[::1]8080",
                           "[1.2.3.4]:80",
                           "256.0.0.1:80",
                           "1.2.3:80",
                           "a b:80",
                           "-a:80",
                           "http://a:80",
                           "[::1%eth0]:80"}) {
    const auto endpoint = Endpoint::parse(text);
    ASSERT_FALSE(endpoint.has_value()) << text;
    EXPECT_TRUE(endpoint.error().message.contains("expected HOST:PORT")) << endpoint.error().message;
  }
}

}  // namespace
}  // namespace rateguard::net
