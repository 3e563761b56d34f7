// Which of two rules in a group is more specific.
#pragma once

#include <string>

#include "rules/host_pattern.h"
#include "rules/path_pattern.h"
#include "rules/rule.h"

namespace rateguard::rules {

// Of two rules that match one request, the one whose text is smaller is more specific. In this order: the host (a whole
// name, then a longer *.suffix, then none), the path (segment by segment from the left a literal, then a {name}, then
// the end of a prefix; then no path), a method, and how many further conditions there are. `host` and `path` are the
// rule's own through which it matches; null if it names none.
std::string specificity(const Match& match, const HostPattern* host, const PathPattern* path);

}  // namespace rateguard::rules
