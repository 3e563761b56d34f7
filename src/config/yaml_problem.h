// What is wrong with text that is not YAML, in words for its author.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "config/yaml_tree.h"

namespace rateguard::config {

// The parser's complaint, and the place that it gives for it.
struct YamlComplaint {
  std::string_view message;
  int line = 1;
  int column = 1;
};

// `text` is what was parsed; `innermost` the innermost collection that had begun and not ended, null outside of any.
Error explain_yaml(const YamlComplaint& complaint, std::string_view text, const YamlNode* innermost,
                   const std::string& file_name);

}  // namespace rateguard::config
