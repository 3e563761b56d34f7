// Terms of a rule that contradict each other, so that it never applies, refuses whatever it matches, or says something
// of requests that it does not match.
#pragma once

#include <string>
#include <vector>

#include "rules/rule.h"

namespace rateguard::rules {

// Each as the end of a sentence that begins with the rule's name, with what to write instead: "never admits a request:
// ...". REQUIRES: check_rule() succeeded.
std::vector<std::string> futile_terms(const Rule& rule);

// Whether every request that `narrow` matches is one that `wide` matches; false where it is too hard to say.
bool covers(const Match& wide, const Match& narrow);

}  // namespace rateguard::rules
