// Files that a configuration names.
#pragma once

#include <string>

#include "base/result.h"

namespace rateguard {

// Whether opening a file that a configuration names gives its content at once: false for a named pipe, which waits for
// somebody to write, a folder, a socket or a device. What is below /dev and /proc is let pass: a shell's `<(command)`
// and /dev/stdin are there, and whoever names them means them. A file that is not there passes, too: opening it says
// so. Errors: kIo, saying what it is and what was expected; the path is the caller's to say.
Result<void> check_named_file(const std::string& path);

}  // namespace rateguard
