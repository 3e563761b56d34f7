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

TEST(HostPattern, SaysWhatToWrite) {
  const auto says = [](std::string_view host) {
    const auto pattern = HostPattern::parse(host);
    return pattern ? "good" : pattern.error().message.substr(pattern.error().message.find("'; ") + 3);
  };
  EXPECT_EQ(says("*"), "leave host out for every host");
  EXPECT_EQ(says("https://api.example.com:8443/v1"), "leave out the scheme and the path: api.example.com");
  EXPECT_EQ(says("api.example.com/v1"), "leave out the path, which goes into match.path: api.example.com");
  EXPECT_EQ(says("api.example.com:8080"), "ports and final dots are not compared: api.example.com");
  EXPECT_EQ(says("*.example.com:8080"), "ports and final dots are not compared: *.example.com");
  EXPECT_EQ(says("api.example.com."), "ports and final dots are not compared: api.example.com");
  EXPECT_EQ(says("2001:db8::1"), "an IPv6 address is written [2001:db8::1]");
  EXPECT_EQ(says("api-*.example.com"), "'*' stands for the first labels alone, as in *.example.com");
  EXPECT_EQ(says("b\xC3\xBC"
                 "cher.example"),
            "a name beyond ASCII comes in its encoded form (xn--...): write that");
  EXPECT_EQ(says("a b"), "expected a name without a port, as in api.example.com or *.example.com");
  EXPECT_EQ(says("*.192.0.2.1"), "'*' stands for the first labels alone, as in *.example.com")
      << "no host is below one";
  EXPECT_EQ(says("192.0.2.1"), "good") << "a Host field may hold an address";
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
