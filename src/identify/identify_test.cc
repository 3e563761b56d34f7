#include "identify/identify.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "identify/signing_for_tests.h"

namespace rateguard::identify {
namespace {

using testing::encode_base64url;
using testing::hs256_token;

constexpr Instant kNow = Instant::from_seconds(1'700'000'000);
const std::string kSecret(32, 's');

// A key file for HS256 that lives as long as this.
class KeyFile {
 public:
  KeyFile() : path_(std::filesystem::temp_directory_path() / fmt::format("identify_test_{}.json", ::getpid())) {
    std::ofstream(path_) << fmt::format(R"({{"kty":"oct","k":"{}"}})", encode_base64url(kSecret));
  }
  ~KeyFile() { std::filesystem::remove(path_); }
  KeyFile(const KeyFile&) = delete;
  KeyFile& operator=(const KeyFile&) = delete;

  std::string path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// A Subject with the memory that its views point into.
struct Found {
  std::shared_ptr<const Identifier> identifier;
  std::vector<Header> headers;
  Scratch scratch;
  Subject subject;
};

std::unique_ptr<Found> identify(const Settings& settings, std::vector<Header> headers, RequestFacts facts = {}) {
  auto found = std::make_unique<Found>();
  found->identifier = Identifier::create(settings).value();
  found->headers = std::move(headers);
  facts.headers = found->headers;
  found->subject = found->identifier->identify(facts, kNow, found->scratch);
  return found;
}

IdentitySource source(std::string_view text) {
  return IdentitySource::parse(text).value();
}

Settings with_tokens(const KeyFile& file) {
  Settings settings;
  settings.jwt.key_file = file.path();
  settings.user = source("jwt:sub");
  settings.workspace = source("jwt:https://example.com/org");
  settings.plan = source("jwt:plan");
  return settings;
}

std::string bearer(std::string_view claims, std::string_view secret = kSecret) {
  return "Bearer " + hs256_token(secret, R"({"alg":"HS256"})", claims);
}

TEST(IdentitySource, Parses) {
  EXPECT_EQ(source("header:X-User").kind, IdentitySource::Kind::kHeader);
  EXPECT_EQ(source("header:X-User").name, "X-User");
  EXPECT_EQ(source("cookie:session").kind, IdentitySource::Kind::kCookie);
  EXPECT_EQ(source("jwt:sub").kind, IdentitySource::Kind::kClaim);
  EXPECT_EQ(source("jwt:https://example.com/org").name, "https://example.com/org");
}

TEST(IdentitySource, RefusesWithWhatWasExpected) {
  for (const std::string_view text : {"", "header", "header:", "cookie:", "jwt:", ":x", "Header:x", "query:x",
                                      "header:X User", "header:X:Y", "cookie:a=b", "cookie:a;b", "header: X"}) {
    const auto parsed = IdentitySource::parse(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_NE(parsed.error().message.find("\"header:NAME\""), std::string::npos);
  }
}

TEST(Identifier, MasksIpv6AndKeepsIpv4) {
  const auto ip = [](std::string_view peer, int prefix_v6) {
    return identify({.prefix_v6 = prefix_v6}, {}, {.peer = IpAddress::parse(peer)})->subject.ip->to_string();
  };
  EXPECT_EQ(ip("2001:db8:1:2:3:4:5:6", 64), "2001:db8:1:2::");
  EXPECT_EQ(ip("2001:db8:1:2ff:3:4:5:6", 56), "2001:db8:1:200::");
  EXPECT_EQ(ip("::ffff:192.0.2.1", 64), "192.0.2.1");
  EXPECT_EQ(ip("192.0.2.1", 64), "192.0.2.1");
  EXPECT_FALSE(identify({}, {})->subject.ip);
}

TEST(Identifier, MasksTheClientAndNotTheProxy) {
  const Settings settings = {.trusted_proxies = {IpPrefix::parse("2001:db8:ff::1/128").value()}};
  const std::vector<Header> headers = {{"X-Forwarded-For", "2001:db8:1:2:3::4"}};
  const auto ip = [&](std::string_view peer) {
    return identify(settings, headers, {.peer = IpAddress::parse(peer)})->subject.ip->to_string();
  };
  EXPECT_EQ(ip("2001:db8:ff::1"), "2001:db8:1:2::");
  EXPECT_EQ(ip("2001:db8:ff::2"), "2001:db8:ff::") << "a neighbour in the proxy's /64 is not the proxy";
}

TEST(Identifier, TakesTheApiKeyInOrder) {
  const std::vector<Header> both = {{"Authorization", "Bearer b-key"}, {"x-api-key", " x-key "}};
  EXPECT_EQ(identify({}, both, {.api_key = "facts"})->subject.api_key, "facts");
  EXPECT_EQ(identify({}, both)->subject.api_key, "x-key");
  EXPECT_EQ(identify({}, {{"authorization", "bEaReR  b-key"}})->subject.api_key, "b-key");
  EXPECT_EQ(identify({}, {{"X-API-Key", ""}, {"Authorization", "Bearer b-key"}})->subject.api_key, "b-key");
  for (const std::string_view value : {"", "Bearer", "Bearer ", "Basic dTpw", "Bearerb-key", "b-key", "Bearer a b"}) {
    EXPECT_EQ(identify({}, {{"Authorization", value}})->subject.api_key, "") << value;
  }
}

TEST(Identifier, ReadsSourcesAndLetsTheFactsWin) {
  const Settings settings = {
      .user = source("header:X-User"), .workspace = source("cookie:ws"), .plan = source("header:X-Plan")};
  const std::vector<Header> headers = {{"x-user", " ada "}, {"Cookie", "a=1; ws=w1"}, {"X-Plan", "pro"}};
  const auto found = identify(settings, headers);
  EXPECT_EQ(found->subject.user, "ada");
  EXPECT_EQ(found->subject.workspace, "w1");
  EXPECT_EQ(found->subject.plan, "pro");
  const auto given = identify(settings, headers, {.user = "u", .workspace = "w", .plan = "p"});
  EXPECT_EQ(given->subject.user, "u");
  EXPECT_EQ(given->subject.workspace, "w");
  EXPECT_EQ(given->subject.plan, "p");
  const auto none = identify({}, headers);
  EXPECT_EQ(none->subject.user, "");
  EXPECT_EQ(none->subject.workspace, "");
}

TEST(Identifier, ReadsVerifiedClaims) {
  const KeyFile file;
  const std::string authorization = bearer(
      R"({"sub":"ada","plan":"pro","https://example.com/org":"o1","n":1.50,"big":12345678901234567890,"ok":true,"no":null,"o":{},"a":["x"]})");
  const auto found = identify(with_tokens(file), {{"Authorization", authorization}});
  EXPECT_EQ(found->subject.user, "ada");
  EXPECT_EQ(found->subject.plan, "pro");
  EXPECT_EQ(found->subject.workspace, "o1");
  EXPECT_EQ(found->subject.claim("n"), "1.50");
  EXPECT_EQ(found->subject.claim("big"), "12345678901234567890");
  EXPECT_EQ(found->subject.claim("ok"), "true");
  EXPECT_EQ(found->subject.claims.size(), 6u) << "null and nested ones are left out";
  EXPECT_EQ(found->subject.api_key, "") << "a verified token is not an API key";
}

TEST(Identifier, BelievesNothingOfATokenThatDoesNotVerify) {
  const KeyFile file;
  for (const std::string& authorization :
       {bearer(R"({"sub":"eve"})", std::string(32, 'x')), bearer(R"({"sub":"eve","exp":1699999000})"),
        bearer(R"({"sub":"eve","sub":"eve"})"),
        "Bearer " + testing::signing_input(R"({"alg":"none"})", R"({"sub":"eve"})") + "."}) {
    const auto found = identify(with_tokens(file), {{"Authorization", authorization}});
    EXPECT_EQ(found->subject.user, "");
    EXPECT_TRUE(found->subject.claims.empty());
    EXPECT_EQ("Bearer " + std::string(found->subject.api_key), authorization) << "an opaque key";
  }
  const auto basic = identify(with_tokens(file), {{"Authorization", "Basic " + bearer(R"({"sub":"eve"})").substr(7)}});
  EXPECT_EQ(basic->subject.user, "");
}

TEST(Identifier, OneOfTwoAuthorizationsDoesNotDo) {
  const KeyFile file;
  const std::string good = bearer(R"({"sub":"ada"})");
  for (const auto& other : {std::string("Bearer x"), good}) {
    EXPECT_EQ(identify(with_tokens(file), {{"Authorization", other}, {"authorization", good}})->subject.user, "");
    EXPECT_EQ(identify(with_tokens(file), {{"Authorization", good}, {"authorization", other}})->subject.user, "");
  }
}

TEST(Identifier, JudgesTokensByTheWallClock) {
  const KeyFile file;
  const auto identifier = Identifier::create(with_tokens(file)).value();
  const std::string authorization = bearer(R"({"sub":"ada","exp":1700000300,"nbf":1699999900})");
  const Header headers[] = {{"Authorization", authorization}};
  const auto user_at = [&](Now now) {
    Scratch scratch;
    return std::string(identifier->identify({.headers = headers}, now, scratch).user);
  };
  // The counters' time is an hour ahead, as after a step that was taken back, or a little behind.
  EXPECT_EQ(user_at({kNow + Duration::seconds(3'600), Duration::seconds(3'600)}), "ada");
  EXPECT_EQ(user_at({kNow, Duration::seconds(3'600)}), "") << "not yet, by the wall clock";
  EXPECT_EQ(user_at({kNow, Duration::seconds(-3'600)}), "") << "no more, by the wall clock";
}

TEST(Identifier, AppliesLeewayIssuerAndAudience) {
  const KeyFile file;
  Settings settings = with_tokens(file);
  settings.jwt.issuer = "https://id.example";
  settings.jwt.audience = "api";
  const auto user = [&](std::string_view claims) {
    return std::string(identify(settings, {{"Authorization", bearer(claims)}})->subject.user);
  };
  EXPECT_EQ(user(R"({"sub":"ada","iss":"https://id.example","aud":"api","exp":1699999941})"), "ada")
      << "within a minute";
  EXPECT_EQ(user(R"({"sub":"ada","iss":"https://id.example","aud":"api","exp":1699999940})"), "");
  EXPECT_EQ(user(R"({"sub":"ada","iss":"https://id.example","aud":"other"})"), "");
  EXPECT_EQ(user(R"({"sub":"ada","aud":"api"})"), "");
}

TEST(Identifier, ForgetsTheLastRequestsClaims) {
  const KeyFile file;
  const auto identifier = Identifier::create(with_tokens(file)).value();
  Scratch scratch;
  const std::string authorization = bearer(R"({"sub":"ada"})");
  const std::vector<Header> headers = {{"Authorization", authorization}};
  EXPECT_EQ(identifier->identify({.headers = headers}, kNow, scratch).user, "ada");
  EXPECT_EQ(identifier->identify({}, kNow, scratch).user, "");
  EXPECT_TRUE(scratch.claims.empty());
}

TEST(Identifier, RefusesSettingsThatCannotWork) {
  const auto problem = [](const Settings& settings) {
    const auto identifier = Identifier::create(settings);
    return identifier ? std::string() : identifier.error().message;
  };
  EXPECT_EQ(problem({}), "");
  EXPECT_NE(problem({.prefix_v6 = 129}), "");
  EXPECT_NE(problem({.prefix_v6 = -1}), "");
  EXPECT_NE(problem({.jwt = {.leeway = Duration::seconds(-1)}}), "");
  EXPECT_NE(problem({.jwt = {.leeway = Duration::never()}}), "");
  EXPECT_NE(problem({.user = source("jwt:sub")}).find("jwt:sub"), std::string::npos)
      << "claims, and no key to verify them with";
  const auto missing = Identifier::create({.jwt = {.key_file = "/nonexistent/keys.json"}});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::kIo);
}

TEST(Identifier, AnUntrustedPeersClaimsOfAddressNeverChangeTheAnswer) {
  EXPECT_TRUE(rc::check([] {
    const auto list = *rc::gen::arbitrary<std::string>();
    const Settings settings = {.trusted_proxies = {IpPrefix::parse("10.0.0.0/8").value()}};
    const auto found = identify(settings, {{"X-Forwarded-For", list}, {"Forwarded", list}, {"X-Real-IP", list}},
                                {.peer = IpAddress::parse("192.0.2.1")});
    RC_ASSERT(found->subject.ip == IpAddress::parse("192.0.2.1"));
  }));
}

TEST(Identify, KeepsTheWholeAddressBesideTheOneThatAPrefixCut) {
  const auto identifier = Identifier::create({.prefix_v6 = 48}).value();
  Scratch scratch;
  const Subject subject = identifier->identify({.peer = IpAddress::parse("2001:db8:1:2::3")}, Instant{}, scratch);
  EXPECT_EQ(subject.address, IpAddress::parse("2001:db8:1:2::3"));
  EXPECT_EQ(subject.ip, IpAddress::parse("2001:db8:1::"));
  EXPECT_FALSE(identifier->identify({}, Instant{}, scratch).address.has_value());
}

TEST(Identify, WhatTheCatalogSaysOfACallerTakesPrecedence) {
  const auto identifier = *Identifier::create({.workspace = {.kind = IdentitySource::Kind::kHeader, .name = "X-W"}});
  const KnownCaller caller{.key_id = "key_1", .workspace = "acme", .plan = "pro"};
  const Header headers[] = {{"X-API-Key", "secret"}, {"X-W", "somebody else"}};
  for (const std::span<const Header> some : {std::span<const Header>(), std::span<const Header>(headers)}) {
    Scratch scratch;
    const RequestFacts facts{.headers = some, .api_key = "secret", .plan = "free", .caller = &caller};
    const Subject subject = identifier->identify(facts, {}, scratch);
    EXPECT_EQ(subject.api_key, "key_1");
    EXPECT_EQ(subject.workspace, "acme");
    EXPECT_EQ(subject.plan, "pro");
    EXPECT_EQ(subject.caller, &caller);
  }
}

TEST(Identify, TheKeyThatIsShownIsTheOneThatIsCounted) {
  const auto identifier = *Identifier::create({});
  const Header bearer[] = {{"Authorization", "Bearer b"}};
  const Header both[] = {{"Authorization", "Bearer b"}, {"X-API-Key", "k"}};
  EXPECT_EQ(identifier->shown_key({.headers = bearer}, {}), "b");
  EXPECT_EQ(identifier->shown_key({.headers = both}, {}), "k");
  EXPECT_EQ(identifier->shown_key({.headers = both, .api_key = "f"}, {}), "f");
  EXPECT_EQ(identifier->shown_key({}, {}), "");
}

}  // namespace
}  // namespace rateguard::identify
