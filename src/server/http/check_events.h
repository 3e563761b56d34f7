// Reads the fields of checks from the events of Boost.JSON's parser.
#pragma once

#include <boost/json/error.hpp>
#include <boost/json/string_view.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/http/check_body.h"

namespace rateguard::http_api {

// Which body is read.
enum class BodyShape : uint8_t { kCheck, kBatch, kRelease };

// Fills CheckBody from the events of Boost.JSON's parser. An error in one field is noted and the field is skipped, so
// that one answer names several mistakes, and a wrong entry of a batch does not affect the others.
class CheckEvents {
 public:
  // Required by basic_parser: the session has already bounded the body.
  static constexpr size_t max_object_size = SIZE_MAX;
  static constexpr size_t max_array_size = SIZE_MAX;
  static constexpr size_t max_key_size = SIZE_MAX;
  static constexpr size_t max_string_size = SIZE_MAX;

  void begin(BodyShape shape, std::string_view text);

  const std::optional<FieldError>& document_error() const { return document_error_; }
  std::span<CheckBody> bodies() { return {bodies_.data(), count_}; }
  bool saw_checks() const { return saw_checks_; }
  // Frees the memory that a large batch needed.
  void shrink() {
    if (bodies_.size() > kKeptBodies) {
      bodies_.resize(kKeptBodies);
      bodies_.shrink_to_fit();
    }
  }

  bool on_document_begin(boost::json::error_code&) { return true; }
  bool on_document_end(boost::json::error_code&) { return true; }

  bool on_object_begin(boost::json::error_code&);

  bool on_object_end(size_t, boost::json::error_code&);

  bool on_array_begin(boost::json::error_code&);

  bool on_array_end(size_t, boost::json::error_code&);

  bool on_key_part(boost::json::string_view part, size_t, boost::json::error_code&) { return append_part(part); }
  bool on_key(boost::json::string_view rest, size_t, boost::json::error_code&) {
    const std::string_view name = whole(rest);
    if (skipped_depth_ == 0) take_name(name);
    return true;
  }
  bool on_string_part(boost::json::string_view part, size_t, boost::json::error_code&) { return append_part(part); }
  bool on_string(boost::json::string_view rest, size_t, boost::json::error_code&) {
    return take({.kind = JsonKind::kString, .text = whole(rest)});
  }
  // Numbers arrive in one part, since the text does.
  bool on_number_part(boost::json::string_view, boost::json::error_code&) { return true; }
  bool on_int64(int64_t, boost::json::string_view text, boost::json::error_code&) {
    return take_number(JsonKind::kInteger, text);
  }
  bool on_uint64(uint64_t, boost::json::string_view text, boost::json::error_code&) {
    return take_number(JsonKind::kInteger, text);
  }
  bool on_double(double, boost::json::string_view text, boost::json::error_code&) {
    return take_number(JsonKind::kDecimal, text);
  }
  bool on_bool(bool value, boost::json::error_code&) {
    return take({.kind = JsonKind::kBool, .text = value ? "true" : "false"});
  }
  bool on_null(boost::json::error_code&) { return take({.kind = JsonKind::kNull}); }
  bool on_comment_part(boost::json::string_view, boost::json::error_code&) { return true; }
  bool on_comment(boost::json::string_view, boost::json::error_code&) { return true; }

 private:
  // Where in the document the parser is.
  enum class Place : uint8_t { kDocument, kBatch, kChecks, kCheck, kKey, kFacts, kHeaders };

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

  CheckBody& add_body();

  bool begin_check() {
    add_body();
    return enter(Place::kCheck);
  }

  bool append_part(boost::json::string_view part) {
    if (!in_parts_) {
      in_parts_ = true;
      part_begin_ = decoded_.size();
    }
    decoded_.append(part.data(), part.size());
    return true;
  }

  std::string_view whole(boost::json::string_view rest);

  void take_name(std::string_view name);

  void take_field(std::optional<Field> field, std::string_view name, std::string_view prefix);

  void take_header_name(std::string_view name);

  bool take_number(JsonKind kind, boost::json::string_view text) {
    return take({.kind = kind, .text = {text.data(), text.size()}});
  }

  bool take(FieldValue value);

  void take_value(FieldValue value);

  bool take_key_part(FieldValue value);

  // Notes a value of a kind that is not allowed there.
  void wrong_kind(FieldValue value);

  BodyShape shape_ = BodyShape::kCheck;
  std::string_view text_;
  Place place_ = Place::kDocument;
  size_t skipped_depth_ = 0;  // depth inside a skipped value
  Field field_ = Field::kKey;
  bool field_known_ = false;
  bool saw_checks_ = false;
  bool in_parts_ = false;
  size_t part_begin_ = 0;
  std::string decoded_;  // strings that had escapes
  size_t count_ = 0;
  std::vector<CheckBody> bodies_ = std::vector<CheckBody>(1);
  std::optional<FieldError> document_error_;
};

}  // namespace rateguard::http_api
