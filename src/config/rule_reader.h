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

// What reading rules needs from the rest of the file.
struct RuleSurroundings {
  std::function<bool(std::string_view)> has_store;  // whether a store has that name
  LimitSurroundings limits = {};
};

// Reads a list of rules. Reports errors to `problems`, at the wrong key or value; the rules returned then serve only to
// find more errors.
std::vector<rules::Rule> read_rules(const YamlNode& list, const RuleSurroundings& surroundings, Problems& problems);

}  // namespace rateguard::config
