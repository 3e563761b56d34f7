// Which of two rules of a group is the more specific.
#pragma once

#include <string>

#include "rules/host_pattern.h"
#include "rules/path_pattern.h"
#include "rules/rule.h"

namespace rateguard::rules {

// Of two that match one request, the one whose text is smaller is the more specific. In this order: the host (a whole
// name, then a longer *.suffix, then none), the path (segment by segment from the left a literal, then a {name}, then
// the end of a prefix; then no path), a method, and how many further conditions there are.
// `host` and `path` are those of the rule's by which it matches; null: it names none.
std::string specificity(const Match& match, const HostPattern* host, const PathPattern* path);

}  // namespace rateguard::rules
