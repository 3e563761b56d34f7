// The `rules` section of a file.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "config/limit_reader.h"
#include "config/problems.h"
#include "config/yaml_tree.h"
#include "rules/rule.h"

namespace rateguard::config {

// What rules need to know of the rest of the file.
struct RuleSurroundings {
  std::function<bool(std::string_view)> has_store;  // whether there is a store of that name
  LimitSurroundings limits = {};
};

// Reads a list of rules. What is wrong goes to `problems`, at the key or value that is wrong; what is returned then is
// only good for finding more of it.
std::vector<rules::Rule> read_rules(const YamlNode& list, const RuleSurroundings& surroundings, Problems& problems);

}  // namespace rateguard::config
