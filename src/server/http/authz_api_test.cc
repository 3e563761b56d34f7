// GET|POST /v1/authz, as nginx, Traefik, Caddy and Envoy ask.
#include <gtest/gtest.h>

#include "server/http/fake_exchange.h"

namespace rateguard::http_api {
namespace {

using Headers = std::vector<std::pair<std::string, std::string>>;

HttpApiHarness with_rules(identify::Settings identity = {}) {
  rules::Rule login = rule_of("login", "ip", *Limit::sliding_window_log(1, Duration::seconds(60)));
  login.match = {.methods = {"POST"}, .paths = {"/login"}};
  rules::Rule key = rule_of("key", "api_key", *Limit::token_bucket(1, {}));
  key.match = {.paths = {"/api/*"}};
  rules::Rule host = rule_of("host", "ip", *Limit::token_bucket(1, {}));
  host.match = {.hosts = {"shop.example"}};
  return HttpApiHarness({login, key, host}, std::move(identity));
}

Headers traefik(std::string client) {
  return {{"Host", "rateguard"},
          {"X-Forwarded-Method", "POST"},
          {"X-Forwarded-Uri", "/login?next=1"},
          {"X-Forwarded-Host", "a.example"},
          {"X-Forwarded-For", std::move(client)}};
}

Headers nginx(std::string client) {
  return {{"Host", "a.example"},
          {"X-Original-Method", "POST"},
          {"X-Original-URI", "/login"},
          {"X-Forwarded-For", std::move(client)}};
}

TEST(Authz, CountsTheClientBehindTheProxy) {
  for (const auto& headers_of : {traefik, nginx}) {
    HttpApiHarness server = with_rules();
    const auto admitted = server.ask({.target = "/v1/authz", .headers = headers_of("203.0.113.9")});
    EXPECT_EQ(admitted.code, 200);
    EXPECT_EQ(admitted["RateLimit"], R"("login";r=0;t=60)");
    EXPECT_EQ(admitted["Cache-Control"], "no-store");
    const auto refused = server.ask({.target = "/v1/authz", .headers = headers_of("203.0.113.9")});
    EXPECT_EQ(refused.code, 429);
    EXPECT_EQ(refused["Retry-After"], "60");
    EXPECT_EQ(refused.content_type, "application/problem+json");
    EXPECT_EQ(refused.text,
              R"({"type":"https://iana.org/assignments/http-problem-types#quota-exceeded",)"
              R"("title":"Request cannot be satisfied as assigned quota has been exceeded","status":429,)"
              R"("detail":"rule 'login' admits 1 per 60 s; try again in 60 s","violated-policies":["login"]})");
    EXPECT_EQ(server.ask({.target = "/v1/authz", .headers = headers_of("203.0.113.10")}).code, 200);
    // A client that writes the header itself is counted by what the proxy appended.
    EXPECT_EQ(server.ask({.target = "/v1/authz", .headers = headers_of("7.7.7.7, 203.0.113.9")}).code, 429);
  }
}

TEST(Authz, IngressNginxSendsAWholeUrl) {
  HttpApiHarness server = with_rules();
  Headers headers = nginx("203.0.113.9");
  headers[2] = {"X-Original-URL", "https://a.example/login?x=1"};
  EXPECT_EQ(server.ask({.target = "/v1/authz", .headers = headers}).code, 200);
  EXPECT_EQ(server.ask({.target = "/v1/authz", .headers = headers}).code, 429);
}

TEST(Authz, EnvoySendsTheRequestItself) {
  HttpApiHarness server = with_rules();
  const FakeRequest request = {.method = "POST",
                               .target = "/v1/authz/login?refuse_status=403",
                               .headers = {{"Host", "a.example"}, {"X-Forwarded-For", "203.0.113.9"}}};
  EXPECT_EQ(server.ask(request).code, 200);
  EXPECT_EQ(server.ask(request).code, 429);  // the query is the client's
  const FakeRequest other = {.method = "DELETE",
                             .target = "/v1/authz/",
                             .headers = {{"Host", "shop.example:80"}, {"X-Forwarded-For", "203.0.113.9"}}};
  EXPECT_EQ(server.ask(other).code, 200);
  EXPECT_EQ(server.ask(other).code, 429);
}

TEST(Authz, ARefusalCanHaveTheStatusThatNginxKnows) {
  HttpApiHarness server = with_rules();
  const std::string target = "/v1/authz?refuse_status=403";
  EXPECT_EQ(server.ask({.target = target, .headers = nginx("203.0.113.9")}).code, 200);
  const auto refused = server.ask({.target = target, .headers = nginx("203.0.113.9")});
  EXPECT_EQ(refused.code, 403);
  EXPECT_EQ(refused["Retry-After"], "60");
  EXPECT_NE(refused.text.find("\"status\":403"), std::string::npos);
  EXPECT_EQ(server.ask({.target = "/v1/authz?refuse_status=200", .headers = nginx("1.1.1.1")}).code, 400);
  EXPECT_EQ(server.ask({.target = "/v1/authz?refuse=403", .headers = nginx("1.1.1.1")}).code, 400);
}

TEST(Authz, BelievesProxiesOnly) {
  HttpApiHarness server = with_rules({.trusted_proxies = {*IpPrefix::parse("10.0.0.0/8")}});
  EXPECT_EQ(server.ask({.target = "/v1/authz", .headers = nginx("203.0.113.9"), .peer = "10.1.1.1"}).code, 200);
  const auto stranger = server.ask({.target = "/v1/authz", .headers = nginx("203.0.113.9"), .peer = "192.0.2.1"});
  EXPECT_EQ(stranger.code, 403);
  EXPECT_NE(stranger.text.find("192.0.2.1"), std::string::npos);
  const Headers forged = {{"X-Forwarded-For", "203.0.113.9"}};
  EXPECT_EQ(server.ask({.target = "/v1/authz/x", .headers = forged, .peer = "192.0.2.1"}).code, 403);
}

TEST(Authz, AStrangerWhoSpeaksForItselfIsCountedAsItself) {
  rules::Rule all = rule_of("all", "ip", *Limit::token_bucket(1, {}));
  HttpApiHarness server({all});
  EXPECT_EQ(server.ask({.target = "/v1/authz", .peer = "192.0.2.1"}).code, 200);
  EXPECT_EQ(server.ask({.target = "/v1/authz", .peer = "192.0.2.1"}).code, 429);
  EXPECT_EQ(server.ask({.target = "/v1/authz", .peer = "192.0.2.2"}).code, 200);
}

TEST(Authz, AClientCannotSlipInTheOtherFamilyOfHeaders) {
  HttpApiHarness server = with_rules();
  Headers both = nginx("203.0.113.9");
  both.emplace_back("X-Forwarded-Uri", "/harmless");
  const auto refused = server.ask({.target = "/v1/authz", .headers = both});
  EXPECT_EQ(refused.code, 400);
  // The method and the host of the other family are not read either.
  Headers method = nginx("203.0.113.9");
  method.emplace_back("X-Forwarded-Method", "GET");
  method.emplace_back("X-Forwarded-Host", "elsewhere.example");
  EXPECT_EQ(server.ask({.target = "/v1/authz", .headers = method}).code, 200);
  EXPECT_EQ(server.ask({.target = "/v1/authz", .headers = method}).code, 429);
}

// One field of `headers`, by its place, becomes all of `values` under its name.
Headers with_values(Headers headers, size_t place, const std::vector<std::string>& values) {
  const std::string name = headers[place].first;
  headers.erase(headers.begin() + static_cast<std::ptrdiff_t>(place));
  for (const std::string& value : values) headers.emplace_back(name, value);
  return headers;
}

// Of each of the fields that say which request is meant, whatever a proxy that adds to the client's own makes of it.
TEST(Authz, AFieldThatContradictsItselfIsRefusedByName) {
  struct Case {
    Headers (*headers_of)(std::string);
    size_t place;
    std::string harmless;
  };
  const Case cases[] = {{traefik, 1, "GET"},
                        {traefik, 2, "/harmless"},
                        {traefik, 3, "other.example"},
                        {nginx, 1, "GET"},
                        {nginx, 2, "/harmless"}};
  for (const auto& [headers_of, place, harmless] : cases) {
    const Headers good = headers_of("203.0.113.9");
    const auto& [name, own] = good[place];
    for (const auto& values : std::vector<std::vector<std::string>>{
             {harmless, own}, {own, harmless}, {own, own}, {"", own}, {own, ""}, {harmless + ", " + own}}) {
      HttpApiHarness server = with_rules();
      const auto answer = server.ask({.target = "/v1/authz", .headers = with_values(good, place, values)});
      EXPECT_EQ(answer.code, 400) << name << ": " << values[0];
      EXPECT_NE(answer.text.find("\"field\":\"" + name + "\""), std::string::npos) << answer.text;
      EXPECT_NE(answer.text.find("have the proxy"), std::string::npos) << answer.text;
    }
  }
}

TEST(Authz, AMissingMethodIsRefusedAndNoRuleIsPassedOver) {
  for (const auto& headers_of : {traefik, nginx}) {
    for (const auto& values : std::vector<std::vector<std::string>>{{}, {""}}) {
      HttpApiHarness server = with_rules();
      const Headers headers = with_values(headers_of("203.0.113.9"), 1, values);
      const auto answer = server.ask({.method = "POST", .target = "/v1/authz", .headers = headers});
      EXPECT_EQ(answer.code, 400);
      EXPECT_NE(answer.text.find("-Method is missing"), std::string::npos) << answer.text;
    }
  }
}

TEST(Authz, AMissingHostIsRefusedWhereRulesNameHosts) {
  const Headers headers = with_values(traefik("203.0.113.9"), 3, {});
  HttpApiHarness by_host = with_rules();
  const auto refused = by_host.ask({.target = "/v1/authz", .headers = headers});
  EXPECT_EQ(refused.code, 400);
  EXPECT_NE(refused.text.find("rules that name hosts (such as 'host')"), std::string::npos) << refused.text;
  HttpApiHarness without({rule_of("all", "ip", *Limit::token_bucket(1, {}))});
  EXPECT_EQ(without.ask({.target = "/v1/authz", .headers = headers}).code, 200);
  EXPECT_EQ(without.ask({.target = "/v1/authz", .headers = headers}).code, 429);
}

// A comma alone is part of a path (RFC 3986, section 3.3), and a rule for that path applies.
TEST(Authz, ACommaInAPathIsPartOfIt) {
  rules::Rule both = rule_of("both", "ip", *Limit::token_bucket(1, {}));
  both.match = {.paths = {"/a,/up"}};
  HttpApiHarness server({both});
  const Headers headers = with_values(traefik("203.0.113.9"), 2, {"/a,/up"});
  EXPECT_EQ(server.ask({.target = "/v1/authz", .headers = headers}).code, 200);
  EXPECT_EQ(server.ask({.target = "/v1/authz", .headers = headers}).code, 429);
}

TEST(Authz, AnInvalidUriIsRefused) {
  for (const char* const uri : {"/a b", "/harmless /login", "/a\tb", "/a\r\n/login"}) {
    for (const auto& headers_of : {traefik, nginx}) {
      HttpApiHarness server = with_rules();
      const Headers headers = with_values(headers_of("203.0.113.9"), 2, {uri});
      EXPECT_EQ(server.ask({.target = "/v1/authz", .headers = headers}).code, 400) << uri;
    }
  }
}

// The rule for the path of a whole URL applies, of either family.
TEST(Authz, AWholeUrlIsItsPath) {
  for (const auto& headers_of : {traefik, nginx}) {
    HttpApiHarness server = with_rules();
    const Headers headers = with_values(headers_of("203.0.113.9"), 2, {"http://a.example/login"});
    EXPECT_EQ(server.ask({.target = "/v1/authz", .headers = headers}).code, 200);
    EXPECT_EQ(server.ask({.target = "/v1/authz", .headers = headers}).code, 429);
  }
}

TEST(Authz, BothFieldsOfNginxHaveToMeanTheSame) {
  HttpApiHarness server = with_rules();
  Headers headers = nginx("203.0.113.9");
  headers.emplace_back("X-Original-URL", "https://a.example/login");
  EXPECT_EQ(server.ask({.target = "/v1/authz", .headers = headers}).code, 200);
  headers.back().second = "https://a.example/harmless";
  EXPECT_EQ(server.ask({.target = "/v1/authz", .headers = headers}).code, 400);
}

TEST(Authz, SaysThatTheProxyDoesNotSayWhichRequestIsMeant) {
  HttpApiHarness server = with_rules();
  const auto answer = server.ask({.method = "POST", .target = "/v1/authz"});
  EXPECT_EQ(answer.code, 400);
  EXPECT_NE(answer.text.find("X-Forwarded-Uri"), std::string::npos);
}

TEST(Authz, AMissingIdentityIsNotAQuota) {
  HttpApiHarness server = with_rules();
  Headers headers = traefik("203.0.113.9");
  headers[2] = {"X-Forwarded-Uri", "/api/x"};
  const auto refused = server.ask({.target = "/v1/authz", .headers = headers});
  EXPECT_EQ(refused.code, 403);
  EXPECT_EQ(refused.text, R"({"type":"about:blank","title":"Missing identity","status":403,)"
                          R"("detail":"rule 'key' counts by api_key, which this request lacks","field":"api_key"})");
  headers.emplace_back("X-API-Key", "secret-1");
  EXPECT_EQ(server.ask({.target = "/v1/authz", .headers = headers}).code, 200);
  const auto blocked = server.ask({.target = "/v1/authz", .headers = headers});
  EXPECT_EQ(blocked.code, 429);
  EXPECT_EQ(blocked.text.find("secret"), std::string::npos);
}

TEST(Authz, AnyBodyIsLeftAlone) {
  HttpApiHarness server = with_rules();
  Headers headers = traefik("203.0.113.9");
  headers.emplace_back("Content-Type", "text/plain");
  EXPECT_EQ(server.ask({.method = "POST", .target = "/v1/authz", .body = "hello", .headers = headers}).code, 200);
}

}  // namespace
}  // namespace rateguard::http_api
