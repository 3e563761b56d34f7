// A configuration file's text.
#pragma once

#include <string>

#include "base/result.h"

namespace rateguard::config {

// The whole of a file, or of its first kYamlBytesMax + 1 bytes. Errors: kIo.
Result<std::string> read_file(const std::string& path);

// The same of a file that another one names, or that lies in a folder: it is read only if that cannot wait for somebody
// (check_named_file).
Result<std::string> read_named_file(const std::string& path);

}  // namespace rateguard::config
