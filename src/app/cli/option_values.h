// Values of options, whatever the command: one that is left empty, one given to a flag, and a number that is none to
// the reader's eye are refused.
#pragma once

#include <span>
#include <string>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace rateguard::app {

// Whether it is a flag.
bool takes_no_value(const CLI::Option& option);

// Has every command of `app` refuse an empty value, which a number would read as 0 and most texts as "not given", but
// for the few options that mean something by it; an empty environment variable still counts as unset. Has options of
// the kinds N and UNITS take whole decimal numbers only.
void check_values(CLI::App& app);

// Which flag among `words`, the command line after `command`, was given a value ("--json=no"), and what to do; empty:
// none.
std::string flag_with_value(const CLI::App& command, std::span<const std::string> words);

}  // namespace rateguard::app
