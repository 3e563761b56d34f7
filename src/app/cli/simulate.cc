#include "simulate/simulate.h"

#include <fmt/format.h>

#include <optional>
#include <string>
#include <vector>

#include "app/cli/commands.h"
#include "app/cli/log_commands.h"
#include "app/cli/terminal.h"
#include "simulate/log_explainer.h"
#include "simulate/output_file.h"
#include "simulate/report_json.h"
#include "simulate/report_page.h"
#include "simulate/report_table.h"

namespace rateguard::app {
namespace {

Result<simulate::Options> simulation(const SimulateOptions& options) {
  simulate::Options made{.rules = options.rules, .compare = options.compare, .logs = options.logs};
  auto read = read_options(options.format);
  if (!read) return std::unexpected(read.error());
  made.read = std::move(*read);
  if (!options.html.empty()) made.plots = simulate::Plots::kQuotas;
  return made;
}

// Headers that rules look at most often: without rules, these are the headers shown.
const std::vector<std::string>& usual_headers() {
  static const std::vector<std::string> names = {"authorization", "cookie",    "referer",
                                                 "user-agent",    "x-api-key", "x-forwarded-for"};
  return names;
}

int explain(const SimulateOptions& options, simulate::ReadOptions read) {
  read.wanted_headers = usual_headers();
  int exit_code = kSuccess;
  for (const std::string& log : options.logs) {
    const auto explanation = simulate::explain_log(log, read);
    if (!explanation) {
      complain(explanation.error().to_string());
      exit_code = exit_code_of(explanation.error());
      continue;
    }
    if (options.json.empty()) {
      fmt::print("{}", simulate::explanation_text(*explanation));
    } else if (const auto written = simulate::write_output_file(options.json, simulate::explanation_json(*explanation));
               !written) {
      complain(written.error().to_string());
      return kCannotServe;
    }
  }
  return exit_code;
}

}  // namespace

int simulate(const SimulateOptions& options) {
  const auto made = simulation(options);
  if (!made) {
    complain(made.error().to_string());
    return kUsage;
  }
  NamedFiles files{.inputs = options.logs, .outputs = {options.json, options.html}};
  files.inputs.insert(files.inputs.end(), {options.rules, options.compare});
  if (const auto wrong = check_outputs(files)) return *wrong;
  if (options.explain_format) return explain(options, made->read);
  if (options.rules.empty()) {
    complain("--rules is required: it names the rules to try");
    return kUsage;
  }
  std::optional<Result<simulate::Report>> done;
  with_progress(options.quiet ? Quiet::kYes : Quiet::kNo,
                [&](const simulate::ProgressCallback& progress) { done = simulate::run(*made, progress); });
  const Result<simulate::Report>& report = *done;
  if (!report) {
    complain(report.error().to_string());
    return exit_code_of(report.error());
  }
  if (!options.quiet)
    simulate::print_table(*report, wants_colour(stdout) ? simulate::Colour::kYes : simulate::Colour::kNo, stdout);
  const auto written = [](const Result<void>& result) {
    if (!result) complain(result.error().to_string());
    return result.has_value();
  };
  if (!options.json.empty() && !written(simulate::write_json(*report, options.json))) return kCannotServe;
  if (!options.html.empty() && !written(simulate::write_html(*report, options.html))) return kCannotServe;
  // The figures lack a log that was named, or a part of it; the table says which.
  return report->input.has_problems() ? kCannotServe : kSuccess;
}

}  // namespace rateguard::app
