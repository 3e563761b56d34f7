// JSON (RFC 8259) in a line: values are found, not converted, and nothing is copied.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "simulate/logs/byte_search.h"

namespace rateguard::simulate {

enum class JsonType : uint8_t { kNull, kTruth, kNumber, kString, kObject, kList };

struct JsonValue {
  JsonType type = JsonType::kNull;
  bool has_escapes = false;    // of a string
  std::string_view text = {};  // of a string what stands between its quotes, else all of it
};

// Walks over the text of one document. It accepts only valid JSON, with two exceptions that logs need: strings may
// contain bytes that are not UTF-8, and control characters.
class JsonCursor {
 public:
  explicit JsonCursor(std::string_view text) : begin_(text.data()), at_(begin_), end_(begin_ + text.size()) {}

  // Takes the "{" of an object, or the "[" of a list; false where something else stands there.
  bool open(char bracket);
  // The next member's name, its colon taken; nullopt behind the last, its "}" taken, and after a mistake.
  std::optional<JsonValue> next_name();
  // The same in two steps: whether there is another member, the comma before it then taken; and its name with its
  // colon, nullopt after a mistake.
  bool next_member() { return take_comma('}'); }
  std::optional<JsonValue> name();
  // Takes a name and its colon where they are written just like this; false, and nothing is taken, where they are not.
  bool take_written(std::string_view name);
  // Whether a list has another value, which value() then takes; false behind the last, its "]" taken.
  bool next_item();
  // Takes a whole value. After a mistake: null.
  JsonValue value();
  // Takes a whole value that nobody wants.
  void skip_value();
  // The value that comes next is an object: next_name() takes its members one by one.
  bool enter_object();
  // Where it stands, for those who want the text between two places.
  const char* position() const { return at_; }
  // Whether nothing but space follows.
  bool at_end();

  // The first mistake in words, with the character at which it is; empty: none so far.
  std::string mistake() const;
  bool failed() const { return wrong_ != nullptr; }

 private:
  void skip_space();
  void fail(const char* what);
  JsonValue take_string();
  JsonValue value_other_than_string();
  JsonValue take_number();
  JsonValue take_word(std::string_view word, JsonType type);
  void skip_container(int depth);
  bool take_comma(char closing);

  const char* begin_;
  const char* at_;
  const char* end_;
  const char* wrong_ = nullptr;
  const char* wrong_at_ = nullptr;
  bool first_ = false;  // no member or item has been taken since the last open()
};

inline void JsonCursor::skip_space() {
  while (at_ < end_ && (*at_ == ' ' || *at_ == '\t' || *at_ == '\n' || *at_ == '\r')) ++at_;
}

inline bool JsonCursor::open(char bracket) {
  skip_space();
  if (at_ == end_ || *at_ != bracket) return false;
  ++at_;
  first_ = true;
  return true;
}

inline bool JsonCursor::enter_object() {
  return open('{');
}

// Takes what stands between two members or items. False: the end, or a mistake.
inline bool JsonCursor::take_comma(char closing) {
  skip_space();
  if (at_ < end_ && *at_ == closing) {
    ++at_;
    first_ = false;
    return false;
  }
  if (first_) {
    first_ = false;
    return wrong_ == nullptr;
  }
  if (at_ < end_ && *at_ == ',') {
    ++at_;
    skip_space();
    return true;
  }
  fail(at_ == end_ ? "the line ends too early" : "expected a comma");
  return false;
}

inline std::optional<JsonValue> JsonCursor::next_name() {
  return next_member() ? name() : std::nullopt;
}

inline bool JsonCursor::take_written(std::string_view name) {
  if (!begins_with(std::string_view(at_, static_cast<size_t>(end_ - at_)), name)) return false;
  at_ += name.size();
  return true;
}

inline std::optional<JsonValue> JsonCursor::name() {
  if (at_ == end_ || *at_ != '"') {
    fail(at_ == end_ ? "the line ends too early" : "expected a member's name in quotes");
    return std::nullopt;
  }
  const JsonValue taken = take_string();
  skip_space();
  if (at_ == end_ || *at_ != ':') {
    fail(at_ == end_ ? "the line ends too early" : "expected a colon");
    return std::nullopt;
  }
  ++at_;
  return taken;
}

inline bool JsonCursor::next_item() {
  return take_comma(']');
}

inline JsonValue JsonCursor::take_string() {
  const char* const begin = ++at_;
  bool has_escapes = false;
  for (const char* p = begin;;) {
    p += find_first<'"', '\\'>(std::string_view(p, static_cast<size_t>(end_ - p)), 0);
    if (p == end_ || (*p == '\\' && end_ - p < 2)) {
      at_ = end_;
      fail("the line ends within a string");
      return {};
    }
    if (*p == '"') {
      at_ = p + 1;
      return {.type = JsonType::kString,
              .has_escapes = has_escapes,
              .text = std::string_view(begin, static_cast<size_t>(p - begin))};
    }
    has_escapes = true;
    p += 2;
  }
}

inline void JsonCursor::skip_value() {
  skip_space();
  if (at_ < end_ && *at_ == '"') {
    take_string();
  } else {
    value_other_than_string();
  }
}

inline JsonValue JsonCursor::value() {
  skip_space();
  return at_ < end_ && *at_ == '"' ? take_string() : value_other_than_string();
}

// Undoes a string's escapes; surrogates that make no pair become U+FFFD. `out` is replaced.
void unescape_json(std::string_view text, std::string& out);

}  // namespace rateguard::simulate
