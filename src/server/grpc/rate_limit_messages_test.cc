#include "server/grpc/rate_limit_messages.h"

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include "envoy/value.h"

namespace rateguard::grpc {
namespace {

namespace v3 = ::envoy::service::ratelimit::v3;
using google::protobuf::TextFormat;

v3::RateLimitRequest request_of(const std::string& text) {
  v3::RateLimitRequest request;
  EXPECT_TRUE(TextFormat::ParseFromString(text, &request));
  return request;
}

TEST(RateLimitMessages, ARequestKeepsEveryField) {
  const auto message = request_of(R"(domain: "d" hits_addend: 7
      descriptors { entries { key: "a" value: "1" } entries { key: "b" }
                    limit { requests_per_unit: 5 unit: WEEK } hits_addend { value: 0 } }
      descriptors { entries { key: "c" } })");
  envoy::Request request;
  request.descriptors.resize(5);  // of an earlier call
  request.descriptors[1].limit = envoy::Override{};
  request.descriptors[1].hits_addend = 3;
  from_message(message, request);
  EXPECT_EQ(request.domain, "d");
  EXPECT_EQ(request.hits_addend, 7U);
  ASSERT_EQ(request.descriptors.size(), 2U);
  ASSERT_EQ(request.descriptors[0].entries.size(), 2U);
  EXPECT_EQ(request.descriptors[0].entries[0].key, "a");
  EXPECT_EQ(request.descriptors[0].entries[0].value, "1");
  EXPECT_EQ(request.descriptors[0].limit->requests_per_unit, 5U);
  EXPECT_EQ(request.descriptors[0].limit->unit, envoy::Unit::kWeek);
  EXPECT_EQ(request.descriptors[0].hits_addend, 0U);
  EXPECT_FALSE(request.descriptors[1].limit);
  EXPECT_FALSE(request.descriptors[1].hits_addend);
}

TEST(RateLimitMessages, AUnitOfANewerClientIsUnknown) {
  v3::RateLimitRequest message;
  for (const int number : {8, 1'000, -1}) {
    message.clear_descriptors();
    message.add_descriptors()->mutable_limit()->set_unit(static_cast<::envoy::type::v3::RateLimitUnit>(number));
    envoy::Request request;
    from_message(message, request);
    EXPECT_EQ(request.descriptors[0].limit->unit, envoy::Unit::kUnknown);
  }
}

TEST(RateLimitMessages, AResponseKeepsEveryField) {
  envoy::Response response;
  response.overall = envoy::Code::kOverLimit;
  response.statuses.push_back({.code = envoy::Code::kOverLimit,
                               .current_limit = envoy::CurrentLimit{5, envoy::Unit::kMinute, "slow"},
                               .limit_remaining = 0,
                               .until_reset = Duration::millis(1'500)});
  response.statuses.push_back({.code = envoy::Code::kOk, .limit_remaining = 4'294'967'295U});
  response.response_headers.push_back({"RateLimit-Limit", "5"});
  response.dynamic_metadata = envoy::Value::structure();
  response.dynamic_metadata->add("domain", envoy::Value::of("d"));
  auto& list = response.dynamic_metadata->add("list", envoy::Value::list());
  list.items = {envoy::Value::of(1.5), envoy::Value::truth(true), envoy::Value::null()};
  v3::RateLimitResponse message;
  to_message(response, message);
  v3::RateLimitResponse expected;
  ASSERT_TRUE(TextFormat::ParseFromString(R"(overall_code: OVER_LIMIT
      statuses { code: OVER_LIMIT current_limit { requests_per_unit: 5 unit: MINUTE name: "slow" }
                 duration_until_reset { seconds: 2 } }
      statuses { code: OK limit_remaining: 4294967295 }
      response_headers_to_add { key: "RateLimit-Limit" value: "5" }
      dynamic_metadata { fields { key: "domain" value { string_value: "d" } }
                         fields { key: "list" value { list_value { values { number_value: 1.5 }
                             values { bool_value: true } values { null_value: NULL_VALUE } } } } })",
                                          &expected));
  EXPECT_EQ(message.ShortDebugString(), expected.ShortDebugString());
}

}  // namespace
}  // namespace rateguard::grpc
