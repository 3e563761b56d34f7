// Writes a report to where the user asked.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace rateguard::simulate {

// Whole or not at all: into a file aside that is renamed. "-" is standard output; what is no regular file (a pipe,
// /dev/null) is written to as it is. Errors: kIo with the system's reason.
Result<void> write_output_file(const std::string& path, std::string_view content);

// Whether write_output_file() would find a way to write there, found out before the work that the output is of. Leaves
// nothing behind. Errors: as above.
Result<void> try_output_file(const std::string& path);

}  // namespace rateguard::simulate
