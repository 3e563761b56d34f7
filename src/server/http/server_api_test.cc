// What is common to all routes: dispatch, tokens, problems, ids; and the routes that say how the server is.
#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>

#include <sstream>

#include "http/local_exchange.h"
#include "server/http/fake_exchange.h"
#include "server/http/routes.h"

namespace rateguard::http_api {
namespace {

TEST(Routing, AMissingPathIsAProblem) {
  HttpApiHarness server;
  const auto answer = server.get("/nope");
  EXPECT_EQ(answer.code, 404);
  EXPECT_EQ(answer.content_type, "application/problem+json");
  EXPECT_EQ(server.get("/check/").code, 404);
  EXPECT_EQ(server.get("//check").code, 404);
  EXPECT_EQ(server.get("*").code, 404);
  EXPECT_EQ(server.get("").code, 404);
}

TEST(Routing, SaysWhichMethodsAPathTakes) {
  HttpApiHarness server;
  const auto wrong = server.get("/check");
  EXPECT_EQ(wrong.code, 405);
  EXPECT_EQ(wrong["Allow"], "POST, OPTIONS");
  EXPECT_NE(wrong.text.find("does not take GET"), std::string::npos);
  const auto options = server.ask({.method = "OPTIONS", .target = "/v1/counters/a/b"});
  EXPECT_EQ(options.code, 204);
  EXPECT_EQ(options["Allow"], "GET, HEAD, DELETE, OPTIONS");
  EXPECT_EQ(options.text, "");
  const auto whole = server.ask({.method = "OPTIONS", .target = "*"});
  EXPECT_EQ(whole.code, 204);
  EXPECT_EQ(whole["Allow"], "GET, HEAD, POST, DELETE, OPTIONS");
  EXPECT_EQ(server.ask({.method = "PUT", .target = "/v1/rules"}).code, 405);
  EXPECT_EQ(server.ask({.method = "get", .target = "/health"}).code, 405);
}

TEST(Routing, HeadGoesWhereGetDoes) {
  HttpApiHarness server;
  for (const Route& route : routes()) {
    if (route.method != "GET" || route.pattern.find('{') != std::string_view::npos || route.pattern == "/v1/authz")
      continue;
    EXPECT_EQ(server.ask({.method = "HEAD", .target = std::string(route.pattern)}).code, 200) << route.pattern;
  }
}

TEST(Access, EveryRouteButFourAsksForATokenWhereOneIsConfigured) {
  HttpApiHarness server;
  server.service.settings.tokens = {"caller-token"};
  server.service.settings.admin_tokens = {"admin-token"};
  int open = 0;
  for (const Route& route : routes()) {
    std::string target(route.pattern);
    const std::string method(route.method == "*" ? "GET" : route.method);
    const auto nobody = server.ask({.method = method, .target = target});
    if (route.access == Access::kAny) {
      ++open;
      EXPECT_EQ(nobody.code, 200) << target;
      continue;
    }
    EXPECT_EQ(nobody.code, 401) << target;
    EXPECT_EQ(nobody["WWW-Authenticate"], "Bearer realm=\"rateguard\"");
    const auto stranger =
        server.ask({.method = method, .target = target, .headers = {{"authorization", "Bearer caller-tokem"}}});
    EXPECT_EQ(stranger.code, 401) << target;
    EXPECT_EQ(stranger["WWW-Authenticate"], "Bearer realm=\"rateguard\", error=\"invalid_token\"");
    EXPECT_EQ(stranger.text.find("tokem"), std::string::npos);
    const int as_caller =
        server.ask({.method = method, .target = target, .headers = {{"Authorization", "bearer caller-token"}}}).code;
    EXPECT_EQ(as_caller == 403, route.access == Access::kAdmin) << target << ' ' << as_caller;
    const int as_admin =
        server.ask({.method = method, .target = target, .headers = {{"X-RateGuard-Token", "admin-token"}}}).code;
    EXPECT_TRUE(as_admin != 401 && as_admin != 403) << target << ' ' << as_admin;
  }
  EXPECT_EQ(open, 4);  // /, /health, /healthcheck, /ready
}

TEST(Access, OneOfTwoCredentialsDoesNotDo) {
  HttpApiHarness server;
  server.service.settings.tokens = {"caller-token"};
  const std::string right = "Bearer caller-token";
  const std::pair<std::string, std::string> pairs[] = {
      {"Bearer wrong", right}, {right, "Bearer wrong"}, {right, right}, {"", right}};
  for (const auto& [first, second] : pairs) {
    const auto answer =
        server.ask({.target = "/v1/rules", .headers = {{"Authorization", first}, {"authorization", second}}});
    EXPECT_EQ(answer.code, 400) << first;
    EXPECT_NE(answer.text.find("authorization came twice; it is unknown"), std::string::npos) << answer.text;
    EXPECT_EQ(answer.text.find("caller-token"), std::string::npos);
  }
  EXPECT_EQ(
      server.ask({.target = "/v1/rules", .headers = {{"X-RateGuard-Token", "x"}, {"X-RateGuard-Token", "y"}}}).code,
      400);
  EXPECT_EQ(server.ask({.target = "/v1/rules", .headers = {{"Authorization", right}}}).code, 200);
}

TEST(Access, WithoutAdminTokensAdminRoutesAreForLocalCallers) {
  HttpApiHarness server;
  const auto reload = [&](std::string peer, std::vector<std::pair<std::string, std::string>> headers = {}) {
    return server
        .ask({.method = "POST", .target = "/v1/reload", .headers = std::move(headers), .peer = std::move(peer)})
        .code;
  };
  EXPECT_EQ(reload("127.0.0.1"), 409);  // let in; there is no file
  EXPECT_EQ(reload("::1"), 409);
  EXPECT_EQ(reload("::ffff:127.9.9.9"), 409);
  EXPECT_EQ(reload("192.0.2.1"), 403);
  EXPECT_EQ(reload("127.0.0.1", {{"Forwarded", "for=192.0.2.1"}}), 403);
  server.service.settings.tokens = {"t"};
  EXPECT_EQ(reload("127.0.0.1"), 401);
  EXPECT_EQ(reload("127.0.0.1", {{"Authorization", "Bearer t"}}), 409);
  EXPECT_EQ(reload("192.0.2.1", {{"Authorization", "Bearer t"}}), 403);
}

TEST(RequestId, IsRepeatedWhereItIsSaneAndMadeForProblems) {
  HttpApiHarness server;
  const auto with = [&](std::string target, std::string id) {
    return server.ask({.target = std::move(target), .headers = {{"X-Request-Id", std::move(id)}}});
  };
  EXPECT_EQ(with("/health", "abc-123/4")["X-Request-Id"], "abc-123/4");
  EXPECT_FALSE(with("/health", "bad id").has("X-Request-Id"));
  EXPECT_FALSE(with("/health", std::string(129, 'a')).has("X-Request-Id"));
  EXPECT_FALSE(server.get("/health").has("X-Request-Id"));
  EXPECT_EQ(with("/nope", "abc")["X-Request-Id"], "abc");
  const std::string first = server.get("/nope")["X-Request-Id"];
  const std::string second = server.get("/nope")["X-Request-Id"];
  EXPECT_EQ(first.size(), 32U);
  EXPECT_EQ(first.find_first_not_of("0123456789abcdef"), std::string::npos);
  EXPECT_NE(first, second);
}

TEST(Rejection, LooksLikeEveryOtherProblem) {
  HttpApiHarness server;
  const auto answer =
      server.reject({.status = 413, .detail = "2000000 bytes; at most 1048576", .field = "Content-Length"});
  EXPECT_EQ(answer.code, 413);
  EXPECT_EQ(answer.text, R"({"type":"about:blank","title":"Content Too Large","status":413,)"
                         R"("detail":"2000000 bytes; at most 1048576","field":"Content-Length"})");
  EXPECT_NE(server.get("/metrics")
                .text.find("rateguard_http_requests_total{method=\"\",route=\"rejected\",status=\"413\"} 1"),
            std::string::npos);
}

TEST(Status, HealthIsAliveAndReadyKnowsMore) {
  HttpApiHarness server;
  EXPECT_EQ(server.get("/health").text, R"({"status":"ok"})");
  EXPECT_EQ(server.get("/ready").text, R"({"ready":true,"draining":false,"dependencies":[]})");
  server.service.dependencies = [] {
    return std::vector<server::Dependency>{{.name = "store default", .ready = false, .detail = "timed \"out\""}};
  };
  const auto waiting = server.get("/ready");
  EXPECT_EQ(waiting.code, 503);
  EXPECT_EQ(waiting.text, R"({"ready":false,"draining":false,"dependencies":[)"
                          R"({"name":"store default","ready":false,"detail":"timed \"out\""}]})");
  server.service.dependencies = {};
  server.service.draining = true;
  EXPECT_EQ(server.get("/ready").text, R"({"ready":false,"draining":true,"dependencies":[]})");
  EXPECT_EQ(server.get("/ready").code, 503);
  EXPECT_EQ(server.get("/health").code, 200);
}

TEST(Status, VersionAndWelcome) {
  HttpApiHarness server;
  server.service.settings.version = "1.2.3";
  EXPECT_EQ(server.get("/version").text, R"({"name":"rateguard","version":"1.2.3","commit":"unknown"})");
  const auto welcome = server.get("/");
  EXPECT_TRUE(welcome.content_type.starts_with("text/plain"));
  EXPECT_NE(welcome.text.find("curl"), std::string::npos);
}

TEST(Status, TheWelcomeNamesTheAddressThatWasAsked) {
  HttpApiHarness server;
  const auto url = [&](const std::string& host) {
    const std::string text = server.ask({.target = "/", .headers = {{"Host", host}}}).text;
    const size_t at = text.find("http://");
    return text.substr(at, text.find('\n', at) - at);
  };
  EXPECT_EQ(url("limits.example:9000"), "http://limits.example:9000/check");
  EXPECT_EQ(url("[::1]:8090"), "http://[::1]:8090/check");
  // What would mean something to a shell is not repeated.
  EXPECT_EQ(url("a;reboot"), "http://127.0.0.1:8080/check");
  EXPECT_EQ(url(""), "http://127.0.0.1:8080/check");
}

TEST(Status, MetricsAreRenderedOnceInATurn) {
  HttpApiHarness server;
  const std::string before = server.get("/metrics").text;
  server.get("/health");
  EXPECT_EQ(server.get("/metrics").text, before);
  server.now = server.now + Duration::micros(1);
  EXPECT_NE(server.get("/metrics").text, before);
}

TEST(Status, InstancesAreThoseThatAreKnown) {
  HttpApiHarness server;
  EXPECT_EQ(server.get("/v1/instances").text, R"({"instances":[]})");
  server.service.instances = [](Instant) {
    const InstanceDescription self{.host = "a\"b",
                                   .pid = 17,
                                   .version = "1.2.3",
                                   .addresses = {{"grpc", "127.0.0.1:1"}, {"http", "[::1]:2"}},
                                   .started = Instant::from_seconds(1'763'713'681),
                                   .rules_revision = "9f"};
    const RunningInstance other{.id = 0xAB, .description = {.started = {INT64_MAX}}, .seen_ago = Duration::micros(1)};
    return std::vector<RunningInstance>{{.id = UINT64_MAX, .description = self, .is_self = true}, other};
  };
  const auto answer = server.get("/v1/instances");
  EXPECT_EQ(answer.code, 200);
  EXPECT_EQ(answer.text,
            R"({"instances":[{"id":"ffffffffffffffff","self":true,"host":"a\"b","pid":17,"version":"1.2.3",)"
            R"("addresses":{"grpc":"127.0.0.1:1","http":"[::1]:2"},"started":"2025-11-21T08:28:01Z",)"
            R"("seen_ms_ago":0,"rules_revision":"9f"},)"
            R"({"id":"00000000000000ab","self":false,"host":"","pid":0,"version":"","addresses":{},)"
            R"("started":"1970-01-01T00:00:00Z","seen_ms_ago":1,"rules_revision":""}]})");
}

TEST(Status, MetricsCountByRule) {
  rules::Rule login = rule_of("login", "ip", *Limit::token_bucket(1, {}));
  HttpApiHarness server({login});
  for (int i = 0; i < 3; ++i) server.check(R"({"rule":"login","key":"1.1.1.1"})");
  server.check(R"({"facts":{"path":"/"}})");  // lacks an address: refused by the rule
  const auto answer = server.get("/metrics");
  EXPECT_EQ(answer.content_type, "text/plain; version=0.0.4; charset=utf-8");
  for (const char* line :
       {"rateguard_requests_allowed_total{rule=\"login\"} 1\n", "rateguard_requests_blocked_total{rule=\"login\"} 3\n",
        "rateguard_decisions_total{verdict=\"allowed\"} 1\n", "rateguard_decisions_total{verdict=\"blocked\"} 3\n",
        "rateguard_http_requests_total{method=\"POST\",route=\"/check\",status=\"429\"} 3\n",
        "rateguard_decision_duration_seconds_count 1\n"}) {
    EXPECT_NE(answer.text.find(line), std::string::npos) << line << answer.text;
  }
}

TEST(Status, MetricsTimeRequestsByRoute) {
  HttpApiHarness server;
  const auto place_of = [&](std::string method, std::string target) {
    std::vector<Header> headers;
    FakeResponse response;
    const FakeRequest request{.method = std::move(method), .target = std::move(target)};
    const http::Request heard = parsed(request, headers);
    http::LocalExchange exchange(heard, response);
    server.api().handle(exchange, server.now);
    return exchange.label();
  };
  server.api().sent(place_of("GET", "/health"), Duration::micros(30));
  server.api().sent(place_of("GET", "/nowhere"), Duration::seconds(2));
  const std::string text = server.get("/metrics").text;
  const std::string name = "rateguard_http_request_duration_seconds";
  EXPECT_TRUE(text.contains(name + "_bucket{method=\"GET\",route=\"/health\",le=\"2.5e-05\"} 0\n")) << text;
  EXPECT_TRUE(text.contains(name + "_bucket{method=\"GET\",route=\"/health\",le=\"5e-05\"} 1\n")) << text;
  EXPECT_TRUE(text.contains(name + "_sum{method=\"\",route=\"unmatched\"} 2\n")) << text;
}

TEST(Status, MetricsCountDebtsThatWereCut) {
  const Limit tokens = *Limit::token_bucket(1, {.units = 1, .period = Duration::seconds(3'600)})->with_overdraft();
  HttpApiHarness server({rule_of("tokens", "user", tokens)});
  const auto report = [&](std::string_view cost) {
    return server.check(R"({"rule":"tokens","key":"u","cost":)" + std::string(cost) + "}").code;
  };
  EXPECT_EQ(report("1000"), 200);
  EXPECT_NE(server.get("/metrics").text.find("rateguard_debts_cut_total{rule=\"tokens\"} 0\n"), std::string::npos);
  EXPECT_EQ(report("400000"), 429) << "more than comes back within 35 years";
  server.now = server.now + Duration::millis(1);  // what was exposed holds for an instant
  EXPECT_NE(server.get("/metrics").text.find("rateguard_debts_cut_total{rule=\"tokens\"} 1\n"), std::string::npos);
}

TEST(Reload, SaysWhatCameOfIt) {
  HttpApiHarness server;
  const FakeRequest reload = {.method = "POST", .target = "/v1/reload"};
  EXPECT_EQ(server.ask(reload).code, 409);
  std::string asker;
  server.service.reload = [&](std::string_view by) -> Result<server::Reloaded> {
    asker = by;
    return server::Reloaded{.sentence = "3 rules from rules.yaml", .waiting = {"log.level", "listen.grpc"}};
  };
  EXPECT_EQ(server.ask(reload).text,
            R"({"reloaded":true,"detail":"3 rules from rules.yaml","waiting":["log.level","listen.grpc"]})");
  EXPECT_EQ(asker, "127.0.0.1") << "the log says who asked";
  server.service.reload = [](std::string_view) -> Result<server::Reloaded> {
    return std::unexpected(Error{.message = "unknown key", .position = {.file = "rules.yaml", .line = 2, .column = 7}});
  };
  const auto bad = server.ask(reload);
  EXPECT_EQ(bad.code, 422);
  EXPECT_NE(bad.text.find("rules.yaml:2:7: unknown key; the old rules stay in force"), std::string::npos);
}

TEST(ConfigState, IsShownInAnswers) {
  HttpApiHarness server;
  server.service.config_state = [] {
    return server::ConfigState{.problem = "rules.yaml:2:7: \"x\"", .waiting = {"log.level"}};
  };
  const std::string told =
      R"("configuration":{"current":false,"problem":"rules.yaml:2:7: \"x\"","waiting":["log.level"]}})";
  EXPECT_TRUE(server.get("/version").text.ends_with(told)) << server.get("/version").text;
  EXPECT_TRUE(server.get("/v1/rules").text.ends_with(told)) << server.get("/v1/rules").text;
  server.service.config_state = [] { return server::ConfigState{}; };
  EXPECT_TRUE(server.get("/v1/rules")
                  .text.ends_with(R"("rules":[],"configuration":{"current":true,"problem":null,"waiting":[]}})"));
}

TEST(Ready, TellsDetailsOnlyToThoseWhoMayAsk) {
  HttpApiHarness server;
  server.service.settings.tokens = {"good"};
  server.service.dependencies = [] {
    return std::vector<server::Dependency>{{.name = "store default", .detail = "memory, 12 of 1000000 keys"}};
  };
  EXPECT_EQ(server.get("/ready").text,
            R"({"ready":true,"draining":false,"dependencies":[{"name":"store default","ready":true}]})");
  const auto told = server.ask({.target = "/ready", .headers = {{"Authorization", "Bearer good"}}});
  EXPECT_NE(told.text.find("12 of 1000000 keys"), std::string::npos) << told.text;
}

TEST(Log, AnAccessLineHasVerdictRuleAndAStableSubject) {
  std::ostringstream out;
  Log log({.format = LogFormat::kJson}, std::make_shared<spdlog::sinks::ostream_sink_mt>(out));
  HttpApiHarness server({rule_of("login", "ip", *Limit::fixed_window(1, Duration::seconds(60)))});
  server.service.log = &log;
  server.service.settings.access_log = true;
  const auto line_for = [&](const std::string& body) {
    out.str("");
    server.ask({.method = "POST", .target = "/check", .body = body});
    return out.str();
  };
  const auto subject_in = [](const std::string& line) {
    const size_t at = line.find("\"subject\":\"");
    return at == std::string::npos ? "none" : line.substr(at + 11, 16);
  };
  const std::string admitted = line_for(R"({"facts":{"ip":"192.0.2.1"}})");
  EXPECT_NE(admitted.find(R"("status":200,"verdict":"allowed","rule":"login","subject":")"), std::string::npos)
      << admitted;
  EXPECT_NE(admitted.find("\",\"cost\":1,\"duration_us\":"), std::string::npos) << admitted;
  const std::string refused = line_for(R"({"facts":{"ip":"192.0.2.1"}})");
  EXPECT_NE(refused.find(R"("status":429,"verdict":"refused","rule":"login","subject":")"), std::string::npos)
      << refused;
  EXPECT_EQ(subject_in(admitted), subject_in(refused));
  EXPECT_NE(subject_in(admitted), "none");
  EXPECT_NE(subject_in(admitted), subject_in(line_for(R"({"facts":{"ip":"192.0.2.2"}})")));
  EXPECT_EQ(admitted.find("192.0.2.1"), std::string::npos) << "who was counted stays unsaid";
  server.get("/health");
  EXPECT_EQ(out.str().find("verdict", out.str().find("/health")), std::string::npos) << "nothing was decided";
}

TEST(Log, ALineCountsTheTimeInWhichTheRestOfTheRequestArrived) {
  std::ostringstream out;
  Log log({.format = LogFormat::kJson}, std::make_shared<spdlog::sinks::ostream_sink_mt>(out));
  HttpApiHarness server;
  server.service.log = &log;
  server.service.settings.access_log = true;
  server.ask({.started = server.now - Duration::seconds(3)});
  const std::string name = "\"duration_us\":";
  const size_t at = out.str().find(name);
  ASSERT_NE(at, std::string::npos);
  EXPECT_GE(std::stoll(out.str().substr(at + name.size())), 3'000'000);
}

TEST(RequestId, TheFirstOfSeveralCounts) {
  HttpApiHarness server;
  EXPECT_EQ(server.ask({.headers = {{"X-Request-Id", "one"}, {"x-request-id", "two"}}})["X-Request-Id"], "one");
  EXPECT_EQ(server.ask({.headers = {{"X-Request-Id", "no id!"}, {"X-Request-Id", "two"}}})["X-Request-Id"], "two")
      << "one that is no id is as good as none";
}

TEST(RepeatedFields, TheFirstMediaTypeCounts) {
  HttpApiHarness server;
  const auto code_of = [&](std::string first, std::string second) {
    return server
        .ask({.method = "POST",
              .target = "/check",
              .body = R"({"key":"a","algorithm":"token_bucket","capacity":1,"refill_rate":1})",
              .headers = {{"Content-Type", std::move(first)}, {"content-type", std::move(second)}}})
        .code;
  };
  EXPECT_EQ(code_of("text/plain", "application/json"), 415);
  EXPECT_EQ(code_of("application/json", "text/plain"), 200);
}

TEST(Log, ARejectedRequestHasALineWithTheIdThatCameWithIt) {
  std::ostringstream out;
  Log log({.format = LogFormat::kJson}, std::make_shared<spdlog::sinks::ostream_sink_mt>(out));
  HttpApiHarness server;
  server.service.log = &log;
  server.service.settings.access_log = true;
  const std::vector<Header> headers = {{"X-Request-Id", "id-7"}, {"Authorization", "Bearer secret"}};
  http::Rejection rejection{.status = 413, .detail = "too much", .field = "body"};
  rejection.request = {.method = "POST",
                       .target = "/check?secret",
                       .headers = headers,
                       .peer = *IpAddress::parse("192.0.2.9"),
                       .started = server.now};
  const FakeResponse answer = server.reject(rejection);
  EXPECT_EQ(answer["X-Request-Id"], "id-7");
  EXPECT_NE(out.str().find(R"("message":"request","id":"id-7","peer":"192.0.2.9","method":"POST",)"
                           R"("route":"rejected","status":413,"duration_us":)"),
            std::string::npos)
      << out.str();
  EXPECT_EQ(out.str().find("secret"), std::string::npos) << out.str();
  out.str("");
  EXPECT_NE(server.reject({.status = 503, .detail = "too many connections", .field = "connection"})["X-Request-Id"],
            "");
  EXPECT_EQ(out.str(), "") << "a connection that has asked nothing";
}

TEST(Log, LinesHaveFieldsAndNoSecrets) {
  std::ostringstream out;
  Log log({.format = LogFormat::kJson}, std::make_shared<spdlog::sinks::ostream_sink_mt>(out));
  HttpApiHarness server({rule_of("keys", "api_key", *Limit::token_bucket(1, {}))});
  server.service.log = &log;
  server.service.settings.access_log = true;
  server.service.settings.tokens = {"secret-token"};
  server.ask({.target = "/v1/counters/keys/secret-key?plan=secret-plan",
              .headers = {{"Authorization", "Bearer secret-token"}, {"X-Request-Id", "id-1"}}});
  server.ask({.method = "POST",
              .target = "/check",
              .body = R"({"facts":{"api_key":"secret-2"},"x":"secret-3"})",
              .headers = {{"Authorization", "Bearer secret-wrong"}}});
  EXPECT_EQ(out.str().find("secret"), std::string::npos) << out.str();
  EXPECT_NE(out.str().find(R"("level":"info","message":"request","id":"id-1","peer":"127.0.0.1","method":"GET",)"
                           R"("route":"/v1/counters/{rule}/{key...}","status":200,"duration_us":)"),
            std::string::npos)
      << out.str();
}

}  // namespace
}  // namespace rateguard::http_api
