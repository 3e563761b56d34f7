#include "server/grpc/rate_limit_messages.h"

#include "envoy/value.h"

namespace rateguard::grpc {
namespace {

namespace rls = ::envoy::service::ratelimit::v3;

// A number that is no unit is an unknown unit: the request came from a newer client.
envoy::Unit unit_of(int number) {
  const bool known = number > 0 && number <= static_cast<int>(envoy::Unit::kWeek);
  return known ? static_cast<envoy::Unit>(number) : envoy::Unit::kUnknown;
}

rls::RateLimitResponse::Code code_of(envoy::Code code) {
  return static_cast<rls::RateLimitResponse::Code>(code);
}

void to_struct(const envoy::Value& from, google::protobuf::Struct& to);

void to_value(const envoy::Value& from, google::protobuf::Value& to) {
  switch (from.kind) {
    case envoy::ValueKind::kNull:
      return to.set_null_value(google::protobuf::NULL_VALUE);
    case envoy::ValueKind::kNumber:
      return to.set_number_value(from.number);
    case envoy::ValueKind::kString:
      return to.set_string_value(from.text);
    case envoy::ValueKind::kBool:
      return to.set_bool_value(from.boolean);
    case envoy::ValueKind::kStruct:
      return to_struct(from, *to.mutable_struct_value());
    case envoy::ValueKind::kList:
      to.mutable_list_value();
      for (const envoy::Value& item : from.items) to_value(item, *to.mutable_list_value()->add_values());
      return;
  }
}

void to_struct(const envoy::Value& from, google::protobuf::Struct& to) {
  for (const auto& [name, value] : from.fields) to_value(value, (*to.mutable_fields())[name]);
}

void to_status(const envoy::Status& from, rls::RateLimitResponse::DescriptorStatus& to) {
  to.set_code(code_of(from.code));
  to.set_limit_remaining(from.limit_remaining);
  if (from.current_limit) {
    auto& limit = *to.mutable_current_limit();
    limit.set_requests_per_unit(from.current_limit->requests_per_unit);
    limit.set_unit(static_cast<rls::RateLimitResponse::RateLimit::Unit>(from.current_limit->unit));
    if (!from.current_limit->name.empty()) {
      limit.set_name(from.current_limit->name.data(), from.current_limit->name.size());
    }
  }
  if (from.until_reset) to.mutable_duration_until_reset()->set_seconds(from.until_reset->ceil_seconds());
}

}  // namespace

void from_message(const rls::RateLimitRequest& from, envoy::Request& to) {
  to.domain = from.domain();
  to.hits_addend = from.hits_addend();
  to.descriptors.resize(static_cast<size_t>(from.descriptors_size()));
  for (size_t i = 0; i < to.descriptors.size(); ++i) {
    const auto& given = from.descriptors(static_cast<int>(i));
    envoy::Descriptor& descriptor = to.descriptors[i];
    descriptor.entries.clear();
    for (const auto& entry : given.entries()) descriptor.entries.push_back({entry.key(), entry.value()});
    descriptor.limit.reset();
    if (given.has_limit()) {
      descriptor.limit = {.requests_per_unit = given.limit().requests_per_unit(),
                          .unit = unit_of(given.limit().unit())};
    }
    descriptor.hits_addend.reset();
    if (given.has_hits_addend()) descriptor.hits_addend = given.hits_addend().value();
  }
}

void to_message(const envoy::Response& from, rls::RateLimitResponse& to) {
  to.set_overall_code(code_of(from.overall));
  to.mutable_statuses()->Reserve(static_cast<int>(from.statuses.size()));
  for (const envoy::Status& status : from.statuses) to_status(status, *to.add_statuses());
  for (const envoy::ResponseHeader& header : from.response_headers) {
    auto& added = *to.add_response_headers_to_add();
    added.set_key(header.name);
    added.set_value(header.value);
  }
  if (from.dynamic_metadata) to_struct(*from.dynamic_metadata, *to.mutable_dynamic_metadata());
}

}  // namespace rateguard::grpc
