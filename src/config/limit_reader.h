// The limits of one rule: the keys of limit_spec.h, and by_plan.
#pragma once

#include "config/problems.h"
#include "config/yaml_tree.h"
#include "rules/rule.h"

namespace rateguard::config {

// Fills rule.limit or rule.by_plan from the rule's map. What is wrong goes to `problems`.
void read_limits(const YamlNode& rule_map, rules::Rule& rule, Problems& problems);

}  // namespace rateguard::config
