// JSON (RFC 8259) in a line: values are found, not converted, and nothing is copied.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

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
  // Whether a list has another value, which value() then takes; false behind the last, its "]" taken.
  bool next_item();
  // Takes a whole value. After a mistake: null.
  JsonValue value();
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

// Undoes a string's escapes; surrogates that make no pair become U+FFFD. `out` is replaced.
void unescape_json(std::string_view text, std::string& out);

}  // namespace rateguard::simulate
