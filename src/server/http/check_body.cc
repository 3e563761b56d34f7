#include "server/http/check_body.h"

#include <fmt/format.h>

#include <boost/json/basic_parser_impl.hpp>
#include <functional>

#include "server/http/check_fields.h"
#include "server/http/json_text.h"

namespace rateguard::http {
namespace {

namespace json = boost::json;

// {"checks":[{"facts":{"headers":{...}}}]} is five deep; what lies deeper is refused before it costs anything.
constexpr size_t kDepthMax = 8;
// So much of a value is repeated in a message.
constexpr size_t kShownBytesMax = 64;

enum class Shape : uint8_t { kCheck, kBatch, kRelease };

// Where in the document the parser is.
enum class Place : uint8_t { kDocument, kBatch, kChecks, kCheck, kKey, kFacts, kHeaders };

// Fills CheckBody from the events of Boost.JSON's parser. What is wrong with one field is noted and passed over, so
// that one answer names several mistakes, and one bad entry of a batch leaves the others alone.
class Events {
 public:
  // Required by basic_parser: the session has bounded the body already.
  static constexpr size_t max_object_size = SIZE_MAX;
  static constexpr size_t max_array_size = SIZE_MAX;
  static constexpr size_t max_key_size = SIZE_MAX;
  static constexpr size_t max_string_size = SIZE_MAX;

  void begin(Shape shape, std::string_view text) {
    shape_ = shape;
    text_ = text;
    place_ = Place::kDocument;
    skipped_depth_ = 0;
    in_parts_ = false;
    document_error_.reset();
    count_ = 0;
    saw_checks_ = false;
    decoded_.clear();
    // Unescaped text is never longer than what it came from, so views into the buffer stay good.
    if (decoded_.capacity() < text.size()) decoded_.reserve(text.size());
  }

  const std::optional<FieldError>& document_error() const { return document_error_; }
  std::span<CheckBody> bodies() { return {bodies_.data(), count_}; }
  bool saw_checks() const { return saw_checks_; }
  // Gives back what a large batch needed and single checks do not.
  void shrink() {
    if (bodies_.size() > kKeptBodies) {
      bodies_.resize(kKeptBodies);
      bodies_.shrink_to_fit();
    }
  }

  bool on_document_begin(json::error_code&) { return true; }
  bool on_document_end(json::error_code&) { return true; }

  bool on_object_begin(json::error_code&) {
    if (skipped_depth_ > 0) return skip_deeper();
    switch (place_) {
      case Place::kDocument:
        return shape_ == Shape::kBatch ? enter(Place::kBatch) : begin_check();
      case Place::kChecks:
        return begin_check();
      case Place::kCheck:
        if (field_known_ && field_ == Field::kFacts) return enter(Place::kFacts);
        break;
      case Place::kFacts:
        if (field_known_ && field_ == Field::kHeaders) return enter(Place::kHeaders);
        break;
      default:
        break;
    }
    wrong_kind({.kind = JsonKind::kObject});
    return skip_deeper();
  }

  bool on_object_end(size_t, json::error_code&) {
    if (skipped_depth_ > 0) return skip_shallower();
    switch (place_) {
      case Place::kHeaders:
        return enter(Place::kFacts);
      case Place::kFacts:
        return enter(Place::kCheck);
      case Place::kCheck:
        return enter(shape_ == Shape::kBatch ? Place::kChecks : Place::kDocument);
      default:
        return enter(Place::kDocument);
    }
  }

  bool on_array_begin(json::error_code&) {
    if (skipped_depth_ > 0) return skip_deeper();
    if (place_ == Place::kBatch && field_known_) return enter(Place::kChecks);
    if (place_ == Place::kCheck && field_known_ && field_ == Field::kKey) {
      body().key_kind = JsonKind::kArray;
      return enter(Place::kKey);
    }
    wrong_kind({.kind = JsonKind::kArray});
    return skip_deeper();
  }

  bool on_array_end(size_t, json::error_code&) {
    if (skipped_depth_ > 0) return skip_shallower();
    return enter(place_ == Place::kKey ? Place::kCheck : Place::kBatch);
  }

  bool on_key_part(json::string_view part, size_t, json::error_code&) { return append_part(part); }
  bool on_key(json::string_view rest, size_t, json::error_code&) {
    const std::string_view name = whole(rest);
    if (skipped_depth_ == 0) take_name(name);
    return true;
  }
  bool on_string_part(json::string_view part, size_t, json::error_code&) { return append_part(part); }
  bool on_string(json::string_view rest, size_t, json::error_code&) {
    return take({.kind = JsonKind::kString, .text = whole(rest)});
  }
  // Numbers come whole, since the text does.
  bool on_number_part(json::string_view, json::error_code&) { return true; }
  bool on_int64(int64_t, json::string_view text, json::error_code&) { return take_number(JsonKind::kInteger, text); }
  bool on_uint64(uint64_t, json::string_view text, json::error_code&) { return take_number(JsonKind::kInteger, text); }
  bool on_double(double, json::string_view text, json::error_code&) { return take_number(JsonKind::kDecimal, text); }
  bool on_bool(bool value, json::error_code&) {
    return take({.kind = JsonKind::kBool, .text = value ? "true" : "false"});
  }
  bool on_null(json::error_code&) { return take({.kind = JsonKind::kNull}); }
  bool on_comment_part(json::string_view, json::error_code&) { return true; }
  bool on_comment(json::string_view, json::error_code&) { return true; }

 private:
  // Bodies kept between requests: a small batch's worth.
  static constexpr size_t kKeptBodies = 16;

  CheckBody& body() { return bodies_[count_ - 1]; }
  bool enter(Place place) {
    place_ = place;
    return true;
  }
  bool skip_deeper() {
    ++skipped_depth_;
    return true;
  }
  bool skip_shallower() {
    --skipped_depth_;
    return true;
  }
  void fail_document(std::string_view field, std::string detail) {
    if (!document_error_) document_error_ = FieldError{std::string(field), std::move(detail)};
  }

  CheckBody& add_body() {
    if (count_ == kBatchMax) {
      fail_document("checks", fmt::format("more than {} checks; send several batches", kBatchMax));
    } else if (++count_ > bodies_.size()) {
      bodies_.emplace_back();
    }
    body().clear();
    return body();
  }

  bool begin_check() {
    add_body();
    return enter(Place::kCheck);
  }

  bool append_part(json::string_view part) {
    if (!in_parts_) {
      in_parts_ = true;
      part_begin_ = decoded_.size();
    }
    decoded_.append(part.data(), part.size());
    return true;
  }

  std::string_view whole(json::string_view rest) {
    // What held no escape is a piece of the text; the parser's own buffer holds what did, and only for this call.
    const bool in_text =
        !std::less<>()(rest.data(), text_.data()) && std::less<>()(rest.data(), text_.data() + text_.size());
    if (!in_parts_ && (in_text || rest.empty())) return {rest.data(), rest.size()};
    if (!in_parts_) part_begin_ = decoded_.size();
    decoded_.append(rest.data(), rest.size());
    in_parts_ = false;
    return std::string_view(decoded_).substr(part_begin_);
  }

  void take_name(std::string_view name) {
    switch (place_) {
      case Place::kBatch:
        field_known_ = name == "checks";
        if (!field_known_) fail_document(clipped(name, kShownBytesMax), R"(unknown field; a batch has only "checks")");
        if (field_known_ && saw_checks_) fail_document("checks", "given twice");
        saw_checks_ = saw_checks_ || field_known_;
        return;
      case Place::kCheck:
        return take_field(check_field(name), name, "");
      case Place::kFacts:
        return take_field(facts_field(name), name, "facts.");
      case Place::kHeaders:
        return take_header_name(name);
      default:
        return;
    }
  }

  void take_field(std::optional<Field> field, std::string_view name, std::string_view prefix) {
    if (shape_ == Shape::kRelease && field != Field::kHold) field.reset();
    field_known_ = field.has_value();
    if (!field) {
      body().fail(fmt::format("{}{}", prefix, clipped(name, kShownBytesMax)), "unknown field");
      return;
    }
    field_ = *field;
    if (body().present.has(field_)) {
      field_known_ = false;  // the first one stays
      body().fail(field_name(field_), "given twice");
      return;
    }
    body().present.add(field_);
  }

  void take_header_name(std::string_view name) {
    field_known_ = true;
    if (body().headers.size() == kFactHeadersMax) {
      field_known_ = false;
      body().fail("facts.headers", fmt::format("more than {} headers", kFactHeadersMax));
      return;
    }
    for (const Header& header : body().headers) {
      if (header.name != name) continue;
      field_known_ = false;
      body().fail(fmt::format("facts.headers.{}", clipped(name, kShownBytesMax)), "given twice");
      return;
    }
    body().headers.push_back({.name = name, .value = {}});
  }

  bool take_number(JsonKind kind, json::string_view text) {
    return take({.kind = kind, .text = {text.data(), text.size()}});
  }

  bool take(FieldValue value) {
    if (skipped_depth_ > 0) return true;
    switch (place_) {
      case Place::kCheck:
      case Place::kFacts:
        if (field_known_) take_value(value);
        return true;
      case Place::kKey:
        return take_key_part(value);
      case Place::kHeaders:
        if (!field_known_) return true;
        if (value.kind != JsonKind::kString) {
          body().fail(fmt::format("facts.headers.{}", clipped(body().headers.back().name, kShownBytesMax)),
                      "expected a string");
        }
        body().headers.back().value = value.text;
        return true;
      default:
        wrong_kind(value);
        return true;
    }
  }

  void take_value(FieldValue value) {
    const bool hold_id = shape_ == Shape::kRelease;
    if (hold_id ? value.kind != JsonKind::kString : !accepts(field_, value.kind)) return wrong_kind(value);
    body().values[static_cast<size_t>(field_)] = value;
    if (field_ == Field::kKey) {
      body().key_parts[0] = value.text;
      body().key_parts_count = 1;
    } else if (field_ == Field::kExplain) {
      body().explain = value.text == "true";
    }
  }

  bool take_key_part(FieldValue value) {
    if (value.kind != JsonKind::kString) {
      wrong_kind(value);
    } else if (body().key_parts_count == kKeyPartsMax) {
      body().fail("key", fmt::format("more than {} parts", kKeyPartsMax));
    } else {
      body().key_parts[body().key_parts_count++] = value.text;
    }
    return true;
  }

  // A value of a kind that cannot stand where it does.
  void wrong_kind(FieldValue value) {
    switch (place_) {
      case Place::kDocument:
        return fail_document("body", fmt::format("expected a JSON object, not {}", describe(value)));
      case Place::kBatch:
        if (field_known_) fail_document("checks", fmt::format("expected an array, not {}", describe(value)));
        return;
      case Place::kChecks:
        add_body().fail("check", fmt::format("expected an object, not {}", describe(value)));
        return;
      case Place::kKey:
        return body().fail("key", fmt::format("expected an array of strings, not one with {}", describe(value)));
      case Place::kHeaders:
        if (field_known_) {
          body().fail(fmt::format("facts.headers.{}", clipped(body().headers.back().name, kShownBytesMax)),
                      "expected a string");
        }
        return;
      default:
        break;
    }
    if (!field_known_) return;
    const std::string_view expected = shape_ == Shape::kRelease ? "the text of a hold" : expectation(field_);
    if (is_secret(field_)) return body().fail(field_name(field_), fmt::format("expected {}", expected));
    body().fail(field_name(field_), fmt::format("expected {}, not {}", expected, describe(value)));
  }

  Shape shape_ = Shape::kCheck;
  std::string_view text_;
  Place place_ = Place::kDocument;
  size_t skipped_depth_ = 0;  // how deep inside a value that is passed over
  Field field_ = Field::kKey;
  bool field_known_ = false;
  bool saw_checks_ = false;
  bool in_parts_ = false;
  size_t part_begin_ = 0;
  std::string decoded_;  // strings that held escapes
  size_t count_ = 0;
  std::vector<CheckBody> bodies_ = std::vector<CheckBody>(1);
  std::optional<FieldError> document_error_;
};

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
  headers.clear();
  errors.clear();
}

struct CheckBodyParser::Impl {
  json::basic_parser<Events> parser{json::parse_options{.max_depth = kDepthMax}};

  std::optional<FieldError> parse(Shape shape, std::string_view text) {
    Events& events = parser.handler();
    events.shrink();
    parser.reset();
    events.begin(shape, text);
    if (text.empty()) return FieldError{"body", "empty; expected a JSON object"};
    json::error_code error;
    const size_t used = parser.write_some(false, text.data(), text.size(), error);
    if (!error && used < text.size()) error = json::error::extra_data;
    if (error) return syntax_error(error, used);
    return events.document_error();
  }
};

CheckBodyParser::CheckBodyParser() : impl_(std::make_unique<Impl>()) {}
CheckBodyParser::~CheckBodyParser() = default;

auto CheckBodyParser::parse_check(std::string_view text) -> Parsed<CheckBody*> {
  if (auto error = impl_->parse(Shape::kCheck, text)) return std::unexpected(std::move(*error));
  return impl_->parser.handler().bodies().data();
}

auto CheckBodyParser::parse_batch(std::string_view text) -> Parsed<std::span<CheckBody>> {
  if (auto error = impl_->parse(Shape::kBatch, text)) return std::unexpected(std::move(*error));
  Events& events = impl_->parser.handler();
  if (!events.saw_checks()) return std::unexpected(FieldError{"checks", "missing; expected an array of checks"});
  if (events.bodies().empty()) return std::unexpected(FieldError{"checks", "empty; expected 1 to 1000 checks"});
  return events.bodies();
}

auto CheckBodyParser::parse_release(std::string_view text) -> Parsed<std::string_view> {
  if (auto error = impl_->parse(Shape::kRelease, text)) return std::unexpected(std::move(*error));
  CheckBody& body = impl_->parser.handler().bodies().front();
  if (!body.errors.empty()) return std::unexpected(std::move(body.errors.front()));
  if (!body.present.has(Field::kHold))
    return std::unexpected(FieldError{"hold", "missing; expected the text of a hold"});
  return body.value(Field::kHold).text;
}

}  // namespace rateguard::http
