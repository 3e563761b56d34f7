// Finds a quote that a file opens and never closes. The parser reports another error, or none: yaml-cpp 0.7 accepts an
// open quote if the file ends with a new line.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "config/yaml_tree.h"

namespace rateguard::config {

// The error if `node`, of the document in `text`, is a scalar whose quote is not closed, or a list or map in brackets
// that contains one; else nullopt. The position is that of the quote.
std::optional<Error> explain_open_quote(std::string_view text, const YamlNode& node, const std::string& file_name);

// The error for a whole text that is known to end inside a quote; nullopt if that quote is not found.
std::optional<Error> explain_open_quote(std::string_view text, const std::string& file_name);

}  // namespace rateguard::config
