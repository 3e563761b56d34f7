#include "rules/host_pattern.h"

#include <gtest/gtest.h>

namespace rateguard::rules {
namespace {

bool matches(std::string_view pattern, std::string_view authority) {
  return HostPattern::parse(pattern).value().matches(bare_host(authority));
}

TEST(HostPattern, Exact) {
  EXPECT_TRUE(matches("api.example.com", "api.example.com"));
  EXPECT_TRUE(matches("API.example.com", "api.EXAMPLE.com:8443"));
  EXPECT_TRUE(matches("api.example.com", "api.example.com."));
  EXPECT_TRUE(matches("api.example.com", "user:pass@api.example.com.:80"));
  EXPECT_TRUE(matches("[::1]", "[::1]:8080"));
  EXPECT_TRUE(matches("127.0.0.1", "127.0.0.1:8080"));
  EXPECT_FALSE(matches("example.com", "api.example.com"));
  EXPECT_FALSE(matches("example.com", ""));
}

TEST(HostPattern, Subdomains) {
  EXPECT_TRUE(matches("*.example.com", "a.example.com"));
  EXPECT_TRUE(matches("*.example.com", "A.B.Example.com:80"));
  EXPECT_FALSE(matches("*.example.com", "example.com"));
  EXPECT_FALSE(matches("*.example.com", "badexample.com"));
  EXPECT_FALSE(matches("*.example.com", ".example.com"));
}

TEST(HostPattern, Refused) {
  for (const char* text :
       {"", "*", "*.", "a:80", "http://a", "a..b", ".a", "a.", "*.*.a", "a.*", "a b", "[::1", "[x]", "*.[::1]"}) {
    EXPECT_FALSE(HostPattern::parse(text).has_value()) << text;
  }
  EXPECT_FALSE(HostPattern::parse(std::string(256, 'a')).has_value());
}

TEST(BareHost, BrokenInputIsHarmless) {
  EXPECT_EQ(bare_host(""), "");
  EXPECT_EQ(bare_host("["), "[");
  EXPECT_EQ(bare_host("[::1"), "[::1");
  EXPECT_EQ(bare_host(":80"), "");
  EXPECT_EQ(bare_host("@"), "");
  EXPECT_EQ(bare_host("."), "");
}

}  // namespace
}  // namespace rateguard::rules
