#include "identify/proxy_protocol.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <string>
#include <string_view>
#include <vector>

namespace rateguard::identify {
namespace {

using Bytes = std::vector<uint8_t>;

Bytes header(uint8_t version_command, uint8_t family, const Bytes& payload) {
  Bytes bytes = {0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a, version_command, family};
  bytes.push_back(static_cast<uint8_t>(payload.size() >> 8));
  bytes.push_back(static_cast<uint8_t>(payload.size() & 0xff));
  bytes.insert(bytes.end(), payload.begin(), payload.end());
  return bytes;
}

const Bytes kTcp4Payload = {192, 0, 2, 1, 10, 0, 0, 1, 0x12, 0x67, 0x01, 0xbb};

Bytes tcp6_payload() {
  Bytes payload(36);
  payload[0] = 0x20;
  payload[1] = 0x01;
  payload[2] = 0x0d;
  payload[3] = 0xb8;
  payload[15] = 1;
  payload[32] = 0x12;
  payload[33] = 0x67;
  return payload;
}

Bytes joined(Bytes a, const Bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

TEST(ProxyProtocol, ReadsTcpSources) {
  const auto v4 = parse_proxy_header(header(0x21, 0x11, kTcp4Payload));
  ASSERT_TRUE(v4 && *v4);
  EXPECT_EQ((*v4)->source, IpAddress::parse("192.0.2.1"));
  EXPECT_EQ((*v4)->source_port, 0x1267);
  EXPECT_EQ((*v4)->length, 28u);

  const auto v6 = parse_proxy_header(header(0x21, 0x21, tcp6_payload()));
  ASSERT_TRUE(v6 && *v6);
  EXPECT_EQ((*v6)->source, IpAddress::parse("2001:db8::1"));
  EXPECT_EQ((*v6)->source_port, 0x1267);
  EXPECT_EQ((*v6)->length, 52u);
}

TEST(ProxyProtocol, SkipsWhatFollowsTheAddresses) {
  const Bytes with_tlv = header(0x21, 0x11, joined(kTcp4Payload, {0x04, 0x00, 0x03, 1, 2, 3}));
  const auto parsed = parse_proxy_header(joined(with_tlv, {'G', 'E', 'T'}));
  ASSERT_TRUE(parsed && *parsed);
  EXPECT_EQ((*parsed)->length, 34u);
  EXPECT_EQ((*parsed)->source, IpAddress::parse("192.0.2.1"));
}

TEST(ProxyProtocol, LocalAndOtherFamiliesKeepThePeersAddress) {
  for (const Bytes& bytes :
       {header(0x20, 0x00, {}), header(0x20, 0x11, kTcp4Payload), header(0x20, 0xff, {1, 2, 3}), header(0x21, 0x00, {}),
        header(0x21, 0x00, {1, 2, 3}), header(0x21, 0x12, kTcp4Payload), header(0x21, 0x31, Bytes(216))}) {
    const auto parsed = parse_proxy_header(bytes);
    ASSERT_TRUE(parsed && *parsed);
    EXPECT_FALSE((*parsed)->source);
    EXPECT_EQ((*parsed)->length, bytes.size());
  }
}

TEST(ProxyProtocol, WaitsForEveryByte) {
  for (const Bytes& bytes :
       {header(0x21, 0x11, kTcp4Payload), header(0x21, 0x21, tcp6_payload()), header(0x20, 0x00, {})}) {
    for (size_t length = 0; length < bytes.size(); ++length) {
      const auto parsed = parse_proxy_header(std::span(bytes).first(length));
      ASSERT_TRUE(parsed) << length;
      EXPECT_FALSE(*parsed) << length;
    }
  }
}

TEST(ProxyProtocol, RefusesWhatIsNotAHeader) {
  const auto refused = [](const Bytes& bytes) { return !parse_proxy_header(bytes); };
  EXPECT_TRUE(refused({'G'})) << "at the first foreign byte";
  EXPECT_TRUE(refused({0x0d, 0x0a, 0x0d, 0x0b}));
  EXPECT_TRUE(refused({'P', 'R', 'O', 'X', 'Y', ' '})) << "version 1";
  EXPECT_TRUE(refused(header(0x11, 0x11, kTcp4Payload))) << "version";
  EXPECT_TRUE(refused(header(0x22, 0x11, kTcp4Payload))) << "command";
  EXPECT_TRUE(refused(header(0x21, 0x41, kTcp4Payload))) << "family";
  EXPECT_TRUE(refused(header(0x21, 0x13, kTcp4Payload))) << "transport";
  EXPECT_TRUE(refused(header(0x21, 0x21, kTcp4Payload))) << "too short for its family";
  EXPECT_TRUE(refused(header(0x21, 0x11, Bytes(11))));
  EXPECT_TRUE(refused(header(0x21, 0x31, Bytes(215))));
  EXPECT_FALSE(refused(header(0x21, 0x11, Bytes(kProxyHeaderMax - 16))));
  EXPECT_TRUE(refused(header(0x21, 0x11, Bytes(kProxyHeaderMax - 15))));
}

TEST(ProxyProtocol, ReadsBackAnySource) {
  EXPECT_TRUE(rc::check([] {
    const auto source = *rc::gen::container<std::array<uint8_t, 16>>(rc::gen::arbitrary<uint8_t>());
    Bytes payload(source.begin(), source.end());
    payload.resize(36);
    const auto parsed = parse_proxy_header(header(0x21, 0x21, payload));
    RC_ASSERT(parsed && *parsed);
    RC_ASSERT((*parsed)->source == IpAddress{source});
  }));
}

}  // namespace
}  // namespace rateguard::identify
