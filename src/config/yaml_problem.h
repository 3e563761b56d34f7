// Explains errors in YAML text to its author.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "config/yaml_tree.h"

namespace rateguard::config {

// The parser's complaint, with its position.
struct YamlComplaint {
  std::string_view message;
  int line = 1;
  int column = 1;
};

// `text` is the parsed text; `innermost` the innermost collection that had begun and not ended, or null.
Error explain_yaml(const YamlComplaint& complaint, std::string_view text, const YamlNode* innermost,
                   const std::string& file_name);

}  // namespace rateguard::config
