// Rules that are valid but unlikely to do what their author means.
#pragma once

#include <span>
#include <vector>

#include "base/result.h"
#include "rules/rule.h"

namespace rateguard::rules {

// One for each pitfall of a rule, at the rule's position, saying what happens and what to write instead. Rules that are
// `off` have none. REQUIRES: check_rule() succeeded for each.
std::vector<Error> rule_warnings(std::span<const Rule> rules);

}  // namespace rateguard::rules
