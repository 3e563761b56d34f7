// Reads a rule's `match`: which requests it applies to.
#pragma once

#include "config/problems.h"
#include "config/yaml_tree.h"
#include "rules/rule.h"

namespace rateguard::config {

// Fills `match` from its map. Reports errors to `problems`, also a match that no request can meet.
void read_match(const YamlNode& node, rules::Match& match, Problems& problems);

}  // namespace rateguard::config
