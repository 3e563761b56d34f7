// The path of a rule: "/login" exact, "/users/{id}" one segment per brace, "/api/*" everything below and /api itself.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace rateguard::rules {

// A route is counted by its pattern's text, so a pattern must fit a counter key's part (kSubjectPartMax).
inline constexpr size_t kPathPatternMax = 1024;

struct PathPattern {
  struct Segment {
    bool any = false;          // a brace: any one segment
    std::string literal = {};  // in normal form; empty for a brace

    bool operator==(const Segment&) const = default;
  };

  std::string text;  // as written
  std::vector<Segment> segments = {};
  bool prefix = false;  // ends in "/*"

  // Literal segments are brought to the normal form of normal_path.h; a trailing slash is ignored. Errors: kInvalid,
  // saying what is wrong and what to write: no leading slash, a query, an empty or dot segment, a brace or star that is
  // not a segment of its own, another tool's spelling (path_spelling.h).
  static Result<PathPattern> parse(std::string_view text);

  // Whether the pattern names one route, which is counted as one, by its text: every pattern except a prefix without
  // braces.
  bool is_route() const;
  // Whether this pattern matches every path that `narrow` matches.
  bool covers(const PathPattern& narrow) const;
  // Whether some path matches both.
  bool overlaps(const PathPattern& other) const;

  bool operator==(const PathPattern&) const = default;
};

}  // namespace rateguard::rules
