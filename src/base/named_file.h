// Files that a configuration names.
#pragma once

#include <string>

#include "base/result.h"

namespace rateguard {

// Whether opening a file that a configuration names gives its content at once: false for a named pipe, which waits for
// its writer, a folder, a socket or a device. Files below /dev and /proc pass: a shell's `<(command)` and /dev/stdin
// are there, and naming them is deliberate. A missing file passes, too: opening it will say so. Errors: kIo, saying
// what it is and what was expected; the caller adds the path.
Result<void> check_named_file(const std::string& path);

}  // namespace rateguard
