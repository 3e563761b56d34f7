#include "rules/path_pattern.h"

#include <fmt/format.h>

#include <algorithm>

#include "rules/normal_path.h"
#include "rules/path_spelling.h"

namespace rateguard::rules {
namespace {

bool is_name(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

Result<PathPattern::Segment> parse_segment(std::string_view text) {
  if (text.starts_with('{') && text.ends_with('}') && is_name(text.substr(1, text.size() - 2))) {
    return PathPattern::Segment{.any = true};
  }
  if (text.find_first_of("{}") != std::string_view::npos) {
    return invalid("a brace stands for one whole segment, as in /users/{id}");
  }
  if (text.contains('*')) return invalid("'*' may only stand alone at the end, as in /api/*");
  std::string buffer;
  const std::string slashed = std::string("/").append(text);
  const std::string_view normal = normal_path(slashed, buffer);
  if (normal == "/") return invalid("empty and dot segments are never part of a compared path; leave them out");
  return PathPattern::Segment{.literal = std::string(normal.substr(1))};
}

std::unexpected<Error> bad(std::string_view text, std::string_view why) {
  return invalid(fmt::format("bad path '{}': {}", text.substr(0, 200), why));
}

}  // namespace

Result<PathPattern> PathPattern::parse(std::string_view text) {
  if (const std::string ours = foreign_spelling(text); !ours.empty()) return bad(text, ours);
  if (!text.starts_with('/')) return bad(text, "it must begin with '/'");
  if (text.size() > kPathPatternMax) return bad(text, fmt::format("it is longer than {} bytes", kPathPatternMax));
  if (text.find_first_of("?#") != std::string_view::npos) {
    return bad(text, "rules compare the path alone; leave out the query and the fragment");
  }
  PathPattern pattern{.text = std::string(text)};
  std::string_view rest = text.substr(1);
  while (!rest.empty()) {
    const size_t end = std::min(rest.find('/'), rest.size());
    const std::string_view segment = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (segment == "*" && rest.empty() && text.ends_with('*')) {
      pattern.prefix = true;
      break;
    }
    auto parsed = parse_segment(segment);
    if (!parsed) return bad(text, parsed.error().message);
    pattern.segments.push_back(*std::move(parsed));
  }
  return pattern;
}

bool PathPattern::is_route() const {
  return !prefix || std::ranges::any_of(segments, [](const Segment& segment) { return segment.any; });
}

bool PathPattern::covers(const PathPattern& narrow) const {
  if (segments.size() > narrow.segments.size()) return false;
  for (size_t i = 0; i < segments.size(); ++i) {
    if (!segments[i].any && segments[i] != narrow.segments[i]) return false;
  }
  return prefix || (!narrow.prefix && segments.size() == narrow.segments.size());
}

bool PathPattern::overlaps(const PathPattern& other) const {
  const size_t common = std::min(segments.size(), other.segments.size());
  for (size_t i = 0; i < common; ++i) {
    if (!segments[i].any && !other.segments[i].any && segments[i] != other.segments[i]) return false;
  }
  return (segments.size() == common || other.prefix) && (other.segments.size() == common || prefix);
}

}  // namespace rateguard::rules
