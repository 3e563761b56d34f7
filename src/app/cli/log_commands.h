// What commands that read logs have in common.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "app/cli/commands.h"
#include "base/result.h"
#include "simulate/log_reader.h"
#include "simulate/progress.h"

namespace rateguard::app {

// Errors: kInvalid if the command line is wrong.
Result<simulate::ReadOptions> read_options(const LogFormatOptions& options);

// What a command reads and writes; empty: not given. "-" is standard input or output.
struct NamedFiles {
  std::vector<std::string> inputs;
  std::vector<std::string> outputs;
};
// Whether each output can be written to and would overwrite no input and no other output, found out before the minutes
// that a long log takes. Complains, and gives the exit code, if not.
std::optional<ExitCode> check_outputs(const NamedFiles& files);

// Logs that are missing or break off are files that cannot be used; rules, or logs in another format, do not load.
ExitCode exit_code_of(const Error& error);

// Runs `work(progress)`, with a bar on standard error if that is a terminal and `quiet` does not forbid it.
enum class Quiet : uint8_t { kNo, kYes };
void with_progress(Quiet quiet, const std::function<void(const simulate::ProgressCallback&)>& work);

}  // namespace rateguard::app
