// Conditions in words, for people and for GET /v1/rules.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "rules/rule.h"

namespace rateguard::rules {

// "10.0.0.0/8", "192.0.2.1".
std::string to_string(const IpPrefix& prefix);
// "one_of", "none_of", "present", "absent".
std::string_view to_string(ValueCondition::Kind kind);
// "enforce", as a configuration says it.
std::string_view to_string(RuleMode mode);

// Whether values of this part may be credentials: API keys, cookies, Authorization. They are counted, not shown.
bool is_secret(const Part& part);

// What a match requires besides methods, hosts and paths, one text each: "from 10.0.0.0/8", "not GET", "user ann|bob",
// "api_key one of 2". Long lists are cut.
std::vector<std::string> describe_conditions(const Match& match);

}  // namespace rateguard::rules
