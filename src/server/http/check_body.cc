#include "server/http/check_body.h"

#include <fmt/format.h>

#include <boost/json/basic_parser_impl.hpp>

#include "server/http/check_events.h"
#include "server/http/json_exponents.h"
#include "server/http/plain_json.h"
#include "text/json_text.h"

namespace rateguard::http_api {
namespace {

namespace json = boost::json;

// {"checks":[{"facts":{"headers":{...}}}]} is five deep; deeper nesting is refused before it costs anything.
constexpr size_t kDepthMax = 8;

FieldError syntax_error(const json::error_code& error, size_t offset) {
  if (error == json::error::incomplete) return {"body", "not JSON: the text ends too early"};
  if (error == json::error::extra_data)
    return {"body", fmt::format("not JSON: more follows the object, at byte {}", offset)};
  if (error == json::error::too_deep)
    return {"body", fmt::format("nested more than {} deep, at byte {}", kDepthMax, offset)};
  return {"body", fmt::format("not JSON: {} at byte {}", error.message(), offset)};
}

}  // namespace

std::string describe(FieldValue value) {
  switch (value.kind) {
    case JsonKind::kString: {
      std::string out;
      append_json_string(out, clipped(value.text, kShownBytesMax));
      return out;
    }
    case JsonKind::kNull:
      return "null";
    case JsonKind::kArray:
      return "an array";
    case JsonKind::kObject:
      return "an object";
    default:
      return clipped(value.text, kShownBytesMax);
  }
}

void CheckBody::fail(std::string_view field, std::string detail) {
  if (errors.size() < kFieldErrorsMax) errors.push_back({std::string(field), std::move(detail)});
}

void CheckBody::clear() {
  present = {};
  key_parts_count = 0;
  key_kind = JsonKind::kString;
  explain = false;
  settle = false;
  headers.clear();
  errors.clear();
}

struct CheckBodyParser::Impl {
  json::basic_parser<CheckEvents> parser{json::parse_options{.max_depth = kDepthMax}};

  std::optional<FieldError> parse(BodyShape shape, std::string_view text) {
    CheckEvents& events = parser.handler();
    events.shrink();
    events.begin(shape, text);
    if (text.empty()) return FieldError{"body", "empty; expected a JSON object"};
    if (PlainJsonReader(text, events).read(kDepthMax)) return events.document_error();
    json::error_code error;
    size_t used = read_any(shape, text, error);
    if (error == json::error::exponent_overflow) {
      bounded = with_bounded_exponents(text);
      used = read_any(shape, bounded, error);
    }
    if (error) return syntax_error(error, used);
    return events.document_error();
  }

  // Returns how much was read.
  size_t read_any(BodyShape shape, std::string_view text, json::error_code& error) {
    parser.reset();
    parser.handler().begin(shape, text);
    const size_t used = parser.write_some(false, text.data(), text.size(), error);
    if (!error && used < text.size()) error = json::error::extra_data;
    return used;
  }

  std::string bounded;  // a copy with bounded exponents, into which values may point
};

CheckBodyParser::CheckBodyParser() : impl_(std::make_unique<Impl>()) {}
CheckBodyParser::~CheckBodyParser() = default;

auto CheckBodyParser::parse_check(std::string_view text) -> Parsed<CheckBody*> {
  if (auto error = impl_->parse(BodyShape::kCheck, text)) return std::unexpected(std::move(*error));
  return impl_->parser.handler().bodies().data();
}

auto CheckBodyParser::parse_batch(std::string_view text) -> Parsed<std::span<CheckBody>> {
  if (auto error = impl_->parse(BodyShape::kBatch, text)) return std::unexpected(std::move(*error));
  CheckEvents& events = impl_->parser.handler();
  if (!events.saw_checks()) return std::unexpected(FieldError{"checks", "missing; expected an array of checks"});
  if (events.bodies().empty()) return std::unexpected(FieldError{"checks", "empty; expected 1 to 1000 checks"});
  return events.bodies();
}

auto CheckBodyParser::parse_release(std::string_view text) -> Parsed<std::string_view> {
  if (auto error = impl_->parse(BodyShape::kRelease, text)) return std::unexpected(std::move(*error));
  CheckBody& body = impl_->parser.handler().bodies().front();
  if (!body.errors.empty()) return std::unexpected(std::move(body.errors.front()));
  if (!body.present.has(Field::kHold))
    return std::unexpected(FieldError{"hold", "missing; expected the text of a hold"});
  return body.value(Field::kHold).text;
}

}  // namespace rateguard::http_api
