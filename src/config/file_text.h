// A configuration file's text.
#pragma once

#include <string>

#include "base/result.h"

namespace rateguard::config {

// The whole of a file, or of its first kYamlBytesMax + 1 bytes. Errors: kIo.
Result<std::string> read_file(const std::string& path);

}  // namespace rateguard::config
