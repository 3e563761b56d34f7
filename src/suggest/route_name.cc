#include "suggest/route_name.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace rateguard::suggest {
namespace {

constexpr size_t kSegmentsMax = 8;  // in a write's route; deeper paths share one route
constexpr size_t kSegmentMax = 48;  // a longer one is not a name

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool looks_like_id(std::string_view segment) {
  if (segment.size() > kSegmentMax) return true;
  if (std::ranges::all_of(segment, is_digit)) return true;
  const auto digits = std::ranges::count_if(segment, is_digit);
  const bool hexadecimal = std::ranges::all_of(segment, [](char c) { return is_hex(c) || c == '-'; });
  if (hexadecimal && segment.size() >= 8 && digits > 0) return true;
  // Random words: long, without separators, digits among letters.
  const bool one_word =
      std::ranges::all_of(segment, [](char c) { return std::isalnum(static_cast<unsigned char>(c)); });
  return one_word && segment.size() >= 16 && digits >= 3;
}

// Whether a pattern takes it literally: no braces, stars, escapes, or characters that YAML or a person could misread,
// such as a comma before the next slash, which looks like a list of paths.
bool is_plain(std::string_view segment) {
  return segment != "." && segment != ".." && !segment.ends_with(',') && std::ranges::all_of(segment, [](char c) {
           return std::isalnum(static_cast<unsigned char>(c)) ||
                  std::string_view("-_.~@+,!$()=:").find(c) != std::string_view::npos;
         });
}

// "api", "v1", "rest": a prefix before the segment that names the part of the site.
bool is_front(std::string_view segment) {
  if (segment == "api" || segment == "rest") return true;
  return segment.size() >= 2 && segment.size() <= 3 && segment[0] == 'v' &&
         std::ranges::all_of(segment.substr(1), is_digit);
}

// Takes the next segment off; false at the end.
bool take_segment(std::string_view& path, std::string_view& segment) {
  while (path.starts_with('/')) path.remove_prefix(1);
  if (path.empty()) return false;
  segment = path.substr(0, path.find('/'));
  path.remove_prefix(segment.size());
  return true;
}

std::string lower_case(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

}  // namespace

MethodKind method_kind(std::string_view method) {
  const bool read = method.empty() || method == "GET" || method == "HEAD" || method == "OPTIONS";
  return read ? MethodKind::kRead : MethodKind::kWrite;
}

void route_of(MethodKind kind, std::string_view path, std::string& out) {
  out.clear();
  if (!path.starts_with('/')) return;
  std::string_view segment;
  for (size_t taken = 0; take_segment(path, segment); ++taken) {
    const bool is_id = looks_like_id(segment);
    if (taken == kSegmentsMax || (!is_id && !is_plain(segment))) {
      // Everything below a name is one route; without a name it would be every path.
      if (!out.empty()) out += "/*";
      return;
    }
    out += '/';
    out += is_id ? std::string_view("{id}") : segment;
    if (kind == MethodKind::kWrite || is_front(segment)) continue;
    while (path.starts_with('/')) path.remove_prefix(1);
    if (!path.empty()) out += "/*";
    return;
  }
  if (out.empty()) out = "/";
}

bool is_static_file(std::string_view path) {
  constexpr std::array<std::string_view, 18> kEndings = {"css",   "js",   "mjs", "map", "ico",         "png",
                                                         "jpg",   "jpeg", "gif", "svg", "webp",        "woff",
                                                         "woff2", "ttf",  "txt", "xml", "webmanifest", "avif"};
  const std::string_view name = path.substr(std::min(path.rfind('/') + 1, path.size()));
  const size_t dot = name.rfind('.');
  if (dot == std::string_view::npos || dot == 0) return false;
  return std::ranges::find(kEndings, lower_case(name.substr(dot + 1))) != kEndings.end();
}

bool is_login_like(std::string_view path) {
  constexpr std::array<std::string_view, 26> kWords = {
      "login", "logon",  "signin",    "auth",         "authenticate", "oauth",     "oauth2",
      "token", "tokens", "session",   "sessions",     "password",     "passwords", "passwd",
      "reset", "forgot", "register",  "registration", "signup",       "otp",       "2fa",
      "mfa",   "verify", "authorize", "wplogin",      "xmlrpc"};
  std::string_view segment;
  while (take_segment(path, segment)) {
    const std::string name = lower_case(segment);
    // "log-in", "sign_up" and "wp-login.php" as a whole, and their words one by one.
    std::string whole;
    for (const char c : name.substr(0, name.find('.'))) {
      if (c != '-' && c != '_') whole += c;
    }
    if (std::ranges::find(kWords, whole) != kWords.end()) return true;
    for (size_t begin = 0; begin < name.size();) {
      const size_t end = std::min(name.find_first_of("-_.", begin), name.size());
      if (std::ranges::find(kWords, std::string_view(name).substr(begin, end - begin)) != kWords.end()) return true;
      begin = end + 1;
    }
  }
  return false;
}

}  // namespace rateguard::suggest
