#include "model/ip_address.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <array>
#include <cstring>
#include <string>

namespace rateguard {
namespace {

IpAddress from(std::string_view text) {
  return IpAddress::parse(text).value();
}

// The reference: the C library's reader, IPv4 laid into the mapped form.
std::optional<IpAddress> reference_parse(const std::string& text) {
  IpAddress address;
  if (text.find('\0') != std::string::npos) return std::nullopt;
  if (inet_pton(AF_INET6, text.c_str(), address.bytes.data()) == 1) return address;
  address.bytes = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (inet_pton(AF_INET, text.c_str(), address.bytes.data() + 12) == 1) return address;
  return std::nullopt;
}

// Addresses with runs of zeros, which uniformly random ones hardly ever have.
rc::Gen<IpAddress> any_address() {
  const auto byte = rc::gen::weightedOneOf<uint8_t>(
      {{3, rc::gen::just(uint8_t{0})}, {1, rc::gen::arbitrary<uint8_t>()}, {1, rc::gen::just(uint8_t{0xff})}});
  const auto v6 = rc::gen::map(rc::gen::container<std::array<uint8_t, 16>>(byte),
                               [](std::array<uint8_t, 16> bytes) { return IpAddress{bytes}; });
  const auto v4 = rc::gen::map(rc::gen::container<std::array<uint8_t, 4>>(byte), [](std::array<uint8_t, 4> bytes) {
    return IpAddress{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, bytes[0], bytes[1], bytes[2], bytes[3]}};
  });
  return rc::gen::oneOf(v6, v4);
}

TEST(IpAddress, PrintsCanonically) {
  const std::array<std::pair<std::string_view, std::string_view>, 16> cases = {{
      {"192.0.2.1", "192.0.2.1"},
      {"0.0.0.0", "0.0.0.0"},
      {"255.255.255.255", "255.255.255.255"},
      {"::", "::"},
      {"::1", "::1"},
      {"1::", "1::"},
      {"2001:DB8:0:0:0:0:0:1", "2001:db8::1"},
      {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},  // one zero group stays
      {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},           // the longest run
      {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},     // the first on a tie
      {"2001:0db8::0001", "2001:db8::1"},
      {"0:0:1::", "0:0:1::"},
      {"::ffff:1.2.3.4", "1.2.3.4"},
      {"::ffff:102:304", "1.2.3.4"},  // mapped by range, not by notation
      {"64:ff9b::192.0.2.33", "64:ff9b::c000:221"},
      {"ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
  }};
  for (const auto& [text, canonical] : cases) EXPECT_EQ(from(text).to_string(), canonical) << text;
}

TEST(IpAddress, RefusesWhatIsNotAnAddress) {
  for (const std::string_view text : {"",
                                      ".",
                                      ":",
                                      ":::",
                                      "1",
                                      "1.2.3",
                                      "1.2.3.4.5",
                                      "1.2.3.",
                                      ".1.2.3.4",
                                      "1.2.3.4.",
                                      "01.2.3.4",
                                      "1.2.3.00",
                                      "256.1.1.1",
                                      "1.2.3.4 ",
                                      " 1.2.3.4",
                                      "+1.2.3.4",
                                      "0x1.2.3.4",
                                      "1.2.3.1000",
                                      "1..2.3",
                                      "1:2:3:4:5:6:7",
                                      "1:2:3:4:5:6:7:8:9",
                                      "1::2::3",
                                      ":1::2",
                                      "1:2:3:4:5:6:7:",
                                      "1:2:3:4:5:6:7:8::",
                                      "::1:2:3:4:5:6:7:8",
                                      "1::2:3:4:5:6:7:8",
                                      "12345::",
                                      "g::",
                                      "fe80::1%eth0",
                                      "fe80::1%25eth0",
                                      "[::1]",
                                      "::1.2.3",
                                      "::1.2.3.4:5",
                                      "1:2:3:4:5:6:7:1.2.3.4",
                                      "::01.2.3.4",
                                      "1.2.3.4::",
                                      "1:",
                                      "::1:",
                                      "1.2.3.4/32",
                                      "0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000",
                                      "localhost"}) {
    EXPECT_FALSE(IpAddress::parse(text)) << text;
  }
  EXPECT_FALSE(IpAddress::parse(std::string_view("1.2.3.4\0", 8)));
}

TEST(IpAddress, OneCallerHasOneAddressHoweverWritten) {
  EXPECT_EQ(from("192.0.2.1"), from("::ffff:192.0.2.1"));
  EXPECT_EQ(from("192.0.2.1"), from("::FFFF:c000:0201"));
  EXPECT_EQ(from("192.0.2.1"), from("0:0:0:0:0:ffff:c000:201"));
  EXPECT_NE(from("192.0.2.1"), from("::192.0.2.1"));
}

TEST(IpAddress, ReadsTheIpv4AddressInsideNat64sWellKnownPrefix) {
  for (const int bits : {0, 64, 128}) {
    EXPECT_EQ(from("64:ff9b::192.0.2.33").masked_v6(bits), from("192.0.2.33"));
    EXPECT_EQ(from("64:ff9b::c000:222").masked_v6(bits), from("192.0.2.34"));
  }
  // Where in the local prefix (RFC 8215) the IPv4 address stands depends on the translator; 6to4 and Teredo are IPv6
  // sites and servers of their own.
  EXPECT_EQ(from("64:ff9b:1::192.0.2.33").masked_v6(64), from("64:ff9b:1::"));
  EXPECT_EQ(from("64:ff9b::1:0:0").masked_v6(64), from("64:ff9b::"));
  EXPECT_EQ(from("2002:c000:221:1::5").masked_v6(64), from("2002:c000:221:1::"));
  EXPECT_EQ(from("2001:0:c000:221::5").masked_v6(64), from("2001:0:c000:221::"));
}

TEST(IpAddress, MasksIpv6Alone) {
  EXPECT_EQ(from("2001:db8:1:2:3:4:5:6").masked_v6(64), from("2001:db8:1:2::"));
  EXPECT_EQ(from("2001:db8:1:ffff:3:4:5:6").masked_v6(56), from("2001:db8:1:ff00::"));
  EXPECT_EQ(from("2001:db8:1:ffff::").masked_v6(49), from("2001:db8:1:8000::"));
  EXPECT_EQ(from("2001:db8::1").masked_v6(128), from("2001:db8::1"));
  EXPECT_EQ(from("2001:db8::1").masked_v6(0), from("::"));
  EXPECT_EQ(from("::ffff:192.0.2.1").masked_v6(0), from("192.0.2.1"));
}

TEST(IpAddress, ReadsWhatInetPtonReads) {
  const auto compare = [] {
    std::string text = (*any_address()).to_string();
    const auto edits = *rc::gen::inRange(0, 4);
    for (int i = 0; i < edits && !text.empty(); ++i) {
      const auto at = *rc::gen::inRange<size_t>(0, text.size());
      const char c = *rc::gen::elementOf(std::string("0123456789abfF:.:.%/ g"));
      switch (*rc::gen::inRange(0, 3)) {
        case 0:
          text[at] = c;
          break;
        case 1:
          text.insert(at, 1, c);
          break;
        default:
          text.erase(at, 1);
          break;
      }
    }
    RC_ASSERT(IpAddress::parse(text) == reference_parse(text));
  };
  EXPECT_TRUE(rc::check("texts near to addresses", [&] {
    for (int i = 0; i < 50; ++i) compare();
  }));
}

TEST(IpAddress, PrintsWhatInetNtopPrints) {
  EXPECT_TRUE(rc::check("every address but the deprecated IPv4-compatible, which inet_ntop writes with dots", [] {
    const IpAddress address = *any_address();
    const std::string text = address.to_string();
    RC_ASSERT(text.size() <= size_t{IpAddress::kTextMax});
    RC_ASSERT(IpAddress::parse(text) == address);
    const bool compatible =
        std::all_of(address.bytes.begin(), address.bytes.begin() + 12, [](uint8_t b) { return b == 0; });
    RC_PRE(!compatible);
    std::array<char, INET6_ADDRSTRLEN> theirs = {};
    if (address.is_v4()) {
      inet_ntop(AF_INET, address.bytes.data() + 12, theirs.data(), theirs.size());
    } else {
      inet_ntop(AF_INET6, address.bytes.data(), theirs.data(), theirs.size());
    }
    RC_ASSERT(text == theirs.data());
  }));
}

TEST(IpPrefix, Parses) {
  EXPECT_EQ(IpPrefix::parse("10.0.0.0/8"), (IpPrefix{from("10.0.0.0"), 104}));
  EXPECT_EQ(IpPrefix::parse("::ffff:10.0.0.0/104"), (IpPrefix{from("10.0.0.0"), 104}));
  EXPECT_EQ(IpPrefix::parse("2001:db8::/32"), (IpPrefix{from("2001:db8::"), 32}));
  EXPECT_EQ(IpPrefix::parse("192.0.2.1"), (IpPrefix{from("192.0.2.1"), 128}));
  EXPECT_EQ(IpPrefix::parse("::1"), (IpPrefix{from("::1"), 128}));
  EXPECT_EQ(IpPrefix::parse("0.0.0.0/0"), (IpPrefix{from("0.0.0.0"), 96}));
  EXPECT_EQ(IpPrefix::parse("10.1.2.3/8"), (IpPrefix{from("10.0.0.0"), 104}));  // bits beyond the prefix do not matter
}

TEST(IpPrefix, RefusesWithWhatWasExpected) {
  for (const std::string_view text :
       {"", "/", "10.0.0.0/", "10.0.0.0/33", "::/129", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/08", "10.0.0.0/8/8",
        "10.0.0.0/ 8", "10.0.0/8", "::/1000", "example.com", "/8", "10.0.0.0/a"}) {
    const auto prefix = IpPrefix::parse(text);
    ASSERT_FALSE(prefix) << text;
    EXPECT_EQ(prefix.error().code, ErrorCode::kInvalid);
    EXPECT_NE(prefix.error().message.find(text), std::string::npos);
  }
  EXPECT_NE(IpPrefix::parse("10.0.0.0/33").error().message.find("0 to 32"), std::string::npos);
}

TEST(IpPrefix, ContainsItsRange) {
  const auto contains = [](std::string_view prefix, std::string_view address) {
    return IpPrefix::parse(prefix).value().contains(from(address));
  };
  EXPECT_TRUE(contains("10.0.0.0/8", "10.255.255.255"));
  EXPECT_TRUE(contains("10.0.0.0/8", "::ffff:10.1.2.3"));
  EXPECT_FALSE(contains("10.0.0.0/8", "11.0.0.0"));
  EXPECT_FALSE(contains("10.0.0.0/8", "a00::"));
  EXPECT_TRUE(contains("172.16.0.0/12", "172.31.255.255"));
  EXPECT_FALSE(contains("172.16.0.0/12", "172.32.0.0"));
  EXPECT_TRUE(contains("0.0.0.0/0", "8.8.8.8"));
  EXPECT_FALSE(contains("0.0.0.0/0", "2001:db8::1"));
  EXPECT_TRUE(contains("::/0", "2001:db8::1"));
  EXPECT_TRUE(contains("192.0.2.1", "192.0.2.1"));
  EXPECT_FALSE(contains("192.0.2.1", "192.0.2.0"));
  EXPECT_TRUE(contains("2001:db8::/33", "2001:db8:7fff::"));
  EXPECT_FALSE(contains("2001:db8::/33", "2001:db8:8000::"));
}

TEST(IpPrefix, ContainsExactlyTheAddressesThatShareItsBits) {
  EXPECT_TRUE(rc::check([] {
    const IpAddress base = *any_address();
    const int bits = *rc::gen::inRange(0, 129);
    const IpPrefix prefix = {base, bits};
    IpAddress other = base;
    const int flipped = *rc::gen::inRange(0, 128);
    other.bytes[static_cast<size_t>(flipped / 8)] ^= static_cast<uint8_t>(0x80 >> flipped % 8);
    RC_ASSERT(prefix.contains(base));
    RC_ASSERT(prefix.contains(other) == (flipped >= bits));
  }));
}

}  // namespace
}  // namespace rateguard
