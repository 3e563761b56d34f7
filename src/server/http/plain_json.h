// A reader for plain JSON.
#pragma once

#include <array>
#include <boost/json/error.hpp>
#include <boost/json/string_view.hpp>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace rateguard::http_api {

// The characters of a plain string: ASCII without escapes (RFC 8259, section 7).
inline constexpr auto kPlainChars = [] {
  std::array<bool, 256> plain = {};
  for (size_t c = 0x20; c < 0x80; ++c) plain[c] = c != '"' && c != '\\';
  return plain;
}();

// Reads what nearly every client sends: strings of ASCII without escapes, whole numbers of at most 18 digits, true,
// false, null, arrays and objects. The handler is one for Boost.JSON's basic_parser and gets the events that it would
// get there, strings and keys in one part each, as views into the text.
//
// If the text is anything else, or not JSON at all, read() gives up: it returns false, and the handler has seen some of
// the events. Boost.JSON then reads the text from its beginning, and says what is wrong with it. That way this reader,
// which takes half the time, has to know only the easy part of the grammar.
template <typename Handler>
class PlainJsonReader {
 public:
  PlainJsonReader(std::string_view text, Handler& handler)
      : at_(text.data()), end_(text.data() + text.size()), handler_(handler) {}

  // At most `depth_max` arrays and objects may be open at once.
  bool read(size_t depth_max) {
    if (!handler_.on_document_begin(error_) || !value(depth_max)) return false;
    skip_space();
    return at_ == end_ && handler_.on_document_end(error_);
  }

 private:
  void skip_space() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) ++at_;
  }

  // Skips `c` if it comes next, after space; returns whether it did.
  bool skip(char c) {
    skip_space();
    if (at_ == end_ || *at_ != c) return false;
    ++at_;
    return true;
  }

  bool skip_word(std::string_view word) {
    if (!std::string_view(at_, end_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }

  bool value(size_t depth_left) {
    skip_space();
    if (at_ == end_) return false;
    switch (*at_) {
      case '"': {
        boost::json::string_view text;
        return string(text) && handler_.on_string(text, text.size(), error_);
      }
      case '{':
        return depth_left > 0 && object(depth_left - 1);
      case '[':
        return depth_left > 0 && array(depth_left - 1);
      case 't':
        return skip_word("true") && handler_.on_bool(true, error_);
      case 'f':
        return skip_word("false") && handler_.on_bool(false, error_);
      case 'n':
        return skip_word("null") && handler_.on_null(error_);
      default:
        return number();
    }
  }

  bool object(size_t depth_left) {
    ++at_;
    if (!handler_.on_object_begin(error_)) return false;
    if (skip('}')) return handler_.on_object_end(0, error_);
    size_t members = 0;
    do {
      skip_space();
      boost::json::string_view key;
      if (at_ == end_ || *at_ != '"' || !string(key) || !handler_.on_key(key, key.size(), error_)) return false;
      if (!skip(':') || !value(depth_left)) return false;
      ++members;
    } while (skip(','));
    return skip('}') && handler_.on_object_end(members, error_);
  }

  bool array(size_t depth_left) {
    ++at_;
    if (!handler_.on_array_begin(error_)) return false;
    if (skip(']')) return handler_.on_array_end(0, error_);
    size_t elements = 0;
    do {
      if (!value(depth_left)) return false;
      ++elements;
    } while (skip(','));
    return skip(']') && handler_.on_array_end(elements, error_);
  }

  // Reads from the opening quote to after the closing one.
  bool string(boost::json::string_view& text) {
    const char* const begin = ++at_;
    while (at_ != end_ && kPlainChars[static_cast<unsigned char>(*at_)]) ++at_;
    if (at_ == end_ || *at_ != '"') return false;
    text = {begin, static_cast<size_t>(at_ - begin)};
    ++at_;
    return true;
  }

  // Of "1.5" and "1e3" this reads "1"; the reader gives up at the rest.
  bool number() {
    constexpr ptrdiff_t kDigitsMax = 18;  // always fit into 64 bits
    const char* const begin = at_;
    int64_t value = 0;
    for (; at_ != end_ && *at_ >= '0' && *at_ <= '9'; ++at_) {
      if (at_ - begin == kDigitsMax) return false;
      value = value * 10 + (*at_ - '0');
    }
    const auto digits = static_cast<size_t>(at_ - begin);
    if (digits == 0 || (digits > 1 && *begin == '0')) return false;
    return handler_.on_int64(value, {begin, digits}, error_);
  }

  const char* at_;
  const char* end_;
  Handler& handler_;
  boost::json::error_code error_;  // our handlers do not set it
};

}  // namespace rateguard::http_api
