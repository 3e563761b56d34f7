// Which requests a rule applies to by more than method, host and path.
#include "rules/conditions.h"

#include <gtest/gtest.h>

#include "rules/rule_check.h"
#include "rules/rule_set.h"

namespace rateguard::rules {
namespace {

using Kind = ValueCondition::Kind;

bool applies(const Match& match, const RequestFacts& facts, const Subject& subject) {
  const auto set = RuleSet::compile({{.name = "r", .match = match, .limit = Limit::gcra(1, {.units = 1}).value()}});
  EXPECT_TRUE(set.has_value()) << (set ? "" : set.error().to_string());
  Matches matches;
  (*set)->match(facts, subject, Instant{}, matches);
  return !matches.limits().empty();
}

Subject from(const char* address) {
  const auto whole = IpAddress::parse(address);
  return {.ip = whole->masked_v6(64), .address = whole};
}

std::vector<IpPrefix> prefixes(std::initializer_list<const char*> texts) {
  std::vector<IpPrefix> out;
  for (const char* text : texts) out.push_back(IpPrefix::parse(text).value());
  return out;
}

TEST(Conditions, AnAddressIsComparedWholeBeforeAPrefixCutsIt) {
  const Match office{.address = {.inside = prefixes({"10.0.0.0/8", "2001:db8:1:2:3::/80"})}};
  EXPECT_TRUE(applies(office, {}, from("10.1.2.3")));
  EXPECT_FALSE(applies(office, {}, from("11.1.2.3")));
  EXPECT_TRUE(applies(office, {}, from("2001:db8:1:2:3::9")));
  EXPECT_FALSE(applies(office, {}, from("2001:db8:1:2:4::9")));
  EXPECT_FALSE(applies(office, {}, {})) << "an unknown address is inside nothing";
}

TEST(Conditions, NotIpTakesAddressesOutAndAnUnknownOneStays) {
  const Match rest{.address = {.inside = prefixes({"10.0.0.0/8"}), .outside = prefixes({"10.9.0.0/16"})}};
  EXPECT_TRUE(applies(rest, {}, from("10.1.2.3")));
  EXPECT_FALSE(applies(rest, {}, from("10.9.2.3")));
  const Match others{.address = {.outside = prefixes({"10.0.0.0/8"})}};
  EXPECT_FALSE(applies(others, {}, from("10.1.2.3")));
  EXPECT_TRUE(applies(others, {}, from("11.1.2.3")));
  EXPECT_TRUE(applies(others, {}, {}));
}

TEST(Conditions, AnAbsentValueIsNoneOfTheValues) {
  const Part user{.kind = PartKind::kUser};
  const Match named{.values = {{.of = user, .values = {"alice", "bob"}}}};
  EXPECT_TRUE(applies(named, {}, {.user = "bob"}));
  EXPECT_FALSE(applies(named, {}, {.user = "Bob"})) << "byte by byte";
  EXPECT_FALSE(applies(named, {}, {}));
  const Match others{.values = {{.of = user, .kind = Kind::kNoneOf, .values = {"alice"}}}};
  EXPECT_FALSE(applies(others, {}, {.user = "alice"}));
  EXPECT_TRUE(applies(others, {}, {.user = "bob"}));
  EXPECT_TRUE(applies(others, {}, {}));
  EXPECT_TRUE(applies({.values = {{.of = user, .kind = Kind::kPresent}}}, {}, {.user = "bob"}));
  EXPECT_FALSE(applies({.values = {{.of = user, .kind = Kind::kPresent}}}, {}, {}));
  EXPECT_FALSE(applies({.values = {{.of = user, .kind = Kind::kAbsent}}}, {}, {.user = "bob"}));
  EXPECT_TRUE(applies({.values = {{.of = user, .kind = Kind::kAbsent}}}, {}, {}));
}

TEST(Conditions, AHeaderIsTheFirstOfItsNameWithoutWhiteSpace) {
  const Match paid{.values = {{.of = {.kind = PartKind::kHeader, .name = "X-Plan"}, .values = {"pro", "max"}}}};
  const auto with = [](std::string_view name, std::string_view value) {
    return std::vector<Header>{{.name = name, .value = value}, {.name = "X-Plan", .value = "pro"}};
  };
  EXPECT_TRUE(applies(paid, {.headers = with("x-plan", " max\t")}, {}));
  EXPECT_FALSE(applies(paid, {.headers = with("x-plan", "free")}, {})) << "a second field changes nothing";
  EXPECT_TRUE(applies(paid, {.headers = with("x-other", "free")}, {}));
  EXPECT_FALSE(applies(paid, {}, {}));
}

TEST(Conditions, EveryIdentityCanBeCompared) {
  const std::vector<std::pair<std::string, std::string>> claims = {{"role", "admin"}};
  const std::vector<Header> headers = {{.name = "Cookie", .value = "tier=gold"}};
  const Subject subject{.api_key = "k", .user = "u", .workspace = "w", .plan = "p", .claims = claims};
  for (const auto& [part, value] :
       std::initializer_list<std::pair<const char*, const char*>>{{"api_key", "k"},
                                                                  {"user", "u"},
                                                                  {"workspace", "w"},
                                                                  {"plan", "p"},
                                                                  {"jwt:role", "admin"},
                                                                  {"cookie:tier", "gold"}}) {
    const Part of = Part::parse(part).value();
    EXPECT_TRUE(applies({.values = {{.of = of, .values = {value}}}}, {.headers = headers}, subject)) << part;
    EXPECT_FALSE(applies({.values = {{.of = of, .values = {"x"}}}}, {.headers = headers}, subject)) << part;
  }
}

TEST(Conditions, NotMethodNotHostAndNotPathTakeRequestsOut) {
  const Match match{
      .paths = {"/api/*"},
      .except = {.methods = {"GET"}, .hosts = {"*.internal"}, .paths = {"/api/health", "/api/{v}/docs/*"}}};
  const auto asks = [&](std::string_view method, std::string_view host, std::string_view path) {
    return applies(match, {.method = method, .path = path, .host = host}, {});
  };
  EXPECT_TRUE(asks("POST", "a.example", "/api/x"));
  EXPECT_FALSE(asks("get", "a.example", "/api/x")) << "without case, as method";
  EXPECT_TRUE(asks("", "a.example", "/api/x")) << "an unknown method is not GET";
  EXPECT_FALSE(asks("POST", "A.INTERNAL:80", "/api/x"));
  EXPECT_FALSE(asks("POST", "a.example", "/api//health/"));
  EXPECT_FALSE(asks("POST", "a.example", "/api/v1/docs/y"));
  EXPECT_FALSE(asks("POST", "a.example", "http://b.internal/api/x")) << "the host of an absolute form";
}

TEST(Conditions, WhatCanMatchNothingIsRefused) {
  const auto why = [](const Match& match) { return why_nothing_matches(match); };
  EXPECT_EQ(why({.methods = {"GET", "POST"}, .except = {.methods = {"POST"}}}),
            "method POST is taken back by not_method POST");
  EXPECT_EQ(why({.hosts = {"a.example.com"}, .except = {.hosts = {"*.example.com"}}}),
            "host a.example.com is taken back by not_host *.example.com");
  EXPECT_EQ(why({.hosts = {"example.com"}, .except = {.hosts = {"*.example.com"}}}), "");
  EXPECT_EQ(why({.paths = {"/api/x"}, .except = {.paths = {"/api/*"}}}),
            "path /api/x is taken back by not_path /api/*");
  EXPECT_EQ(why({.paths = {"/api/*"}, .except = {.paths = {"/api/{x}/*"}}}), "");
  EXPECT_EQ(why({.paths = {"/a/{x}"}, .except = {.paths = {"/a/b"}}}), "");
  EXPECT_EQ(why({.paths = {"/a/b"}, .except = {.paths = {"/a/{x}"}}}), "path /a/b is taken back by not_path /a/{x}");
  EXPECT_EQ(why({.except = {.paths = {"/*"}}}), "not_path /* leaves no path");
  EXPECT_EQ(why({.address = {.inside = prefixes({"10.0.0.0/8"}), .outside = prefixes({"10.0.0.0/9", "10.128.0.0/9"})}}),
            "not_ip takes back every address of ip");
  const Part user{.kind = PartKind::kUser};
  EXPECT_EQ(why({.values = {{.of = user, .values = {"a"}}, {.of = user, .kind = Kind::kNoneOf, .values = {"a"}}}}),
            "a value of user is asked for and taken back");
  EXPECT_EQ(why({.values = {{.of = user, .kind = Kind::kAbsent}, {.of = user, .values = {"a"}}}}),
            "user is asked to be absent and to have a value");
  EXPECT_EQ(why({.values = {{.of = user, .values = {"a", "b"}}, {.of = user, .values = {"c"}}}}),
            "user is asked to have one of several values, and one of quite others");
  EXPECT_EQ(why({.values = {{.of = user, .values = {"a", "b"}}, {.of = user, .values = {"b"}}}}), "");
}

// Identified callers over NAT64 have the IPv4 address inside, so that none is ever in such a network.
TEST(Conditions, ANetworkInsideNat64IsRefusedWithTheIpv4NetworkToWrite) {
  const auto refusal = [](const char* prefix) {
    const auto good = check_condition_prefix(IpPrefix::parse(prefix).value());
    return good ? "none" : good.error().message;
  };
  EXPECT_EQ(refusal("64:ff9b::203.0.113.0/120"),
            "no caller is ever in 64:ff9b::cb00:7100/120: an address of NAT64 is read as the IPv4 address inside; "
            "write 203.0.113.0/24, which callers over IPv4 are in, too");
  EXPECT_TRUE(refusal("64:ff9b::203.0.113.9").contains("write 203.0.113.9, ")) << refusal("64:ff9b::203.0.113.9");
  EXPECT_TRUE(refusal("64:ff9b::/96").contains("write 0.0.0.0/0, "));
  EXPECT_EQ(refusal("64:ff9b::/48"),
            "the only callers in 64:ff9b::/48 come over NAT64 (64:ff9b::/96), and their addresses are read as the IPv4 "
            "addresses inside; write 0.0.0.0/0, which callers over IPv4 are in, too");
  for (const char* good : {"64:ff9b::/32", "64:ff9b:1::/48", "::/0", "0.0.0.0/0", "64:ff9b:0:1::/64", "10.0.0.0/8"}) {
    EXPECT_EQ(refusal(good), "none") << good;
  }
  for (const bool is_excepted : {false, true}) {
    Match match;
    (is_excepted ? match.address.outside : match.address.inside) = prefixes({"64:ff9b::/96"});
    EXPECT_FALSE(RuleSet::compile({{.name = "r", .match = match, .limit = Limit::gcra(1, {.units = 1}).value()}}));
  }
}

}  // namespace
}  // namespace rateguard::rules
