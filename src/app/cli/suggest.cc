#include "suggest/suggest.h"

#include <fmt/format.h>

#include <optional>

#include "app/cli/commands.h"
#include "app/cli/log_commands.h"
#include "app/cli/terminal.h"
#include "simulate/output_file.h"

namespace rateguard::app {

int suggest(const SuggestOptions& options) {
  auto read = read_options(options.format);
  if (!read) {
    complain(read.error().to_string());
    return kUsage;
  }
  if (const auto wrong = check_outputs({.inputs = options.logs, .outputs = {options.out, options.json}})) return *wrong;
  const suggest::SuggestionOptions wanted{
      .logs = options.logs, .read = std::move(*read), .headroom = {.factor = options.headroom}};
  std::optional<Result<suggest::Suggestion>> made;
  with_progress(options.quiet ? Quiet::kYes : Quiet::kNo,
                [&](const simulate::ProgressCallback& progress) { made = suggest::run(wanted, progress); });
  if (!*made) {
    complain(made->error().to_string());
    return exit_code_of(made->error());
  }
  const suggest::Suggestion& suggestion = **made;
  // Output that is asked for on standard output is the only text there.
  const bool to_stdout = options.out == "-" || options.json == "-";
  if (!options.quiet && !to_stdout) fmt::print("{}", suggest::table_text(suggestion));
  if (!to_stdout && options.out.empty() && !suggestion.rules.empty()) {
    fmt::print("{}{}", options.quiet ? "" : "\n", suggestion.yaml);
  }
  const auto write = [](const std::string& path, const std::string& content) {
    if (path.empty()) return true;
    const auto written = simulate::write_output_file(path, content);
    if (!written) complain(written.error().to_string());
    return written.has_value();
  };
  if (!write(options.out, suggestion.yaml)) return kCannotServe;
  if (!write(options.json, suggest::to_json(suggestion) + "\n")) return kCannotServe;
  // The proposal lacks a log that was named, or a part of it; the remarks say which.
  return suggestion.input.has_problems() ? kCannotServe : kSuccess;
}

}  // namespace rateguard::app
