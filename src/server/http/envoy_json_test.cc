// POST /json without a socket.
#include "server/http/envoy_json.h"

#include <gtest/gtest.h>

#include "server/http/fake_exchange.h"

namespace rateguard::http_api {
namespace {

std::string problem(std::string_view text) {
  const auto parsed = EnvoyJsonRequest::parse(text);
  return parsed ? "good" : parsed.error().message;
}

TEST(EnvoyJson, ReadsEitherSpellingOfAName) {
  for (
      const char* text :
      {R"({"domain":"d","hitsAddend":3,"descriptors":[{"entries":[{"key":"k","value":"v"},{"key":"l"}],)"
       R"("limit":{"requestsPerUnit":5,"unit":"WEEK"},"hitsAddend":0},{}]})",
       R"({"domain":"d","hits_addend":"3","descriptors":[{"entries":[{"key":"k","value":"v"},{"key":"l","value":null}],)"
       R"("limit":{"requests_per_unit":5.0,"unit":7},"hits_addend":"0"},{"entries":null,"limit":null}]})"}) {
    const auto parsed = EnvoyJsonRequest::parse(text);
    ASSERT_TRUE(parsed.has_value()) << parsed.error().message;
    const envoy::DescriptorRequest& request = parsed->request();
    EXPECT_EQ(request.domain, "d");
    EXPECT_EQ(request.hits_addend, 3u);
    ASSERT_EQ(request.descriptors.size(), 2u);
    const envoy::Descriptor& first = request.descriptors[0];
    ASSERT_EQ(first.entries.size(), 2u);
    EXPECT_EQ(first.entries[0].key, "k");
    EXPECT_EQ(first.entries[0].value, "v");
    EXPECT_EQ(first.entries[1].value, "");
    ASSERT_TRUE(first.limit);
    EXPECT_EQ(first.limit->requests_per_unit, 5u);
    EXPECT_EQ(first.limit->unit, envoy::Unit::kWeek);
    EXPECT_EQ(first.hits_addend, 0u);
    EXPECT_FALSE(request.descriptors[1].limit);
    EXPECT_FALSE(request.descriptors[1].hits_addend);
  }
}

TEST(EnvoyJson, SaysWhatIsWrong) {
  EXPECT_EQ(problem("{"), "not JSON: incomplete JSON");
  EXPECT_EQ(problem("[]"), "the request is not an object");
  EXPECT_EQ(problem(R"({"domain":5})"), "domain is not a text");
  EXPECT_EQ(problem(R"({"colour":"red"})"), "colour in the request is unknown");
  EXPECT_EQ(problem(R"({"descriptors":{}})"), "descriptors is not an array");
  EXPECT_EQ(problem(R"({"descriptors":[5]})"), "a descriptor is not an object");
  EXPECT_EQ(problem(R"({"descriptors":[{"entries":[{"kee":"k"}]}]})"), "kee in an entry is unknown");
  EXPECT_EQ(problem(R"({"descriptors":[{"limit":{"unit":"FORTNIGHT"}}]})"), "unit is unknown");
  EXPECT_EQ(problem(R"({"hitsAddend":-1})"), "hitsAddend is not a whole number from 0 to 4294967295");
  EXPECT_EQ(problem(R"({"hitsAddend":4294967296})"), "hitsAddend is not a whole number from 0 to 4294967295");
  EXPECT_EQ(problem(R"({"hitsAddend":1.5})"), "hitsAddend is not a whole number from 0 to 4294967295");
  EXPECT_EQ(problem(R"({"descriptors":[{"hitsAddend":"18446744073709551615"}]})"), "good");
  EXPECT_EQ(problem(std::string(100, '[')), "not JSON: too deep");
  EXPECT_EQ(problem(R"({"descriptors":[{"isNegativeHits":1}]})"), "isNegativeHits is neither true nor false");
}

// A reader of JSON that knows doubles alone would take these for whole numbers, or for others.
TEST(EnvoyJson, RoundsNoNumber) {
  const auto with_hits = [](std::string_view hits) {
    return R"({"descriptors":[{"entries":[{"key":"a \" 1.5","value":"0.1"}],"hitsAddend":)" + std::string(hits) + "}]}";
  };
  const auto hits_of = [&](std::string_view hits) {
    return EnvoyJsonRequest::parse(with_hits(hits)).value().request().descriptors[0].hits_addend;
  };
  EXPECT_EQ(hits_of("5.0"), 5u);
  EXPECT_EQ(hits_of("5e3"), 5'000u);
  EXPECT_EQ(hits_of("9007199254740993"), 9'007'199'254'740'993u);
  EXPECT_EQ(hits_of("18446744073709551615"), UINT64_MAX);
  EXPECT_EQ(hits_of("9007199254740992.0"), 9'007'199'254'740'992u);
  EXPECT_EQ(problem(with_hits("5.00000000000000000001")),
            "5.00000000000000000001 is not a whole number that can be kept");
  EXPECT_EQ(problem(with_hits("9007199254740993.0")), "9007199254740993.0 is not a whole number that can be kept");
  EXPECT_EQ(problem(with_hits("4503599627370497.25")), "4503599627370497.25 is not a whole number that can be kept");
  EXPECT_EQ(problem(with_hits("1e-400")), "1e-400 is not a whole number that can be kept");
  EXPECT_EQ(problem(with_hits("18446744073709551616")),
            "hitsAddend is not a whole number from 0 to 18446744073709551615");
}

TEST(EnvoyJson, ReadsWhatChangesACharge) {
  for (const char* text : {R"({"descriptors":[{"isNegativeHits":true,"limit":{"unit":"HOUR","unitMultiplier":3}}]})",
                           R"({"descriptors":[{"is_negative_hits":true,"limit":{"unit":3,"unit_multiplier":"3"}}]})"}) {
    const auto parsed = EnvoyJsonRequest::parse(text);
    ASSERT_TRUE(parsed.has_value()) << parsed.error().message;
    const envoy::Descriptor& descriptor = parsed->request().descriptors[0];
    EXPECT_TRUE(descriptor.is_negative_hits);
    EXPECT_EQ(descriptor.limit->unit, envoy::Unit::kHour);
    EXPECT_EQ(descriptor.limit->unit_multiplier, 3u);
  }
  const auto unknown = EnvoyJsonRequest::parse(R"({"descriptors":[{"limit":{"unit":99}}]})");
  ASSERT_TRUE(unknown.has_value());
  EXPECT_EQ(unknown->request().descriptors[0].limit->unit, envoy::Unit::kUnknown);
  EXPECT_EQ(unknown->request().descriptors[0].limit->unit_number, 99);
}

TEST(EnvoyJson, DescriptorsAndEntriesAreBounded) {
  const auto many = [](size_t count, std::string_view item) {
    std::string items;
    for (size_t i = 0; i < count; ++i) items.append(i == 0 ? "" : ",").append(item);
    return items;
  };
  EXPECT_EQ(problem(R"({"descriptors":[)" + many(1'000, "{}") + "]}"), "good");
  EXPECT_EQ(problem(R"({"descriptors":[)" + many(340'000, "{}") + "]}"),
            "340000 descriptors; at most 1000 are decided at once");
  EXPECT_EQ(problem(R"({"descriptors":[{"entries":[)" + many(6'000, "{}") + R"(]},{"entries":[)" + many(4'001, "{}") +
                    "]}]}"),
            "10001 entries of descriptors; at most 10000 are decided at once");
  const auto parsed = EnvoyJsonRequest::parse(R"({"descriptors":[)" + many(1'001, "{}") + "]}");
  ASSERT_FALSE(parsed.has_value());
  EXPECT_EQ(parsed.error().code, ErrorCode::kExhausted);
}

TEST(EnvoyJson, LeavesOutDefaults) {
  envoy::Response response{.overall = envoy::Code::kOverLimit};
  response.statuses = {
      {.code = envoy::Code::kOk},
      {.code = envoy::Code::kOk, .limit_remaining = UINT32_MAX},
      {.code = envoy::Code::kOverLimit,
       .current_limit = envoy::CurrentLimit{.requests_per_unit = 0, .unit_multiplier = 30, .name = "a\"b"},
       .until_reset = Duration::seconds(7)}};
  response.response_headers = {{"RateLimit-Limit", "5"}};
  response.dynamic_metadata = envoy::Value::structure();
  response.dynamic_metadata->add("n", envoy::Value::of(2.0));
  response.dynamic_metadata->add("l", envoy::Value::list()).items = {envoy::Value::null(), envoy::Value::truth(false)};
  std::string text;
  append_envoy_response(text, response);
  EXPECT_EQ(text,
            R"({"overallCode":"OVER_LIMIT","statuses":[{"code":"OK"},{"code":"OK","limitRemaining":4294967295},)"
            R"({"code":"OVER_LIMIT","currentLimit":{"unitMultiplier":30,"name":"a\"b"},"durationUntilReset":"7s"}],)"
            R"("responseHeadersToAdd":[{"key":"RateLimit-Limit","value":"5"}],)"
            R"("dynamicMetadata":{"n":2,"l":[null,false]}})");
}

TEST(EnvoyRoutes, WithoutAServiceNothingIsLoaded) {
  HttpApiHarness server;
  const auto answer = server.post("/json", R"({"domain":"d","descriptors":[{}]})");
  EXPECT_EQ(answer.code, 400);
  EXPECT_EQ(answer.text, "Bad Request\n");
  EXPECT_EQ(answer.content_type, "text/plain; charset=utf-8");
  EXPECT_EQ(answer["X-Content-Type-Options"], "nosniff");
}

TEST(EnvoyRoutes, HealthcheckFailsWhileDraining) {
  HttpApiHarness server;
  EXPECT_EQ(server.get("/healthcheck").text, "OK");
  server.service.draining = true;
  EXPECT_EQ(server.get("/healthcheck").code, 500);
  EXPECT_EQ(server.get("/healthcheck").text, "");
}

}  // namespace
}  // namespace rateguard::http_api
