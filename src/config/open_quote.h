// A quote that a file opens and never closes. The parser finds something else wrong, or nothing: yaml-cpp 0.7 takes
// what is there when the file ends with a new line.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "config/yaml_tree.h"

namespace rateguard::config {

// What is wrong if `node`, of the document in `text`, is a scalar whose quote is not closed, or a list or map in
// brackets that holds one; nullopt otherwise. The position is that of the quote.
std::optional<Error> explain_open_quote(std::string_view text, const YamlNode& node, const std::string& file_name);

// The same of the whole text, which is known to end inside a quote; nullopt where that quote is not found.
std::optional<Error> explain_open_quote(std::string_view text, const std::string& file_name);

}  // namespace rateguard::config
