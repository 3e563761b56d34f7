#include "rules/ip_set.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <string>

namespace rateguard::rules {
namespace {

IpSet set_of(std::initializer_list<const char*> texts) {
  std::vector<IpPrefix> prefixes;
  for (const char* text : texts) prefixes.push_back(IpPrefix::parse(text).value());
  return IpSet(prefixes);
}

bool has(const IpSet& set, const char* address) {
  return set.contains(IpAddress::parse(address).value());
}

TEST(IpSet, HoldsWhatItsPrefixesHold) {
  const IpSet set = set_of({"10.0.0.0/8", "192.0.2.7", "2001:db8::/32"});
  for (const char* inside : {"10.0.0.0", "10.255.255.255", "::ffff:10.1.2.3", "192.0.2.7", "2001:db8:ffff::1"}) {
    EXPECT_TRUE(has(set, inside)) << inside;
  }
  for (const char* outside :
       {"9.255.255.255", "11.0.0.0", "192.0.2.6", "192.0.2.8", "2001:db7::", "2001:db9::", "::"}) {
    EXPECT_FALSE(has(set, outside)) << outside;
  }
  EXPECT_FALSE(has(IpSet(), "10.0.0.1"));
  EXPECT_TRUE(has(set_of({"::/0"}), "255.255.255.255"));
  EXPECT_TRUE(has(set_of({"::/0"}), "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"));
}

TEST(IpSet, CoversPrefixesThatAreEntirelyInside) {
  EXPECT_TRUE(set_of({"10.0.0.0/9", "10.128.0.0/9"}).covers(set_of({"10.0.0.0/8"}))) << "two halves";
  EXPECT_TRUE(set_of({"0.0.0.0/0"}).covers(set_of({"10.0.0.0/8", "192.0.2.1"})));
  EXPECT_FALSE(set_of({"0.0.0.0/0"}).covers(set_of({"2001:db8::1"})));
  EXPECT_FALSE(set_of({"10.0.0.0/9"}).covers(set_of({"10.0.0.0/8"})));
  EXPECT_TRUE(set_of({}).covers(set_of({})));
}

// Prefixes over a few bits, so that they meet; the obvious answer is to ask each of them.
TEST(IpSet, AgreesWithAskingEachPrefix) {
  EXPECT_TRUE(rc::check("the same answer", [] {
    const auto any_address = [] {
      IpAddress address = IpAddress::parse(*rc::gen::arbitrary<bool>() ? "10.0.0.0" : "2001:db8::").value();
      address.bytes[14] = static_cast<uint8_t>(*rc::gen::inRange(0, 4));
      address.bytes[15] = static_cast<uint8_t>(*rc::gen::inRange(0, 256));
      return address;
    };
    std::vector<IpPrefix> prefixes(*rc::gen::inRange<size_t>(0, 20));
    for (IpPrefix& prefix : prefixes) {
      const IpAddress address = any_address();
      const int bits = *rc::gen::inRange(20, 33) + (address.is_v4() ? 0 : 96);
      prefix = IpPrefix::parse(address.to_string() + "/" + std::to_string(bits)).value();
    }
    const IpSet set(prefixes);
    for (int i = 0; i < 50; ++i) {
      const IpAddress address = any_address();
      RC_ASSERT(set.contains(address) ==
                std::ranges::any_of(prefixes, [&](const IpPrefix& prefix) { return prefix.contains(address); }));
    }
  }));
}

}  // namespace
}  // namespace rateguard::rules
