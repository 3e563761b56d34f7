// Which options of a command go together: one table. An option that a command would pass over in silence is refused,
// since the user who gave it counted on it.
#pragma once

#include <span>
#include <string>

namespace CLI {
class App;
}  // namespace CLI

namespace rateguard::app {

// What is wrong with the options of a call of `command`, and what to do; empty: nothing. `words` is the command line
// after the command. Only what stands there counts: a RATEGUARD_* variable holds for every call, and where it is of no
// use it does no harm.
std::string options_apart(const CLI::App& command, std::span<const std::string> words);

}  // namespace rateguard::app
