// A configuration file's text.
#pragma once

#include <string>

#include "base/result.h"

namespace rateguard::config {

// Reads a whole file, or its first kYamlBytesMax + 1 bytes. Errors: kIo.
Result<std::string> read_file(const std::string& path);

// As read_file(), for a file that another one names, or that is in a folder: refuses files whose reading could block
// (check_named_file).
Result<std::string> read_named_file(const std::string& path);

}  // namespace rateguard::config
