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
  std::string path;          // as opened
  Result<std::string> text;  // errors: kIo
};
using FileReader = std::function<NamedFile(const std::string& name)>;

// Whether a missing key is a problem: not if a misspelt key beside it was reported already.
enum class MissingLimit : uint8_t { kProblem, kToldAlready };

// What reading a rule's limits needs besides its map.
struct LimitSurroundings {
  FileReader read_file = {};  // empty: naming a file is an error
  int ipv6_prefix = 64;       // how many bits of an IPv6 address identify a caller, unless the rule says
};

// Fills the rule's limits from its map. Reports errors to `problems`. REQUIRES: rule.per and rule.prefixes are
// read.
void read_limits(const YamlNode& rule_map, const LimitSurroundings& surroundings, MissingLimit missing,
                 rules::Rule& rule, Problems& problems);

}  // namespace rateguard::config
