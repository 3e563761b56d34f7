// The command line of the program.
#pragma once

namespace rateguard::app {

// Parses and runs; returns the process's exit code.
int run_command_line(int argc, char** argv);

}  // namespace rateguard::app
