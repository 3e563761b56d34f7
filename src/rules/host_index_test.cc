#include "rules/host_index.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace rateguard::rules {
namespace {

std::vector<uint32_t> found(const HostIndex& index, std::string_view host) {
  std::vector<uint32_t> numbers;
  index.find(host, [&](uint32_t number) { numbers.push_back(number); });
  return numbers;
}

bool matches(std::string_view pattern, std::string_view authority) {
  HostIndex index;
  index.add(HostPattern::parse(pattern).value());
  return !found(index, bare_host(authority)).empty();
}

TEST(HostIndex, Whole) {
  EXPECT_TRUE(matches("api.example.com", "api.example.com"));
  EXPECT_TRUE(matches("API.example.com", "api.EXAMPLE.com:8443"));
  EXPECT_TRUE(matches("api.example.com", "api.example.com."));
  EXPECT_TRUE(matches("api.example.com", "user:pass@api.example.com.:80"));
  EXPECT_TRUE(matches("[::1]", "[::1]:8080"));
  EXPECT_TRUE(matches("127.0.0.1", "127.0.0.1:8080"));
  EXPECT_FALSE(matches("example.com", "api.example.com"));
  EXPECT_FALSE(matches("example.com", ""));
}

TEST(HostIndex, Subdomains) {
  EXPECT_TRUE(matches("*.example.com", "a.example.com"));
  EXPECT_TRUE(matches("*.example.com", "A.B.Example.com:80"));
  EXPECT_FALSE(matches("*.example.com", "example.com"));
  EXPECT_FALSE(matches("*.example.com", "badexample.com"));
  EXPECT_FALSE(matches("*.example.com", ".example.com"));
}

TEST(HostIndex, FindsAllThatMatchTheMostSpecificFirst) {
  HostIndex index;
  for (const char* text : {"*.com", "a.example.com", "*.example.com", "b.example.com", "*.a.example.com"}) {
    index.add(HostPattern::parse(text).value());
  }
  EXPECT_EQ(index.size(), 5u);
  EXPECT_EQ(index.add(HostPattern::parse("A.example.com").value()), 1u) << "it is there already";
  EXPECT_EQ(found(index, "a.example.com"), (std::vector<uint32_t>{1, 2, 0}));
  EXPECT_EQ(found(index, "x.a.example.com"), (std::vector<uint32_t>{4, 2, 0}));
  EXPECT_EQ(found(index, "example.com"), (std::vector<uint32_t>{0}));
  EXPECT_TRUE(found(index, "com").empty());
  EXPECT_TRUE(found(index, "").empty());
}

TEST(HostIndex, AHostThatIsTooLongDoesNotPassASubdomainsRule) {
  for (const size_t length : {240u, 255u, 256u, 257u, 5'000u}) {
    EXPECT_TRUE(matches("*.example.com", std::string(length, 'a') + ".Example.com")) << length;
    EXPECT_TRUE(matches("*.example.com", std::string(length, '.') + "example.com")) << length;
    EXPECT_FALSE(matches("*.example.com", std::string(length, 'a') + "example.com")) << length;
  }
  const std::string longest = std::string(251, 'a') + ".com";
  EXPECT_TRUE(matches(longest, longest));
  EXPECT_FALSE(matches(longest, "a" + longest));
  EXPECT_TRUE(matches("*." + std::string(249, 'a') + ".com", "b." + std::string(249, 'a') + ".com"));
}

}  // namespace
}  // namespace rateguard::rules
