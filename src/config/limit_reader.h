// The limits of one rule: the keys of limit_spec.h, by_plan, by_subject and by_subject_file.
#pragma once

#include <functional>
#include <string>

#include "config/problems.h"
#include "config/yaml_tree.h"
#include "rules/rule.h"

namespace rateguard::config {

// A file that a configuration names.
struct NamedFile {
  std::string path;          // as it was opened
  Result<std::string> text;  // errors: kIo
};
using FileReader = std::function<NamedFile(const std::string& name)>;

// Whether it is a problem of its own that a key is missing: not where one beside it is misspelt, and said to be.
enum class MissingLimit : uint8_t { kProblem, kToldAlready };

// What the limits of a rule need to know besides its map.
struct LimitSurroundings {
  FileReader read_file = {};  // empty: naming a file is an error
  int ipv6_prefix = 64;       // how many bits of an IPv6 address name a caller, unless the rule says
};

// Fills the rule's limits from its map. What is wrong goes to `problems`. REQUIRES: rule.per and rule.prefixes are
// read.
void read_limits(const YamlNode& rule_map, const LimitSurroundings& surroundings, MissingLimit missing,
                 rules::Rule& rule, Problems& problems);

}  // namespace rateguard::config
