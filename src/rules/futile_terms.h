// Terms of a rule that contradict each other, so that it never applies, refuses everything it matches, or provides for
// requests that it does not match.
#pragma once

#include <string>
#include <vector>

#include "rules/rule.h"

namespace rateguard::rules {

// Each as the end of a sentence that begins with the rule's name, with what to write instead: "never admits a request:
// ...". REQUIRES: check_rule() succeeded.
std::vector<std::string> futile_terms(const Rule& rule);

// Whether `wide` matches every request that `narrow` matches; false if that is too hard to decide.
bool covers(const Match& wide, const Match& narrow);

}  // namespace rateguard::rules
