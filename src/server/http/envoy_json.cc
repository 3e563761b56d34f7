#include "server/http/envoy_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <cmath>
#include <iterator>
#include <limits>
#include <optional>
#include <utility>

#include "envoy/unit.h"
#include "model/json_number.h"
#include "text/json_text.h"

namespace rateguard::http_api {
namespace {

namespace json = boost::json;

// RateLimitRequest is {"descriptors":[{"entries":[{...}]}]}: five deep. Deeper nesting is refused before it costs
// anything.
constexpr size_t kDepthMax = 16;

// Reads one message. The first error stays; results after it are void.
class Reader {
 public:
  envoy::DescriptorRequest read(const json::value& value) {
    envoy::DescriptorRequest out;
    fields(value, "the request", [&](std::string_view name, const json::value& field) {
      if (name == "domain") return text(field, name, out.domain);
      if (name == "descriptors") {
        if (!fits(field, out.descriptors.size(), envoy::kDescriptorsMax, "descriptors")) return;
        return items(field, name, [&](const json::value& item) { out.descriptors.push_back(descriptor(item)); });
      }
      if (name == "hitsAddend" || name == "hits_addend") return number(field, name, out.hits_addend);
      unknown(name, "the request");
    });
    return out;
  }

  const std::optional<std::string>& error() const { return error_; }
  ErrorCode code() const { return code_; }

 private:
  template <typename Each>
  void fields(const json::value& value, std::string_view what, Each each) {
    const json::object* object = value.if_object();
    if (object == nullptr) return fail(fmt::format("{} is not an object", what));
    for (const auto& [name, field] : *object) {
      if (error_) return;
      each(std::string_view(name.data(), name.size()), field);
    }
  }

  template <typename Each>
  void items(const json::value& value, std::string_view what, Each each) {
    if (value.is_null()) return;
    const json::array* array = value.if_array();
    if (array == nullptr) return fail(fmt::format("{} is not an array", what));
    for (const json::value& item : *array) {
      if (error_) return;
      each(item);
    }
  }

  envoy::Descriptor descriptor(const json::value& value) {
    envoy::Descriptor out;
    fields(value, "a descriptor", [&](std::string_view name, const json::value& field) {
      if (name == "entries") {
        if (!fits(field, entries_, envoy::kEntriesMax, "entries of descriptors")) return;
        return items(field, name, [&](const json::value& item) {
          ++entries_;
          out.entries.push_back(entry(item));
        });
      }
      if (name == "limit") {
        if (!field.is_null()) out.limit = override_of(field);
        return;
      }
      if (name == "hitsAddend" || name == "hits_addend") {
        if (!field.is_null()) number(field, name, out.hits_addend.emplace());
        return;
      }
      if (name == "isNegativeHits" || name == "is_negative_hits") return truth(field, name, out.is_negative_hits);
      unknown(name, "a descriptor");
    });
    return out;
  }

  envoy::Entry entry(const json::value& value) {
    envoy::Entry out;
    fields(value, "an entry", [&](std::string_view name, const json::value& field) {
      if (name == "key") return text(field, name, out.key);
      if (name == "value") return text(field, name, out.value);
      unknown(name, "an entry");
    });
    return out;
  }

  envoy::Override override_of(const json::value& value) {
    envoy::Override out;
    fields(value, "limit", [&](std::string_view name, const json::value& field) {
      if (name == "requestsPerUnit" || name == "requests_per_unit") return number(field, name, out.requests_per_unit);
      if (name == "unit") return unit(field, out);
      if (name == "unitMultiplier" || name == "unit_multiplier") return number(field, name, out.unit_multiplier);
      unknown(name, "limit");
    });
    return out;
  }

  void text(const json::value& value, std::string_view name, std::string_view& out) {
    if (value.is_null()) return;
    const json::string* string = value.if_string();
    if (string == nullptr) return fail(fmt::format("{} is not a text", name));
    out = {string->data(), string->size()};
  }

  template <typename T>
  void number(const json::value& value, std::string_view name, T& out) {
    if (value.is_null()) return;
    const auto whole = whole_number(value);
    if (!whole || *whole > std::numeric_limits<T>::max()) {
      return fail(fmt::format("{} is not a whole number from 0 to {}", name, std::numeric_limits<T>::max()));
    }
    out = static_cast<T>(*whole);
  }

  static std::optional<uint64_t> whole_number(const json::value& value) {
    if (value.is_uint64()) return value.get_uint64();
    if (value.is_int64() && value.get_int64() >= 0) return static_cast<uint64_t>(value.get_int64());
    if (value.is_double()) {  // 5.0 and 5e0 are 5; above 2^53 the meant number is unknown
      const double number = value.get_double();
      const bool whole = number >= 0 && number <= 0x1p53 && std::floor(number) == number;
      return whole ? std::optional(static_cast<uint64_t>(number)) : std::nullopt;
    }
    const json::string* string = value.if_string();
    if (string == nullptr) return std::nullopt;
    const auto number = parse_json_number({string->data(), string->size()});
    return number ? number->whole() : std::nullopt;
  }

  void truth(const json::value& value, std::string_view name, bool& out) {
    if (value.is_null()) return;
    const bool* const given = value.if_bool();
    if (given == nullptr) return fail(fmt::format("{} is neither true nor false", name));
    out = *given;
  }

  // Whether an array's items are within the bound, before anything is made of them.
  bool fits(const json::value& value, size_t before, size_t most, std::string_view what) {
    const json::array* const array = value.if_array();
    if (array == nullptr || array->size() <= most - before) return true;
    code_ = ErrorCode::kExhausted;
    fail(fmt::format("{} {}; at most {} are decided at once", before + array->size(), what, most));
    return false;
  }

  void unit(const json::value& value, envoy::Override& out) {
    if (value.is_null()) return;
    if (const json::string* string = value.if_string()) {
      const std::string_view name(string->data(), string->size());
      const auto known = envoy::parse_unit(name);
      if (known && envoy::to_string(*known) == name) {
        out.unit = *known;
      } else if (name != "UNKNOWN") {
        fail("unit is unknown");
      }
      return;
    }
    uint32_t number_read = 0;
    number(value, "unit", number_read);
    out.unit_number = number_read;
    if (number_read <= static_cast<uint32_t>(envoy::Unit::kWeek)) out.unit = static_cast<envoy::Unit>(number_read);
  }

  void unknown(std::string_view name, std::string_view where) {
    fail(fmt::format("{} in {} is unknown", clipped(name, 64), where));
  }
  void fail(std::string message) {
    if (!error_) error_ = std::move(message);
  }

  std::optional<std::string> error_;
  ErrorCode code_ = ErrorCode::kInvalid;
  size_t entries_ = 0;
};

// The end of the string that begins at `begin`, after its closing quote. REQUIRES: `text` is JSON.
size_t end_of_string(std::string_view text, size_t begin) {
  size_t at = begin + 1;
  while (text[at] != '"') at += text[at] == '\\' ? 2 : 1;
  return at + 1;
}

// Boost.JSON reads numbers with a point or an exponent as doubles, which rounds. Returns the first such number that
// differs from its double. REQUIRES: `text` is JSON.
std::optional<std::string_view> rounded_number(std::string_view text) {
  constexpr uint64_t kDoublesEnd = uint64_t{1} << 53;
  for (size_t at = 0; at < text.size();) {
    if (text[at] == '"') {
      at = end_of_string(text, at);
      continue;
    }
    const bool is_number = text[at] == '-' || (text[at] >= '0' && text[at] <= '9');
    const size_t end = is_number ? std::min(text.find_first_not_of("+-.0123456789eE", at), text.size()) : at + 1;
    const std::string_view token = text.substr(at, end - at);
    at = end;
    if (!is_number || token.find_first_of(".eE") == std::string_view::npos) continue;
    const auto number = parse_json_number(token);
    const auto whole = number ? number->whole() : std::nullopt;
    if (!whole || *whole > kDoublesEnd) return token;
  }
  return std::nullopt;
}

std::string_view name_of(envoy::Code code) {
  switch (code) {
    case envoy::Code::kOk:
      return "OK";
    case envoy::Code::kOverLimit:
      return "OVER_LIMIT";
    case envoy::Code::kUnknown:
      break;
  }
  return "UNKNOWN";
}

// Writes the fields of an object, with commas between them.
class Fields {
 public:
  explicit Fields(std::string& out) : out_(out) { out_ += '{'; }
  void end() { out_ += '}'; }

  std::string& name(std::string_view name) {
    if (!std::exchange(first_, false)) out_ += ',';
    append_json_string(out_, name);
    out_ += ':';
    return out_;
  }
  void text(std::string_view field, std::string_view value) {
    if (!value.empty()) append_json_string(name(field), value);
  }
  void number(std::string_view field, uint32_t value) {
    if (value != 0) append_number(name(field), value);
  }

 private:
  std::string& out_;
  bool first_ = true;
};

template <typename List, typename Each>
void append_list(std::string& out, const List& list, Each each) {
  out += '[';
  bool first = true;
  for (const auto& item : list) {
    if (!std::exchange(first, false)) out += ',';
    each(item);
  }
  out += ']';
}

void append_status(std::string& out, const envoy::DescriptorStatus& status) {
  Fields fields(out);
  if (status.code != envoy::Code::kUnknown) fields.text("code", name_of(status.code));
  if (status.current_limit) {
    Fields limit(fields.name("currentLimit"));
    limit.number("requestsPerUnit", status.current_limit->requests_per_unit);
    if (status.current_limit->unit != envoy::Unit::kUnknown) {
      limit.text("unit", envoy::to_string(status.current_limit->unit));
    }
    if (status.current_limit->unit_multiplier != 1) {
      limit.number("unitMultiplier", status.current_limit->unit_multiplier);
    }
    limit.text("name", status.current_limit->name);
    limit.end();
  }
  fields.number("limitRemaining", status.limit_remaining);
  if (status.until_reset) {
    fields.text("durationUntilReset", fmt::format("{}s", status.until_reset->ceil_seconds()));
  }
  fields.end();
}

void append_value(std::string& out, const envoy::Value& value) {
  switch (value.kind) {
    case envoy::ValueKind::kNull:
      out += "null";
      return;
    case envoy::ValueKind::kBool:
      return append_bool(out, value.boolean);
    case envoy::ValueKind::kNumber:
      fmt::format_to(std::back_inserter(out), "{}", value.number);
      return;
    case envoy::ValueKind::kString:
      return append_json_string(out, value.text);
    case envoy::ValueKind::kList:
      return append_list(out, value.items, [&](const envoy::Value& item) { append_value(out, item); });
    case envoy::ValueKind::kStruct:
      break;
  }
  Fields fields(out);
  for (const auto& [name, field] : value.fields) append_value(fields.name(name), field);
  fields.end();
}

}  // namespace

struct EnvoyJsonRequest::Parsed {
  json::value document;
  envoy::DescriptorRequest request;
};

EnvoyJsonRequest::EnvoyJsonRequest(std::unique_ptr<Parsed> parsed) : parsed_(std::move(parsed)) {}
EnvoyJsonRequest::EnvoyJsonRequest(EnvoyJsonRequest&&) noexcept = default;
EnvoyJsonRequest::~EnvoyJsonRequest() = default;

const envoy::DescriptorRequest& EnvoyJsonRequest::request() const {
  return parsed_->request;
}

Result<EnvoyJsonRequest> EnvoyJsonRequest::parse(std::string_view text) {
  auto parsed = std::make_unique<Parsed>();
  json::error_code error;
  parsed->document =
      json::parse(json::string_view(text.data(), text.size()), error, {}, json::parse_options{.max_depth = kDepthMax});
  if (error) return invalid(fmt::format("not JSON: {}", error.message()));
  Reader reader;
  parsed->request = reader.read(parsed->document);
  if (reader.error()) return rateguard::fail(reader.code(), *reader.error());
  if (const auto rounded = rounded_number(text)) {
    return invalid(fmt::format("{} is not a whole number that can be kept", clipped(*rounded, 64)));
  }
  return EnvoyJsonRequest(std::move(parsed));
}

void append_envoy_response(std::string& out, const envoy::Response& response) {
  Fields fields(out);
  if (response.overall != envoy::Code::kUnknown) fields.text("overallCode", name_of(response.overall));
  if (!response.statuses.empty()) {
    append_list(fields.name("statuses"), response.statuses, [&](const auto& status) { append_status(out, status); });
  }
  if (!response.response_headers.empty()) {
    append_list(fields.name("responseHeadersToAdd"), response.response_headers,
                [&](const envoy::ResponseHeader& header) {
                  Fields pair(out);
                  pair.text("key", header.name);
                  pair.text("value", header.value);
                  pair.end();
                });
  }
  if (response.dynamic_metadata) append_value(fields.name("dynamicMetadata"), *response.dynamic_metadata);
  fields.end();
}

}  // namespace rateguard::http_api
