// The command line: every subcommand, option and help text.
#pragma once

namespace rateguard::app {

// Parses and runs; returns the process's exit code.
int run_command_line(int argc, char** argv);

}  // namespace rateguard::app
