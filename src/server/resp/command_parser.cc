#include "server/resp/command_parser.h"

#include <cctype>

#include "model/ascii.h"

namespace rateguard::resp {
namespace {

// The most digits of a number here; longer ones are refused.
constexpr size_t kDigitsMax = 18;

bool is_space(char c) {
  return std::isspace(static_cast<unsigned char>(c)) != 0;
}

char escaped(char c) {
  switch (c) {
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'b':
      return '\b';
    case 'a':
      return '\a';
    default:
      return c;
  }
}

}  // namespace

// The number of a line that ends with CR LF.
struct CommandParser::Number {
  enum class Kind : uint8_t { kWhole, kCut, kBad };
  Kind kind = Kind::kBad;
  int64_t value = 0;
  size_t next = 0;  // where the next line begins

  static Number read(std::string_view bytes, size_t at) {
    const bool negative = at < bytes.size() && bytes[at] == '-';
    if (negative) ++at;
    const size_t first = at;
    int64_t value = 0;
    for (; at < bytes.size() && bytes[at] >= '0' && bytes[at] <= '9'; ++at) {
      if (at - first == kDigitsMax) return {};
      value = value * 10 + (bytes[at] - '0');
    }
    if (at == bytes.size()) return {.kind = Kind::kCut};
    if (at == first || bytes[at] != '\r') return {};
    if (at + 1 == bytes.size()) return {.kind = Kind::kCut};
    if (bytes[at + 1] != '\n') return {};
    return {.kind = Kind::kWhole, .value = negative ? -value : value, .next = at + 2};
  }
};

CommandParser::Status CommandParser::need(size_t wanted) {
  wanted_ = wanted;
  return Status::kNeedMore;
}

CommandParser::Status CommandParser::refuse(std::string_view what) {
  error_.assign("Protocol error: ").append(what);
  return Status::kError;
}

CommandParser::Status CommandParser::parse(std::string_view bytes, Caller caller) {
  arguments_.clear();
  if (bytes.empty()) return need(1);
  return bytes.front() == '*' ? parse_array(bytes, caller) : parse_inline(bytes);
}

CommandParser::Status CommandParser::parse_array(std::string_view bytes, Caller caller) {
  using Kind = Number::Kind;
  const Number count = Number::read(bytes, 1);
  if (count.kind == Kind::kCut) return need(bytes.size() + 1);
  if (count.kind == Kind::kBad || count.value > kArgumentsMax) return refuse("invalid multibulk length");
  const bool stranger = caller == Caller::kStranger;
  if (stranger && count.value > kStrangerArgumentsMax) return refuse("unauthenticated multibulk length");

  size_t at = count.next;
  for (int64_t i = 0; i < count.value; ++i) {
    if (at == bytes.size()) return need(at + 1);
    if (bytes[at] != '$') {
      const char got = bytes[at];
      return refuse(std::string("expected '$', got '") + (got >= ' ' && got <= '~' ? got : '?') + "'");
    }
    const Number length = Number::read(bytes, at + 1);
    if (length.kind == Kind::kCut) return need(bytes.size() + 1);
    if (length.kind == Kind::kBad || length.value < 0 || length.value > kBulkBytesMax) {
      return refuse("invalid bulk length");
    }
    if (stranger && length.value > kStrangerBulkBytesMax) return refuse("unauthenticated bulk length");
    const auto size = static_cast<size_t>(length.value);
    const size_t end = length.next + size;
    if (end + 2 > kCommandBytesMax) return refuse("too big mbulk request");
    if (end + 2 > bytes.size()) return need(end + 2);
    if (bytes[end] != '\r' || bytes[end + 1] != '\n') return refuse("invalid bulk length");
    arguments_.push_back(bytes.substr(length.next, size));
    at = end + 2;
  }
  consumed_ = at;
  return Status::kCommand;
}

CommandParser::Status CommandParser::parse_inline(std::string_view bytes) {
  const size_t end = bytes.substr(0, kInlineBytesMax).find('\n');
  if (end == std::string_view::npos) {
    return bytes.size() >= kInlineBytesMax ? refuse("too big inline request") : need(bytes.size() + 1);
  }
  std::string_view line = bytes.substr(0, end);
  if (line.ends_with('\r')) line.remove_suffix(1);
  consumed_ = end + 1;
  if (!split_line(line)) return refuse("unbalanced quotes in request");
  if (static_cast<int64_t>(arguments_.size()) > kArgumentsMax) return refuse("too big inline request");
  return Status::kCommand;
}

// Words, "quoted with \n, \x0a and \" escapes" or 'quoted with \' alone', as redis-cli's own line is split (sds.c).
bool CommandParser::split_line(std::string_view line) {
  line_.clear();
  line_.reserve(line.size());  // the arguments point into it
  for (size_t at = 0;;) {
    while (at < line.size() && is_space(line[at])) ++at;
    if (at == line.size()) return true;
    const size_t begin = line_.size();
    for (bool in_word = true; in_word && at < line.size() && !is_space(line[at]);) {
      const char quote = line[at];
      if (quote != '"' && quote != '\'') {
        line_ += line[at++];
        continue;
      }
      for (++at; at < line.size() && line[at] != quote; ++at) {
        const std::string_view rest = line.substr(at);
        if (quote == '"' && rest.size() > 3 && rest.starts_with("\\x") && hex_value(rest[2]) >= 0 &&
            hex_value(rest[3]) >= 0) {
          line_ += static_cast<char>(hex_value(rest[2]) * 16 + hex_value(rest[3]));
          at += 3;
        } else if (rest.size() > 1 && rest[0] == '\\' && (quote == '"' || rest[1] == '\'')) {
          line_ += quote == '"' ? escaped(rest[1]) : '\'';
          ++at;
        } else {
          line_ += rest[0];
        }
      }
      if (at == line.size()) return false;
      ++at;
      if (at < line.size() && !is_space(line[at])) return false;
      in_word = false;
    }
    arguments_.push_back(std::string_view(line_).substr(begin));
  }
}

}  // namespace rateguard::resp
