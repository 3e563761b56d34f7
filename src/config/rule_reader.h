// The `rules` section of a file.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "config/problems.h"
#include "config/yaml_tree.h"
#include "rules/rule.h"

namespace rateguard::config {

// Reads a list of rules. What is wrong goes to `problems`, at the key or value that is wrong; what is returned then is
// only good for finding more of it. `has_store` says whether the file has a store of that name.
std::vector<rules::Rule> read_rules(const YamlNode& list, const std::function<bool(std::string_view)>& has_store,
                                    Problems& problems);

}  // namespace rateguard::config
