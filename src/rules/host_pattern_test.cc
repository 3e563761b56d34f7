#include "rules/host_pattern.h"

#include <gtest/gtest.h>

namespace rateguard::rules {
namespace {

TEST(HostPattern, IsKeptInLowerCaseWithWhatFollowsTheStar) {
  const HostPattern whole = HostPattern::parse("API.example.com").value();
  EXPECT_EQ(whole.name, "api.example.com");
  EXPECT_FALSE(whole.subdomains);
  const HostPattern subdomains = HostPattern::parse("*.Example.com").value();
  EXPECT_EQ(subdomains.name, ".example.com");
  EXPECT_TRUE(subdomains.subdomains);
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
