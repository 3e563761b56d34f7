#include "server/http/check_events.h"

#include <fmt/format.h>

#include <functional>

#include "server/http/check_fields.h"
#include "text/json_text.h"

namespace rateguard::http_api {

bool CheckEvents::on_object_begin(boost::json::error_code&) {
  if (skipped_depth_ > 0) return skip_deeper();
  switch (place_) {
    case Place::kDocument:
      return shape_ == BodyShape::kBatch ? enter(Place::kBatch) : begin_check();
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

bool CheckEvents::on_object_end(size_t, boost::json::error_code&) {
  if (skipped_depth_ > 0) return skip_shallower();
  switch (place_) {
    case Place::kHeaders:
      return enter(Place::kFacts);
    case Place::kFacts:
      return enter(Place::kCheck);
    case Place::kCheck:
      return enter(shape_ == BodyShape::kBatch ? Place::kChecks : Place::kDocument);
    default:
      return enter(Place::kDocument);
  }
}

bool CheckEvents::on_array_begin(boost::json::error_code&) {
  if (skipped_depth_ > 0) return skip_deeper();
  if (place_ == Place::kBatch && field_known_) return enter(Place::kChecks);
  if (place_ == Place::kCheck && field_known_ && field_ == Field::kKey) {
    body().key_kind = JsonKind::kArray;
    return enter(Place::kKey);
  }
  wrong_kind({.kind = JsonKind::kArray});
  return skip_deeper();
}

bool CheckEvents::on_array_end(size_t, boost::json::error_code&) {
  if (skipped_depth_ > 0) return skip_shallower();
  return enter(place_ == Place::kKey ? Place::kCheck : Place::kBatch);
}

CheckBody& CheckEvents::add_body() {
  if (count_ == kBatchMax) {
    fail_document("checks", fmt::format("more than {} checks; send several batches", kBatchMax));
  } else if (++count_ > bodies_.size()) {
    bodies_.emplace_back();
  }
  body().clear();
  return body();
}

std::string_view CheckEvents::whole(boost::json::string_view rest) {
  // A string without escapes is a piece of the text; one with escapes is in the parser's buffer, for this call only.
  const bool in_text =
      !std::less<>()(rest.data(), text_.data()) && std::less<>()(rest.data(), text_.data() + text_.size());
  if (!in_parts_ && (in_text || rest.empty())) return {rest.data(), rest.size()};
  if (!in_parts_) part_begin_ = decoded_.size();
  decoded_.append(rest.data(), rest.size());
  in_parts_ = false;
  return std::string_view(decoded_).substr(part_begin_);
}

void CheckEvents::take_name(std::string_view name) {
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

void CheckEvents::take_field(std::optional<Field> field, std::string_view name, std::string_view prefix) {
  if (shape_ == BodyShape::kRelease && field != Field::kHold) field.reset();
  field_known_ = field.has_value();
  if (!field) {
    body().fail(fmt::format("{}{}", prefix, clipped(name, kShownBytesMax)), "unknown field");
    return;
  }
  field_ = *field;
  if (body().present.has(field_)) {
    field_known_ = false;  // the first value stays
    body().fail(field_name(field_), "given twice");
    return;
  }
  body().present.add(field_);
}

void CheckEvents::take_header_name(std::string_view name) {
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

bool CheckEvents::take(FieldValue value) {
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

void CheckEvents::take_value(FieldValue value) {
  const bool hold_id = shape_ == BodyShape::kRelease;
  if (hold_id ? value.kind != JsonKind::kString : !accepts(field_, value.kind)) return wrong_kind(value);
  body().values[static_cast<size_t>(field_)] = value;
  if (field_ == Field::kKey) {
    body().key_parts[0] = value.text;
    body().key_parts_count = 1;
  } else if (field_ == Field::kExplain) {
    body().explain = value.text == "true";
  } else if (field_ == Field::kSettle) {
    body().settle = value.text == "true";
  }
}

bool CheckEvents::take_key_part(FieldValue value) {
  if (value.kind != JsonKind::kString) {
    wrong_kind(value);
  } else if (body().key_parts_count == kKeyPartsMax) {
    body().fail("key", fmt::format("more than {} parts", kKeyPartsMax));
  } else {
    body().key_parts[body().key_parts_count++] = value.text;
  }
  return true;
}

void CheckEvents::wrong_kind(FieldValue value) {
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
  const std::string_view expected = shape_ == BodyShape::kRelease ? "the text of a hold" : expectation(field_);
  if (is_secret(field_)) return body().fail(field_name(field_), fmt::format("expected {}", expected));
  body().fail(field_name(field_), fmt::format("expected {}, not {}", expected, describe(value)));
}

void CheckEvents::begin(BodyShape shape, std::string_view text) {
  shape_ = shape;
  text_ = text;
  place_ = Place::kDocument;
  skipped_depth_ = 0;
  in_parts_ = false;
  document_error_.reset();
  count_ = 0;
  saw_checks_ = false;
  decoded_.clear();
  // Unescaped text is never longer than what it came from, so views into the buffer stay valid.
  if (decoded_.capacity() < text.size()) decoded_.reserve(text.size());
}

}  // namespace rateguard::http_api
