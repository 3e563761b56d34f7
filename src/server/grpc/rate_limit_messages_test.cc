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
                    limit { requests_per_unit: 5 unit: WEEK unit_multiplier { value: 3 } } hits_addend { value: 0 } }
      descriptors { entries { key: "c" } is_negative_hits: true })");
  envoy::DescriptorRequest request;
  request.descriptors.resize(5);  // of an earlier call
  request.descriptors[1].limit = envoy::Override{};
  request.descriptors[1].hits_addend = 3;
  ASSERT_TRUE(from_message(message, request));
  EXPECT_EQ(request.domain, "d");
  EXPECT_EQ(request.hits_addend, 7U);
  ASSERT_EQ(request.descriptors.size(), 2U);
  ASSERT_EQ(request.descriptors[0].entries.size(), 2U);
  EXPECT_EQ(request.descriptors[0].entries[0].key, "a");
  EXPECT_EQ(request.descriptors[0].entries[0].value, "1");
  EXPECT_EQ(request.descriptors[0].limit->requests_per_unit, 5U);
  EXPECT_EQ(request.descriptors[0].limit->unit, envoy::Unit::kWeek);
  EXPECT_EQ(request.descriptors[0].limit->unit_multiplier, 3U);
  EXPECT_EQ(request.descriptors[0].hits_addend, 0U);
  EXPECT_FALSE(request.descriptors[0].is_negative_hits);
  EXPECT_TRUE(request.descriptors[1].is_negative_hits);
  EXPECT_FALSE(request.descriptors[1].limit);
  EXPECT_FALSE(request.descriptors[1].hits_addend);
}

TEST(RateLimitMessages, AUnitOfANewerClientIsUnknown) {
  v3::RateLimitRequest message;
  for (const int number : {8, 1'000, -1}) {
    message.clear_descriptors();
    message.add_descriptors()->mutable_limit()->set_unit(static_cast<::envoy::type::v3::RateLimitUnit>(number));
    envoy::DescriptorRequest request;
    ASSERT_TRUE(from_message(message, request));
    EXPECT_EQ(request.descriptors[0].limit->unit, envoy::Unit::kUnknown);
    EXPECT_EQ(request.descriptors[0].limit->unit_number, number);
  }
}

// What is wrong with a request that has `bytes` more than `text` says, at the place that `place` names.
template <typename Place>
std::string problem(Place place) {
  auto message = request_of(R"(domain: "d" descriptors { entries { key: "a" } limit { requests_per_unit: 5 } })");
  google::protobuf::Message& holder = place(message);
  holder.GetReflection()->MutableUnknownFields(&holder)->AddVarint(21, 1);
  v3::RateLimitRequest received;
  EXPECT_TRUE(received.ParseFromString(message.SerializeAsString()));
  envoy::DescriptorRequest request;
  const auto taken = from_message(received, request);
  return taken ? "good" : taken.error().message;
}

TEST(RateLimitMessages, AFieldThatIsNotKnownIsRefusedWhereverItStands) {
  EXPECT_EQ(problem([](v3::RateLimitRequest& m) -> google::protobuf::Message& { return m; }),
            "field 21 of the request is not known, and could change what is charged");
  EXPECT_EQ(problem([](v3::RateLimitRequest& m) -> google::protobuf::Message& { return *m.mutable_descriptors(0); }),
            "field 21 of a descriptor is not known, and could change what is charged");
  EXPECT_EQ(problem([](v3::RateLimitRequest& m) -> google::protobuf::Message& {
              return *m.mutable_descriptors(0)->mutable_entries(0);
            }),
            "field 21 of an entry is not known, and could change what is charged");
  EXPECT_EQ(problem([](v3::RateLimitRequest& m) -> google::protobuf::Message& {
              return *m.mutable_descriptors(0)->mutable_limit();
            }),
            "field 21 of the limit of a descriptor is not known, and could change what is charged");
  EXPECT_EQ(problem([](v3::RateLimitRequest& m) -> google::protobuf::Message& {
              return *m.mutable_descriptors(0)->mutable_limit()->mutable_unit_multiplier();
            }),
            "field 21 of a unit_multiplier is not known, and could change what is charged");
  EXPECT_EQ(problem([](v3::RateLimitRequest& m) -> google::protobuf::Message& {
              return *m.mutable_descriptors(0)->mutable_hits_addend();
            }),
            "field 21 of a hits_addend is not known, and could change what is charged");
}

std::string bounds_problem(const v3::RateLimitRequest& message) {
  const auto good = check_descriptor_bounds(message.SerializeAsString());
  return good ? "good" : good.error().message;
}

TEST(RateLimitMessages, DescriptorsAreCountedBeforeTheyAreParsed) {
  v3::RateLimitRequest message;
  message.set_domain("edge");
  for (size_t i = 0; i < envoy::kDescriptorsMax; ++i) message.add_descriptors()->add_entries()->set_key("k");
  EXPECT_EQ(bounds_problem(message), "good");
  message.add_descriptors();
  EXPECT_EQ(bounds_problem(message), "1001 descriptors; at most 1000 are decided at once");
  message.clear_descriptors();
  auto& wide = *message.add_descriptors();
  for (size_t i = 0; i <= envoy::kEntriesMax; ++i) wide.add_entries();
  EXPECT_EQ(bounds_problem(message), "10001 entries of descriptors; at most 10000 are decided at once");
}

TEST(RateLimitMessages, DescriptorsBehindAGroupAreCounted) {
  std::string message = "\x7B\x7C";  // field 15, a group without anything in it
  for (size_t i = 0; i <= envoy::kDescriptorsMax; ++i) message += std::string_view("\x12\x00", 2);
  const auto good = check_descriptor_bounds(message);
  ASSERT_FALSE(good);
  EXPECT_EQ(good.error().message, "1001 descriptors; at most 1000 are decided at once");
}

TEST(RateLimitMessages, OtherBytesThanProtobufAreLeftToTheParser) {
  std::string text(5'000, '\xFF');
  EXPECT_TRUE(check_descriptor_bounds(text));
  text.assign(5'000, '\x12');  // descriptors of 18 bytes, the last of them cut off
  EXPECT_TRUE(check_descriptor_bounds(text));
}

TEST(RateLimitMessages, AResponseKeepsEveryField) {
  envoy::Response response;
  response.overall = envoy::Code::kOverLimit;
  response.statuses.push_back({.code = envoy::Code::kOverLimit,
                               .current_limit = envoy::CurrentLimit{5, envoy::Unit::kMinute, 10, "slow"},
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
      statuses { code: OVER_LIMIT current_limit { requests_per_unit: 5 unit: MINUTE name: "slow"
                                                  unit_multiplier { value: 10 } }
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
