#include "simulate/logs/json_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "model/ascii.h"

namespace rateguard::simulate {
namespace {

// Deeper nesting ends in an error, not in the stack's end; the logs of the field nest five deep.
constexpr int kDepthMax = 64;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

void append_utf8(uint32_t code, std::string& out) {
  if (code < 0x80) {
    out.push_back(static_cast<char>(code));
  } else if (code < 0x800) {
    out.push_back(static_cast<char>(0xC0 | code >> 6));
    out.push_back(static_cast<char>(0x80 | (code & 0x3F)));
  } else if (code < 0x10000) {
    out.push_back(static_cast<char>(0xE0 | code >> 12));
    out.push_back(static_cast<char>(0x80 | (code >> 6 & 0x3F)));
    out.push_back(static_cast<char>(0x80 | (code & 0x3F)));
  } else {
    out.push_back(static_cast<char>(0xF0 | code >> 18));
    out.push_back(static_cast<char>(0x80 | (code >> 12 & 0x3F)));
    out.push_back(static_cast<char>(0x80 | (code >> 6 & 0x3F)));
    out.push_back(static_cast<char>(0x80 | (code & 0x3F)));
  }
}

// The four digits of \uXXXX that begin at `i`; nullopt if they are not hexadecimal.
std::optional<uint32_t> code_unit(std::string_view text, size_t i) {
  if (i + 4 > text.size()) return std::nullopt;
  uint32_t code = 0;
  for (size_t k = i; k < i + 4; ++k) {
    if (hex_value(text[k]) < 0) return std::nullopt;
    code = code * 16 + static_cast<uint32_t>(hex_value(text[k]));
  }
  return code;
}

}  // namespace

void JsonCursor::fail(const char* what) {
  if (wrong_ != nullptr) return;
  wrong_ = what;
  wrong_at_ = at_;
  at_ = end_;
}

std::string JsonCursor::mistake() const {
  if (wrong_ == nullptr) return {};
  return fmt::format("{}, at character {}", wrong_, wrong_at_ - begin_ + 1);
}

JsonValue JsonCursor::take_number() {
  const char* const begin = at_;
  const auto take_digits = [this] {
    const char* const from = at_;
    while (at_ < end_ && is_digit(*at_)) ++at_;
    return at_ > from;
  };
  if (*at_ == '-') ++at_;
  bool good = true;
  if (at_ < end_ && *at_ == '0') {  // which no other digit may follow
    ++at_;
  } else {
    good = take_digits();
  }
  if (good && at_ < end_ && *at_ == '.') {
    ++at_;
    good = take_digits();
  }
  if (good && at_ < end_ && (*at_ == 'e' || *at_ == 'E')) {
    ++at_;
    if (at_ < end_ && (*at_ == '+' || *at_ == '-')) ++at_;
    good = take_digits();
  }
  if (!good) {
    fail("expected a value");
    return {};
  }
  return {.type = JsonType::kNumber, .text = std::string_view(begin, static_cast<size_t>(at_ - begin))};
}

JsonValue JsonCursor::take_word(std::string_view word, JsonType type) {
  const std::string_view rest(at_, static_cast<size_t>(end_ - at_));
  if (!rest.starts_with(word)) {
    fail("expected a value");
    return {};
  }
  at_ += word.size();
  return {.type = type, .text = rest.substr(0, word.size())};
}

// Takes what stands in the object or list whose bracket is next, and its end.
void JsonCursor::skip_container(int depth) {
  if (depth > kDepthMax) return fail("nested too deep");
  const bool object = *at_ == '{';
  ++at_;
  first_ = true;
  while (object ? next_name().has_value() : next_item()) {
    skip_space();
    if (at_ < end_ && (*at_ == '{' || *at_ == '[')) {
      skip_container(depth + 1);
    } else {
      value();
    }
    if (wrong_ != nullptr) return;
  }
}

JsonValue JsonCursor::value_other_than_string() {
  if (at_ == end_) {
    fail("the line ends too early");
    return {};
  }
  switch (*at_) {
    case '{':
    case '[': {
      const char* const begin = at_;
      const JsonType type = *at_ == '{' ? JsonType::kObject : JsonType::kList;
      skip_container(1);
      if (wrong_ != nullptr) return {};
      return {.type = type, .text = std::string_view(begin, static_cast<size_t>(at_ - begin))};
    }
    case 't':
      return take_word("true", JsonType::kTruth);
    case 'f':
      return take_word("false", JsonType::kTruth);
    case 'n':
      return take_word("null", JsonType::kNull);
    default:
      return take_number();
  }
}

bool JsonCursor::at_end() {
  skip_space();
  return at_ == end_;
}

void unescape_json(std::string_view text, std::string& out) {
  constexpr std::string_view kLetters = "bfnrt";
  constexpr std::string_view kMeanings = "\b\f\n\r\t";
  constexpr uint32_t kReplacement = 0xFFFD;
  out.clear();
  for (size_t i = 0; i < text.size(); ++i) {
    const size_t escape = std::min(text.find('\\', i), text.size() - 1);
    out.append(text.substr(i, escape - i));
    i = escape;
    if (text[i] != '\\' || i + 1 == text.size()) {
      out.push_back(text[i]);
      continue;
    }
    const char c = text[++i];
    if (const size_t letter = kLetters.find(c); letter != std::string_view::npos) {
      out.push_back(kMeanings[letter]);
    } else if (const auto unit = c == 'u' ? code_unit(text, i + 1) : std::nullopt) {
      i += 4;
      uint32_t code = *unit;
      if (code >= 0xD800 && code < 0xE000) {
        const bool pair = code < 0xDC00 && text.substr(i + 1).starts_with("\\u");
        const auto low = pair ? code_unit(text, i + 3) : std::nullopt;
        const bool whole = low && *low >= 0xDC00 && *low < 0xE000;
        code = whole ? 0x10000 + ((code - 0xD800) << 10) + (*low - 0xDC00) : kReplacement;
        if (whole) i += 6;
      }
      append_utf8(code, out);
    } else {
      out.push_back(c);
    }
  }
}

}  // namespace rateguard::simulate
