#include "simulate/logs/access_log_parser.h"

#include <algorithm>
#include <optional>

#include "model/ascii.h"

namespace rateguard::simulate {
namespace {

constexpr std::string_view dash_is_empty(std::string_view text) {
  return text == "-" ? std::string_view() : text;
}

// Undoes the escapes of Apache (\" \\ \n \t \xhh and the other C ones) and nginx (\xHH).
void unescape(std::string_view text, std::string& out) {
  constexpr std::string_view kLetters = "bnrtv";
  constexpr std::string_view kMeanings = "\b\n\r\t\v";
  out.clear();
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      out.push_back(text[i]);
      continue;
    }
    const char c = text[++i];
    if (c == 'x' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 && hex_value(text[i + 2]) >= 0) {
      out.push_back(static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2])));
      i += 2;
    } else if (const size_t letter = kLetters.find(c); letter != std::string_view::npos) {
      out.push_back(kMeanings[letter]);
    } else {
      out.push_back(c);
    }
  }
}

// RFC 9110 section 9.1: a method is a token; those in use are letters and hyphens.
bool is_method(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' || c == '_';
  });
}

// Takes a number, or "-", and the space that ends it; false where there is none, `rest` then being anywhere.
bool take_count(std::string_view& rest) {
  size_t end = 0;
  while (end < rest.size() && rest[end] >= '0' && rest[end] <= '9') ++end;
  if (end == 0 && rest.starts_with('-')) end = 1;
  if (end == 0 || (end < rest.size() && rest[end] != ' ')) return false;
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return true;
}

// The next word up to a space, which is taken too.
std::string_view take_word(std::string_view& rest) {
  const size_t end = std::min(rest.find(' '), rest.size());
  const std::string_view word = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return word;
}

}  // namespace

std::optional<std::string_view> AccessLogParser::take_quoted(std::string_view& rest) {
  size_t at = 0;
  for (;;) {
    at = rest.find('"', at);
    if (at == std::string_view::npos) return std::nullopt;
    size_t backslashes = 0;
    while (backslashes < at && rest[at - 1 - backslashes] == '\\') ++backslashes;
    if (backslashes % 2 == 0) break;
    ++at;
  }
  const std::string_view text = rest.substr(0, at);
  rest.remove_prefix(at + 1);
  return text;
}

Parsed AccessLogParser::parse(std::string_view line, LogEntry& out) {
  out = {};
  std::string_view rest = line;
  out.client = dash_is_empty(take_word(rest));
  if (rest.starts_with("- - [")) {  // nearly every line
    rest.remove_prefix(5);
  } else if (auto taken = take_identities(rest, out); !taken) {
    return taken;
  }

  const auto time = time_.parse(rest.substr(0, AccessTimeParser::kLength));
  if (!time || rest.size() <= AccessTimeParser::kLength || rest[AccessTimeParser::kLength] != ']') {
    return malformed("the time in brackets is not like 17/May/2015:10:05:03 +0000");
  }
  if (!in_range(*time)) return malformed("the time is before 1970 or after 2041");
  out.time = *time;
  rest.remove_prefix(AccessTimeParser::kLength + 1);

  if (!rest.starts_with(" \"")) return malformed("no request in quotes after the time");
  rest.remove_prefix(2);
  const auto request = take_quoted(rest);
  if (!request) return malformed("the request's closing quote is missing");
  read_request(*request, out);

  if (!rest.starts_with(' ')) return malformed("no status after the request");
  rest.remove_prefix(1);
  if (!take_count(rest)) return malformed("the status after the request is no number");
  if (!take_count(rest)) return malformed("the size after the status is no number");
  if (trailer_ == Trailer::kRead) read_trailer(rest, out);
  return {};
}

// The two fields between the host and the time.
Parsed AccessLogParser::take_identities(std::string_view& rest, LogEntry& out) {
  take_word(rest);  // the identity of RFC 1413, which nobody has
  // A user name may hold spaces: it ends where the time begins.
  const size_t bracket = rest.find('[');
  if (bracket == std::string_view::npos) return malformed("no time in brackets, as in [17/May/2015:10:05:03 +0000]");
  if (bracket < 2 || rest[bracket - 1] != ' ') return malformed("expected HOST IDENT USER before the time in brackets");
  out.user = dash_is_empty(rest.substr(0, bracket - 1));
  rest.remove_prefix(bracket + 1);
  return {};
}

void AccessLogParser::read_request(std::string_view request, LogEntry& out) {
  if (request.find('\\') != std::string_view::npos) {
    unescape(request, unescaped_);
    request = unescaped_;
  }
  std::string_view target = request;
  const std::string_view method = take_word(target);
  // The target may hold spaces that a client should have encoded; the protocol is what follows the last one.
  const size_t last = target.rfind(' ');
  if (last != std::string_view::npos && target.substr(last + 1).starts_with("HTTP/")) target = target.substr(0, last);
  if (!is_method(method) || target.empty()) {
    out.request_unreadable = true;
    return;
  }
  const Target parts = split_target(target);
  out.method = method;
  out.host = parts.host;
  out.path = parts.path;
}

void AccessLogParser::read_trailer(std::string_view rest, LogEntry& out) {
  constexpr std::string_view kNames[] = {"Referer", "User-Agent"};
  headers_.clear();
  for (const std::string_view name : kNames) {
    if (!rest.starts_with('"')) break;
    rest.remove_prefix(1);
    const auto value = take_quoted(rest);
    if (!value) break;
    if (!dash_is_empty(*value).empty()) headers_.push_back({.name = name, .value = *value});
    if (rest.starts_with(' ')) rest.remove_prefix(1);
  }
  out.headers = headers_;
}

bool has_trailer(std::string_view line) {
  return std::ranges::count(line, '"') >= 6 && line.ends_with('"');
}

}  // namespace rateguard::simulate
