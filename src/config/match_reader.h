// Which requests a rule applies to: its `match`.
#pragma once

#include "config/problems.h"
#include "config/yaml_tree.h"
#include "rules/rule.h"

namespace rateguard::config {

// Fills `match` from its map. What is wrong goes to `problems`, a match that no request can meet too.
void read_match(const YamlNode& node, rules::Match& match, Problems& problems);

}  // namespace rateguard::config
