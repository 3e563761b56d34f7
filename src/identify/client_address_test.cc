#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <string>
#include <vector>

#include "identify/identify.h"

namespace rateguard::identify {
namespace {

const std::vector<IpPrefix> kTrusted = {IpPrefix::parse("10.0.0.0/8").value(),
                                        IpPrefix::parse("2001:db8:ff::/48").value()};
constexpr std::string_view kProxy = "10.0.0.1";
constexpr std::string_view kList = "X-Forwarded-For";
constexpr std::string_view kStandard = "Forwarded";

std::string address(std::string_view peer, std::vector<Header> headers, std::span<const IpPrefix> trusted = kTrusted) {
  const RequestFacts facts = {.peer = IpAddress::parse(peer), .headers = headers};
  const auto found = client_address(facts, trusted);
  return found ? found->to_string() : "none";
}

std::string through_list(std::string_view value) {
  return address(kProxy, {{kList, value}});
}
std::string through_standard(std::string_view value) {
  return address(kProxy, {{kStandard, value}});
}

struct Case {
  std::string_view value;
  std::string_view client;
};

TEST(ClientAddress, IsThePeersWhereNoHeaderSaysOtherwise) {
  EXPECT_EQ(address("192.0.2.1", {}), "192.0.2.1");
  EXPECT_EQ(address(kProxy, {}), kProxy);
  EXPECT_EQ(address("", {{kList, "192.0.2.1"}}), "none") << "an unknown peer is not a trusted one";
}

// Before anything is read out of it: who trusts 10.0.0.0/8 means machines of that network.
TEST(ClientAddress, ATrustedProxyBehindNat64IsMatchedByItsAddressAsItIs) {
  const std::vector<IpPrefix> nat64 = {IpPrefix::parse("64:ff9b::10.0.0.0/104").value()};
  EXPECT_EQ(address("64:ff9b::10.0.0.1", {{kList, "192.0.2.1, 64:ff9b::10.9.9.9"}}, nat64), "192.0.2.1");
  EXPECT_EQ(address(kProxy, {{kList, "192.0.2.1"}}, nat64), kProxy);
  EXPECT_EQ(address("64:ff9b::10.0.0.1", {{kList, "192.0.2.1"}}), "64:ff9b::a00:1");
}

TEST(ClientAddress, XForwardedForIsWalkedFromTheRight) {
  for (const auto& [value, client] : std::vector<Case>{
           {"192.0.2.1", "192.0.2.1"},
           {"192.0.2.1:4711", "192.0.2.1"},
           {"[2001:db8::1]:4711", "2001:db8::1"},
           {"[2001:db8::1]", "2001:db8::1"},
           {"2001:db8::1", "2001:db8::1"},
           {"::ffff:192.0.2.1", "192.0.2.1"},
           {"  192.0.2.1\t", "192.0.2.1"},
           {"203.0.113.9, 192.0.2.1", "192.0.2.1"},          // the left one is the client's own claim
           {"203.0.113.9,192.0.2.1,10.9.9.9", "192.0.2.1"},  // through two of ours
           {"192.0.2.1, 2001:db8:ff::2, ::ffff:10.1.1.1", "192.0.2.1"},
           {"10.0.0.3, 10.0.0.2", "10.0.0.3"},  // all ours: the leftmost
           {"127.0.0.1, 192.0.2.1", "192.0.2.1"},
           {"192.0.2.1, ,", "192.0.2.1"},  // empty elements name no hop
           {"", "10.0.0.1"},
           {", ,", "10.0.0.1"},
       }) {
    EXPECT_EQ(through_list(value), client) << value;
  }
}

TEST(ClientAddress, AMalformedElementEndsTheWalkAtTheLastGoodOne) {
  for (const auto& [value, client] : std::vector<Case>{
           {"unknown", "10.0.0.1"},
           {"192.0.2.1, unknown", "10.0.0.1"},
           {"192.0.2.1, unknown, 10.0.0.2", "10.0.0.2"},
           {"192.0.2.1, _hidden", "10.0.0.1"},
           {"192.0.2.1:port", "10.0.0.1"},
           {"192.0.2.1:", "10.0.0.1"},
           {"192.0.2.1:123456", "10.0.0.1"},
           {"192.0.2.01", "10.0.0.1"},
           {"192.0.2.1 203.0.113.9", "10.0.0.1"},
           {"192.0.2.1;203.0.113.9", "10.0.0.1"},
           {"[192.0.2.1]", "10.0.0.1"},
           {"[2001:db8::1", "10.0.0.1"},
           {"[2001:db8::1]4711", "10.0.0.1"},
           {"2001:db8::1%eth0", "10.0.0.1"},
           {"fe80::1%25eth0, 10.0.0.2", "10.0.0.2"},
           {"\"192.0.2.1\"", "10.0.0.1"},
           {"for=192.0.2.1", "10.0.0.1"},
       }) {
    EXPECT_EQ(through_list(value), client) << value;
  }
  EXPECT_EQ(through_list(std::string(200, ' ') + "192.0.2.1" + std::string(200, ' ')), kProxy);
}

TEST(ClientAddress, ForwardedIsWalkedFromTheRight) {
  for (const auto& [value, client] : std::vector<Case>{
           {"for=192.0.2.1", "192.0.2.1"},
           {"For=\"192.0.2.1\"", "192.0.2.1"},
           {"FOR=\"192.0.2.1:4711\"", "192.0.2.1"},
           {"for=192.0.2.1:4711", "192.0.2.1"},
           {"for=\"[2001:db8::1]:4711\"", "2001:db8::1"},
           {"for=\"[2001:db8::1]:_port\"", "2001:db8::1"},
           {"for=[2001:db8::1]", "2001:db8::1"},
           {"for=\"2001:db8::1\"", "2001:db8::1"},
           {"for=2001:db8::1", "2001:db8::1"},
           {"for=\"2001:db8::1\", for=\"2001:db8:ff::1\"", "2001:db8::1"},
           {"for=192.0.2.1;proto=http;by=203.0.113.43", "192.0.2.1"},
           {"by=\"_gazonk\"; for=192.0.2.1; host=\"a,b;c\\\"d\"", "192.0.2.1"},
           {"for=203.0.113.9, for=192.0.2.1", "192.0.2.1"},
           {"for=192.0.2.1,for=10.0.0.2;proto=https", "192.0.2.1"},
           {"for=203.0.113.9, for=192.0.2.1, for=\"[2001:db8:ff::1]\"", "192.0.2.1"},
           {"for=10.0.0.3, for=10.0.0.2", "10.0.0.3"},
           {"for=192.0.2.1;", "192.0.2.1"},
           {"for=192.0.2.1,,", "192.0.2.1"},
       }) {
    EXPECT_EQ(through_standard(value), client) << value;
  }
}

TEST(ClientAddress, AMalformedForwardedElementEndsTheWalk) {
  for (const auto& [value, client] : std::vector<Case>{
           {"for=unknown", "10.0.0.1"},
           {"for=192.0.2.1, for=unknown", "10.0.0.1"},
           {"for=192.0.2.1, for=_hidden, for=10.0.0.2", "10.0.0.2"},
           {"for=192.0.2.1, proto=https", "10.0.0.1"},
           {"for=192.0.2.1;for=192.0.2.2", "10.0.0.1"},
           {"192.0.2.1", "10.0.0.1"},
           {"for =192.0.2.1", "10.0.0.1"},
           {"for= 192.0.2.1", "10.0.0.1"},
           {"for=", "10.0.0.1"},
           {"for", "10.0.0.1"},
           {"=192.0.2.1", "10.0.0.1"},
           {"for=\"192.0.2.1", "10.0.0.1"},
           {"for=192.0.2.1\"", "10.0.0.1"},
           {"for=\"192.0.2.\\1\"", "10.0.0.1"},
           {"for=192.0.2.1;x=\"", "10.0.0.1"},
           {"for=192.0.2.1;;x", "10.0.0.1"},
       }) {
    EXPECT_EQ(through_standard(value), client) << value;
  }
}

// A client that opens a quoted string hopes to swallow what the proxy appends.
TEST(ClientAddress, AnOpenQuoteCannotSwallowWhatAProxyAppends) {
  for (const std::string_view forged : {"for=6.6.6.6;x=\"", "for=\"6.6.6.6", "for=6.6.6.6;x=\"\\", "for=6.6.6.6;x=a\"",
                                        "for=6.6.6.6;x=\"y\\\"", "\"", "for=6.6.6.6\""}) {
    for (const std::string_view appended :
         {"for=192.0.2.1", "for=\"192.0.2.1\"", "for=\"[2001:db8::9]:80\";proto=https"}) {
      const std::string joined = std::string(forged) + ", " + std::string(appended);
      EXPECT_NE(through_standard(joined), "6.6.6.6") << joined;
      // In a field of its own the proxy's word stands whatever came before.
      EXPECT_NE(address(kProxy, {{kStandard, forged}, {kStandard, appended}}), "6.6.6.6");
      EXPECT_NE(address(kProxy, {{kStandard, forged}, {kStandard, appended}}), kProxy);
    }
  }
}

TEST(ClientAddress, FieldsOfOneNameAreOneList) {
  EXPECT_EQ(address(kProxy, {{kList, "203.0.113.9"}, {"x-forwarded-for", "192.0.2.1, 10.0.0.2"}}), "192.0.2.1");
  EXPECT_EQ(address(kProxy, {{kList, "192.0.2.1"}, {"Accept", "*/*"}, {"X-FORWARDED-FOR", "10.0.0.2"}}), "192.0.2.1");
  EXPECT_EQ(address(kProxy, {{kList, "192.0.2.1, bad"}, {kList, "10.0.0.2"}}), "10.0.0.2");
  EXPECT_EQ(address(kProxy, {{kStandard, "for=203.0.113.9"}, {"forwarded", "for=192.0.2.1"}}), "192.0.2.1");
  EXPECT_EQ(address(kProxy, {{"X-Real-IP", "192.0.2.1"}, {"X-Forwarded", "192.0.2.1"}}), kProxy);
}

TEST(ClientAddress, ContradictingFieldsLeaveThePeer) {
  EXPECT_EQ(address(kProxy, {{kList, "192.0.2.1"}, {kStandard, "for=192.0.2.1"}}), "192.0.2.1");
  EXPECT_EQ(address(kProxy, {{kList, "192.0.2.1"}, {kStandard, "for=203.0.113.9"}}), kProxy);
  EXPECT_EQ(address(kProxy, {{kList, "192.0.2.1"}, {kStandard, "for=unknown"}}), kProxy);
  EXPECT_EQ(address(kProxy, {{kList, "9.9.9.9, 192.0.2.1"}, {kStandard, "for=8.8.8.8, for=\"192.0.2.1:80\""}}),
            "192.0.2.1");
}

TEST(ClientAddress, AnEmptyFieldSaysNothing) {
  for (const char* empty : {"", " ", ",", " , ,"}) {
    EXPECT_EQ(address(kProxy, {{kList, empty}, {kStandard, "for=192.0.2.1"}}), "192.0.2.1") << empty;
    EXPECT_EQ(address(kProxy, {{kList, "192.0.2.1"}, {kStandard, empty}}), "192.0.2.1") << empty;
    EXPECT_EQ(address(kProxy, {{kList, empty}, {kStandard, empty}}), kProxy) << empty;
    EXPECT_EQ(address(kProxy, {{kList, empty}, {kList, "192.0.2.1"}, {kList, empty}}), "192.0.2.1") << empty;
  }
}

TEST(ClientAddress, HopsAreBounded) {
  for (const bool standard : {false, true}) {
    const std::string hop = standard ? "for=10.0.0.2" : "10.0.0.2";
    std::string list = standard ? "for=192.0.2.1" : "192.0.2.1";
    for (int i = 0; i < 63; ++i) list += "," + hop;
    EXPECT_EQ(standard ? through_standard(list) : through_list(list), "192.0.2.1") << standard;
    list += "," + hop;
    EXPECT_EQ(standard ? through_standard(list) : through_list(list), "10.0.0.2") << standard;
  }
  EXPECT_EQ(through_list("192.0.2.1" + std::string(100, ',')), kProxy);
  EXPECT_EQ(through_standard("for=192.0.2.1;x=" + std::string(9000, 'x')), kProxy);
}

TEST(ClientAddress, EverythingTrustedIsTheLeftmost) {
  const std::vector<IpPrefix> everyone = {IpPrefix::parse("::/0").value()};
  EXPECT_EQ(address("192.0.2.1", {{kList, "203.0.113.9, 198.51.100.7"}}, everyone), "203.0.113.9");
}

// Texts that look like lists of hops, well formed and not.
std::string any_hops() {
  const auto piece = rc::gen::elementOf(std::vector<std::string>{"1.2.3.4",
                                                                 "10.0.0.2",
                                                                 "203.0.113.9",
                                                                 "[2001:db8::1]:80",
                                                                 "2001:db8:ff::1",
                                                                 "for=",
                                                                 "for=1.2.3.4",
                                                                 "for=10.0.0.2",
                                                                 "FOR=\"[::1]\"",
                                                                 ",",
                                                                 ", ",
                                                                 ";",
                                                                 "\"",
                                                                 "\\",
                                                                 "unknown",
                                                                 "_hidden",
                                                                 " ",
                                                                 ":80",
                                                                 "by=x",
                                                                 "=",
                                                                 "\x01"});
  std::string text;
  for (const std::string& part : *rc::gen::container<std::vector<std::string>>(piece)) text += part;
  return text;
}

TEST(ClientAddress, AnUntrustedPeersHeadersNeverChangeTheAnswer) {
  EXPECT_TRUE(rc::check([] {
    for (int i = 0; i < 20; ++i) {
      const std::string list = any_hops();
      const std::string standard = any_hops();
      RC_ASSERT(address("192.0.2.77", {{kList, list}, {kStandard, standard}}) == "192.0.2.77");
      RC_ASSERT(address("192.0.2.77", {{kList, list}, {kStandard, standard}}, {}) == "192.0.2.77");
    }
  }));
}

TEST(ClientAddress, WhatATrustedProxyAppendsWinsOverAllThatCameBefore) {
  EXPECT_TRUE(rc::check([] {
    for (int i = 0; i < 20; ++i) {
      const std::string forged = any_hops();
      RC_ASSERT(through_list(forged + ", 192.0.2.1") == "192.0.2.1");
      // An unbalanced quote of the client's makes the field unreadable, which is the proxy's own address, never a
      // forged one.
      const std::string standard = through_standard(forged + ", for=192.0.2.1");
      RC_ASSERT(standard == "192.0.2.1" || standard == kProxy);
      RC_ASSERT(address(kProxy, {{kStandard, forged}, {kStandard, "for=192.0.2.1"}}) == "192.0.2.1");
    }
  }));
}

}  // namespace
}  // namespace rateguard::identify
