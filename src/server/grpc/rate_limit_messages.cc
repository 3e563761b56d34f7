#include "server/grpc/rate_limit_messages.h"

#include <fmt/format.h>
#include <google/protobuf/unknown_field_set.h>

#include <algorithm>
#include <optional>

#include "envoy/value.h"

namespace rateguard::grpc {
namespace {

namespace rls = ::envoy::service::ratelimit::v3;
namespace ratelimit = ::envoy::extensions::common::ratelimit::v3;

// An undefined number is an unknown unit: the request came from a newer client.
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

void to_status(const envoy::DescriptorStatus& from, rls::RateLimitResponse::DescriptorStatus& to) {
  to.set_code(code_of(from.code));
  to.set_limit_remaining(from.limit_remaining);
  if (from.current_limit) {
    auto& limit = *to.mutable_current_limit();
    limit.set_requests_per_unit(from.current_limit->requests_per_unit);
    if (from.current_limit->unit_multiplier != 1) {
      limit.mutable_unit_multiplier()->set_value(from.current_limit->unit_multiplier);
    }
    limit.set_unit(static_cast<rls::RateLimitResponse::RateLimit::Unit>(from.current_limit->unit));
    if (!from.current_limit->name.empty()) {
      limit.set_name(from.current_limit->name.data(), from.current_limit->name.size());
    }
  }
  if (from.until_reset) to.mutable_duration_until_reset()->set_seconds(from.until_reset->ceil_seconds());
}

envoy::Override override_of(const ratelimit::RateLimitDescriptor::RateLimitOverride& given) {
  envoy::Override out = {
      .requests_per_unit = given.requests_per_unit(), .unit = unit_of(given.unit()), .unit_number = given.unit()};
  if (given.has_unit_multiplier()) out.unit_multiplier = given.unit_multiplier().value();
  return out;
}

template <typename Message>
Result<void> check_fields(const Message& message, std::string_view what) {
  const google::protobuf::UnknownFieldSet& unknown = message.GetReflection()->GetUnknownFields(message);
  if (unknown.empty()) [[likely]]
    return {};
  return invalid(
      fmt::format("field {} of {} is not known, and could change what is charged", unknown.field(0).number(), what));
}

// Tags and lengths of a message's bytes (Protocol Buffers, "Encoding").
class WireFields {
 public:
  explicit WireFields(std::string_view bytes) : rest_(bytes) {}

  // The next field of length-delimited type, skipping others. Empty at the end, or at bytes that are not protobuf.
  struct Field {
    uint64_t number = 0;
    std::string_view bytes = {};
  };
  std::optional<Field> next() {
    while (!rest_.empty()) {
      uint64_t tag = 0;
      uint64_t value = 0;
      if (!take_varint(tag)) return std::nullopt;
      switch (tag & 7) {
        case 0:
          if (!take_varint(value)) return std::nullopt;
          break;
        case 1:
          if (!skip(8)) return std::nullopt;
          break;
        case 2: {
          if (!take_varint(value) || value > rest_.size()) return std::nullopt;
          const Field field = {.number = tag >> 3, .bytes = rest_.substr(0, value)};
          rest_.remove_prefix(value);
          return field;
        }
        case 3:  // a group's begin and end; its content is read as if it were outside
        case 4:
          break;
        case 5:
          if (!skip(4)) return std::nullopt;
          break;
        default:
          return std::nullopt;
      }
    }
    return std::nullopt;
  }

 private:
  bool take_varint(uint64_t& value) {
    for (int shift = 0; shift < 70 && !rest_.empty(); shift += 7) {
      const auto byte = static_cast<uint8_t>(rest_.front());
      rest_.remove_prefix(1);
      if (shift < 64) value |= uint64_t{byte & 0x7FU} << shift;
      if (byte < 0x80) return true;
    }
    return false;
  }
  bool skip(size_t bytes) {
    if (bytes > rest_.size()) return false;
    rest_.remove_prefix(bytes);
    return true;
  }

  std::string_view rest_;
};

}  // namespace

Result<void> check_descriptor_bounds(std::string_view message) {
  constexpr size_t kBytesMin = 2;  // of a descriptor, or of an entry, each a tag and a length
  if (message.size() < kBytesMin * std::min(envoy::kDescriptorsMax, envoy::kEntriesMax)) [[likely]]
    return {};
  size_t descriptors = 0;
  size_t entries = 0;
  WireFields request(message);
  while (const auto field = request.next()) {
    if (field->number != rls::RateLimitRequest::kDescriptorsFieldNumber) continue;
    ++descriptors;
    WireFields descriptor(field->bytes);
    while (const auto inner = descriptor.next()) {
      entries += inner->number == ratelimit::RateLimitDescriptor::kEntriesFieldNumber;
    }
  }
  if (descriptors > envoy::kDescriptorsMax) {
    return fail(ErrorCode::kExhausted,
                fmt::format("{} descriptors; at most {} are decided at once", descriptors, envoy::kDescriptorsMax));
  }
  if (entries <= envoy::kEntriesMax) return {};
  return fail(ErrorCode::kExhausted,
              fmt::format("{} entries of descriptors; at most {} are decided at once", entries, envoy::kEntriesMax));
}

Result<void> from_message(const rls::RateLimitRequest& from, envoy::DescriptorRequest& to) {
  if (auto known = check_fields(from, "the request"); !known) return known;
  to.domain = from.domain();
  to.hits_addend = from.hits_addend();
  to.descriptors.resize(static_cast<size_t>(from.descriptors_size()));
  for (size_t i = 0; i < to.descriptors.size(); ++i) {
    const auto& given = from.descriptors(static_cast<int>(i));
    if (auto known = check_fields(given, "a descriptor"); !known) return known;
    envoy::Descriptor& descriptor = to.descriptors[i];
    descriptor.entries.clear();
    for (const auto& entry : given.entries()) {
      if (auto known = check_fields(entry, "an entry"); !known) return known;
      descriptor.entries.push_back({entry.key(), entry.value()});
    }
    descriptor.limit.reset();
    if (given.has_limit()) {
      if (auto known = check_fields(given.limit(), "the limit of a descriptor"); !known) return known;
      if (auto known = check_fields(given.limit().unit_multiplier(), "a unit_multiplier"); !known) return known;
      descriptor.limit = override_of(given.limit());
    }
    descriptor.hits_addend.reset();
    if (given.has_hits_addend()) {
      if (auto known = check_fields(given.hits_addend(), "a hits_addend"); !known) return known;
      descriptor.hits_addend = given.hits_addend().value();
    }
    descriptor.is_negative_hits = given.is_negative_hits();
  }
  return {};
}

void to_message(const envoy::Response& from, rls::RateLimitResponse& to) {
  to.set_overall_code(code_of(from.overall));
  to.mutable_statuses()->Reserve(static_cast<int>(from.statuses.size()));
  for (const envoy::DescriptorStatus& status : from.statuses) to_status(status, *to.add_statuses());
  for (const envoy::ResponseHeader& header : from.response_headers) {
    auto& added = *to.add_response_headers_to_add();
    added.set_key(header.name);
    added.set_value(header.value);
  }
  if (from.dynamic_metadata) to_struct(*from.dynamic_metadata, *to.mutable_dynamic_metadata());
}

}  // namespace rateguard::grpc
