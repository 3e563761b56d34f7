#include "rules/normal_path.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "model/ascii.h"
#include "model/percent.h"

namespace rateguard::rules {
namespace {

// RFC 3986, section 3.3: what a path segment may hold without being encoded.
constexpr bool is_pchar(unsigned char c) {
  if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) return true;
  return c != '\0' && std::string_view("-._~!$&'()*+,;=:@").contains(static_cast<char>(c));
}

// True for the octets that the scan for an already normal path passes without a second look.
constexpr std::array<bool, 256> kPlain = [] {
  std::array<bool, 256> plain = {};
  for (unsigned c = 0; c < 256; ++c) plain[c] = is_pchar(static_cast<unsigned char>(c)) && c != '.';
  return plain;
}();

// Tests four octets at once, without branches.
bool plain4(const char* p) {
  const auto plain = [](char c) { return static_cast<unsigned>(kPlain[static_cast<unsigned char>(c)]); };
  return (plain(p[0]) & plain(p[1]) & plain(p[2]) & plain(p[3])) != 0;
}

// The octet that the triplet at text[at] encodes, if there is one.
std::optional<unsigned char> decode_at(std::string_view text, size_t at) {
  if (at + 2 >= text.size()) return std::nullopt;
  const int high = hex_value(text[at + 1]);
  const int low = hex_value(text[at + 2]);
  if (high < 0 || low < 0) return std::nullopt;
  return static_cast<unsigned char>(high * 16 + low);
}

bool is_lower_hex(char c) {
  return c >= 'a' && c <= 'f';
}

// Whether the triplet at text[at] is what normalisation would write.
bool is_normal_triplet(std::string_view text, size_t at) {
  const auto octet = decode_at(text, at);
  return octet && !is_pchar(*octet) && !is_lower_hex(text[at + 1]) && !is_lower_hex(text[at + 2]);
}

bool ends_path(char c) {
  return c == '?' || c == '#';
}

// Whether a "." at text[at], the first of its segment, begins a dot segment. A dot segment with an encoded dot is found
// by its triplet.
bool begins_dot_segment(std::string_view text, size_t at) {
  const auto ends = [&](size_t i) { return i >= text.size() || text[i] == '/' || ends_path(text[i]); };
  return ends(at + 1) || (text[at + 1] == '.' && ends(at + 2));
}

enum class Slashes : uint8_t { kMerge, kKeep };

// The front of `path` without query and fragment, if that is already in normal form except for a trailing slash when
// slashes merge.
std::optional<std::string_view> already_normal(std::string_view path, Slashes slashes) {
  if (path.empty() || path[0] != '/') return std::nullopt;
  size_t i = 1;
  for (; i < path.size(); ++i) {
    while (i + 4 <= path.size() && plain4(path.data() + i)) i += 4;
    if (i == path.size()) break;
    const char c = path[i];
    if (kPlain[static_cast<unsigned char>(c)]) continue;
    if (c == '/') {
      if (path[i - 1] == '/' && slashes == Slashes::kMerge) return std::nullopt;
    } else if (c == '.') {
      if (path[i - 1] == '/' && begins_dot_segment(path, i)) return std::nullopt;
    } else if (c == '%') {
      if (!is_normal_triplet(path, i)) return std::nullopt;
      i += 2;
    } else if (ends_path(c)) {
      break;
    } else {
      return std::nullopt;
    }
  }
  if (i > 1 && path[i - 1] == '/' && slashes == Slashes::kMerge) --i;
  return path.substr(0, i);
}

void append_octet(std::string& out, unsigned char octet) {
  if (is_pchar(octet)) {
    out.push_back(static_cast<char>(octet));
  } else {
    append_percent_encoded(out, static_cast<char>(octet));
  }
}

void append_segment(std::string& out, std::string_view segment) {
  for (size_t i = 0; i < segment.size(); ++i) {
    if (const auto octet = segment[i] == '%' ? decode_at(segment, i) : std::nullopt) {
      append_octet(out, *octet);
      i += 2;
    } else {
      append_octet(out, static_cast<unsigned char>(segment[i]));
    }
  }
}

std::string_view rewrite(std::string_view path, Slashes slashes, std::string& out) {
  out.clear();
  path = path.substr(0, path.find_first_of("?#"));
  if (path.starts_with('/')) path.remove_prefix(1);
  for (bool more = true; more;) {
    const size_t slash = path.find('/');
    const std::string_view segment = path.substr(0, slash);
    more = slash != std::string_view::npos;
    path.remove_prefix(more ? slash + 1 : path.size());

    const size_t start = out.size();
    out.push_back('/');
    append_segment(out, segment);
    const std::string_view written = std::string_view(out).substr(start + 1);
    const bool is_parent = written == "..";
    const bool is_dots = is_parent || written == ".";
    if (is_dots || (written.empty() && slashes == Slashes::kMerge)) out.resize(start);
    if (is_parent) out.resize(start == 0 ? 0 : out.rfind('/'));
    if (is_dots && !more && slashes == Slashes::kKeep) out.push_back('/');
  }
  if (out.empty()) out.push_back('/');
  return out;
}

bool is_scheme(std::string_view text) {
  if (text.empty()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    const bool later = (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
    if (!letter && (i == 0 || !later)) return false;
  }
  return true;
}

}  // namespace

RequestTarget split_target(std::string_view target) {
  if (target.starts_with('/')) return {.authority = {}, .path = target};
  const size_t colon = target.find("://");
  if (colon == std::string_view::npos || !is_scheme(target.substr(0, colon))) return {.authority = {}, .path = target};
  const std::string_view rest = target.substr(colon + 3);
  const size_t end = std::min(rest.find_first_of("/?#"), rest.size());
  return {.authority = rest.substr(0, end), .path = rest.substr(end)};
}

std::string_view normal_path(std::string_view path, std::string& buffer) {
  if (const auto normal = already_normal(path, Slashes::kMerge)) return *normal;
  return rewrite(path, Slashes::kMerge, buffer);
}

std::string_view route_path(std::string_view path, std::string& buffer) {
  if (const auto normal = already_normal(path, Slashes::kKeep)) return *normal;
  return rewrite(path, Slashes::kKeep, buffer);
}

std::string_view route_path(std::string_view path, std::string_view normal, std::string& buffer) {
  if (normal.data() != path.data()) return route_path(path, buffer);
  // The front of `path` was already in normal form; only one slash may have been left out.
  const bool slash = normal.size() > 1 && normal.size() < path.size() && path[normal.size()] == '/';
  return path.substr(0, normal.size() + (slash ? 1 : 0));
}

}  // namespace rateguard::rules
