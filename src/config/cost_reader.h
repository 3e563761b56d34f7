// Reads a rule's `cost`: what a request costs.
#pragma once

#include "config/problems.h"
#include "config/yaml_tree.h"
#include "rules/rule.h"

namespace rateguard::config {

// Fills `cost` from a number or a map. Reports errors to `problems`.
void read_cost(const YamlNode& node, rules::RuleCost& cost, Problems& problems);

}  // namespace rateguard::config
