#include "rules/path_spelling.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

namespace rateguard::rules {
namespace {

// Longer text is cut in messages, as bad paths are (path_pattern.cc).
constexpr size_t kShownMax = 200;

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool is_name_char(char c) {
  return is_letter(c) || (c >= '0' && c <= '9') || c == '-';
}

// The name at the front of `text`; empty: none.
std::string_view name_at_front(std::string_view text) {
  if (text.empty() || !is_letter(text.front())) return {};
  return text.substr(0, std::ranges::find_if_not(text, is_name_char) - text.begin());
}

// The segments of a path; a slash inside braces, as in "{id:[^/]+}", does not end one.
std::vector<std::string_view> segments_of(std::string_view path) {
  std::vector<std::string_view> segments;
  int depth = 0;
  size_t begin = path.starts_with('/') ? 1 : 0;
  for (size_t i = begin; i <= path.size(); ++i) {
    if (i < path.size() && path[i] == '{') ++depth;
    if (i < path.size() && path[i] == '}') --depth;
    if (i < path.size() && (path[i] != '/' || depth > 0)) continue;
    segments.push_back(path.substr(begin, i - begin));
    begin = i + 1;
  }
  return segments;
}

std::string template_of(std::string_view name) {
  return fmt::format("{{{}}}", name);
}

constexpr std::string_view kRest = "*";  // everything below

// Express, Rails, Gin: ":id", ":id(\\d+)", ":path*".
std::optional<std::string> colon_segment(std::string_view segment) {
  if (!segment.starts_with(':')) return std::nullopt;
  const std::string_view name = name_at_front(segment.substr(1));
  if (name.empty()) return std::nullopt;
  return segment.ends_with('*') ? std::string(kRest) : template_of(name);
}

// Flask and Django: "<id>", "<int:id>", "<path:rest>".
std::optional<std::string> angle_segment(std::string_view segment) {
  if (segment.size() < 3 || !segment.starts_with('<') || !segment.ends_with('>')) return std::nullopt;
  std::string_view inside = segment.substr(1, segment.size() - 2);
  if (inside.starts_with("path:")) return std::string(kRest);
  if (const size_t colon = inside.rfind(':'); colon != std::string_view::npos) inside.remove_prefix(colon + 1);
  return name_at_front(inside) == inside ? std::optional(template_of(inside)) : std::nullopt;
}

// Next.js: "[id]", "[...slug]".
std::optional<std::string> square_segment(std::string_view segment) {
  if (segment.size() < 3 || !segment.starts_with('[') || !segment.ends_with(']')) return std::nullopt;
  const std::string_view inside = segment.substr(1, segment.size() - 2);
  if (inside.starts_with("...")) return std::string(kRest);
  return name_at_front(inside) == inside ? std::optional(template_of(inside)) : std::nullopt;
}

// Gorilla, JAX-RS, ASP.NET, FastAPI, Go: "{id:[0-9]+}", "{id:int}", "{path:path}", "{*rest}", "{rest...}".
std::optional<std::string> brace_segment(std::string_view segment) {
  if (segment.size() < 3 || !segment.starts_with('{') || !segment.ends_with('}')) return std::nullopt;
  std::string_view inside = segment.substr(1, segment.size() - 2);
  if (inside.starts_with('*') || inside.ends_with("...") || inside.ends_with(":path")) return std::string(kRest);
  const std::string_view name = name_at_front(inside);
  if (name.empty() || name == inside) return std::nullopt;
  const std::string_view rest = inside.substr(name.size());
  if (rest == ":.*" || rest == ":.+") return std::string(kRest);
  return rest.front() == ':' || rest == "?" ? std::optional(template_of(name)) : std::nullopt;
}

// Globs, and Gin's "*path".
std::optional<std::string> star_segment(std::string_view segment) {
  if (segment == "**") return std::string(kRest);
  if (segment.starts_with('*') && segment.size() > 1 && name_at_front(segment.substr(1)) == segment.substr(1)) {
    return std::string(kRest);
  }
  return std::nullopt;
}

std::optional<std::string> ours_for(std::string_view segment) {
  for (const auto read : {colon_segment, angle_segment, square_segment, brace_segment, star_segment}) {
    if (auto ours = read(segment)) return ours;
  }
  return std::nullopt;
}

// The whole path in our spelling, as far as that is possible; empty if no segment is in another tool's.
std::string with_our_segments(std::string_view path, std::string_view& foreign) {
  std::string ours;
  for (const std::string_view segment : segments_of(path)) {
    const auto replaced = ours_for(segment);
    if (replaced && foreign.empty()) foreign = segment;
    ours += '/';
    ours += replaced.value_or(std::string(segment));
    if (replaced == kRest) break;  // nothing can follow
  }
  return foreign.empty() ? std::string() : ours;
}

bool is_regexp(std::string_view path) {
  constexpr std::array<std::string_view, 7> kMarks = {"\\", "|", "[", "]", ".*", ".+", "(?"};
  if (path.starts_with('^') || path.starts_with('~')) return true;
  if (std::ranges::any_of(kMarks, [&](std::string_view mark) { return path.contains(mark); })) return true;
  return path.size() > 2 && path.ends_with('$') && path[path.size() - 2] != '/';
}

// For "/api*", "/api/*"; otherwise empty.
std::string with_a_slash_before_the_star(std::string_view path) {
  const size_t star = path.find('*');
  if (star == std::string_view::npos || star + 1 != path.size() || star < 2 || path[star - 1] == '/') return {};
  return fmt::format("{}/*", path.substr(0, star));
}

}  // namespace

std::string foreign_spelling(std::string_view path) {
  path = path.substr(0, kShownMax);
  if (path == "*") return "leave path out for every path";
  if (const size_t scheme = path.find("://"); scheme != std::string_view::npos) {
    const size_t slash = path.find('/', scheme + 3);
    return fmt::format("leave out scheme and host, which go into match.host; write {}",
                       slash == std::string_view::npos ? "/" : path.substr(slash));
  }
  if (const std::string_view word = name_at_front(path); !word.empty() && path.substr(word.size()).starts_with(" /")) {
    return fmt::format("the method goes into match.method; write {}", path.substr(word.size() + 1));
  }
  if (path.contains(", /")) return "several paths are a list; write [/a, /b]";
  std::string_view segment;
  if (const std::string ours = with_our_segments(path, segment); !ours.empty()) {
    return fmt::format("'{}' would be compared letter by letter; write {}", segment, ours);
  }
  if (is_regexp(path)) {
    return "there are no regular expressions; write a template such as /users/{id}, or a prefix such as /api/*";
  }
  if (const std::string ours = with_a_slash_before_the_star(path); !ours.empty()) {
    return fmt::format("'*' stands for whole segments; write {} for {} and everything below it", ours,
                       ours.substr(0, ours.size() - 2));
  }
  if (const size_t star = path.find("/*/"); star != std::string_view::npos && star + 3 < path.size())
    return "'*' may only stand at the end; write {name} for one segment, as in /users/{id}/posts";
  if (path.contains('<') || path.contains('>')) return "a segment that may be anything is written {name}";
  return {};
}

}  // namespace rateguard::rules
