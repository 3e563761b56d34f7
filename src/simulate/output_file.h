// Writes a report to the path that the user named.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace rateguard::simulate {

// The temporary file that write_output_file() makes for `path`.
std::string aside_of(const std::string& path);

// Writes completely or not at all: to a temporary file that is renamed. "-" is standard output; a file that is not
// regular (a pipe, /dev/null) is written to directly. Errors: kIo with the system's reason.
Result<void> write_output_file(const std::string& path, std::string_view content);

// Whether write_output_file() could write there; to be called before the work whose result it writes. Leaves nothing
// behind. Errors: as above.
Result<void> try_output_file(const std::string& path);

}  // namespace rateguard::simulate
