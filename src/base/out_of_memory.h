// What the program says when memory has run out where nothing could be ended in its place.
#pragma once

namespace rateguard {

// From here on std::bad_alloc that nobody catches ends the process with a line on stderr, by SIGABRT. Everything else
// that ends it so is reported as before. Called once, at the start.
void report_lack_of_memory();

}  // namespace rateguard
