// One POST /check through the API without a socket: parsing, the decision on a hot counter, the answer and its headers.
#include <benchmark/benchmark.h>

#include <cstdlib>

#include "http/local_exchange.h"
#include "server/http/check_form.h"
#include "server/http/http_api.h"
#include "store/memory/memory_store.h"

namespace rateguard::http_api {
namespace {

struct CountingResponder final : http::Responder {
  size_t bytes = 0;
  int code = 0;
  void status(int value) override { code = value; }
  void header(std::string_view name, std::string_view value) override { bytes += name.size() + value.size(); }
  void body(std::string_view, std::string_view text) override { bytes += text.size(); }
};

constexpr const char* kAdHoc =
    R"({"key":"user:123","algorithm":"token_bucket","capacity":1000000,"refill_rate":1000000})";
constexpr const char* kRule = R"({"rule":"login","key":"203.0.113.9"})";
constexpr const char* kFacts = R"({"facts":{"method":"POST","path":"/login","ip":"203.0.113.9"}})";

std::unique_ptr<HttpApi> make_api(server::Service& service) {
  rules::Rule rule{.name = "login", .limit = *Limit::token_bucket(1'000'000, {.units = 1'000'000})};
  rule.match = {.methods = {"POST"}, .paths = {"/login"}};
  rule.per = {*rules::Part::parse("ip")};
  return std::make_unique<HttpApi>(
      service, Policy{.rules = *rules::RuleSet::compile({rule}), .identifier = *identify::Identifier::create({})});
}

void post_check(benchmark::State& state, const char* body) {
  auto created = MemoryStore::create({.max_keys = 10'000});
  MemoryStore& store = **created;
  server::Service service(store);
  const auto api = make_api(service);
  const Header headers[] = {{"Host", "127.0.0.1:8080"}, {"Content-Type", "application/json"}, {"Content-Length", "90"}};
  const http::Request request = {.method = "POST",
                                 .target = "/check",
                                 .path = "/check",
                                 .query = {},
                                 .headers = headers,
                                 .body = body,
                                 .peer = *IpAddress::parse("::1")};
  Instant now = Instant::from_seconds(1'700'000'000);
  for (auto _ : state) {
    CountingResponder responder;
    now = now + Duration::micros(1);
    http::LocalExchange exchange(request, responder);
    api->handle(exchange, now);
    if (responder.code != 200) std::abort();
    benchmark::DoNotOptimize(responder.bytes);
  }
}

void parse_only(benchmark::State& state, const char* body) {
  CheckBodyParser parser;
  for (auto _ : state) {
    CheckForm form;
    benchmark::DoNotOptimize(read_form(**parser.parse_check(body), form));
  }
}

BENCHMARK_CAPTURE(post_check, limit_of_its_own, kAdHoc);
BENCHMARK_CAPTURE(post_check, rule_and_key, kRule);
BENCHMARK_CAPTURE(post_check, facts, kFacts);
BENCHMARK_CAPTURE(parse_only, limit_of_its_own, kAdHoc);
BENCHMARK_CAPTURE(parse_only, facts, kFacts);

}  // namespace
}  // namespace rateguard::http_api

BENCHMARK_MAIN();
