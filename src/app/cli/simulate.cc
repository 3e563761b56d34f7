#include "simulate/simulate.h"

#include <fmt/format.h>

#include <optional>
#include <string>
#include <vector>

#include "app/cli/commands.h"
#include "app/cli/log_commands.h"
#include "app/cli/terminal.h"
#include "config/config.h"
#include "config/named_files.h"
#include "simulate/log_explainer.h"
#include "simulate/output_file.h"
#include "simulate/report_json.h"
#include "simulate/report_page.h"
#include "simulate/report_table.h"

namespace rateguard::app {
namespace {

Result<simulate::SimulationOptions> simulation(const SimulateOptions& options) {
  simulate::SimulationOptions made{.rules = options.rules, .compare = options.compare, .logs = options.logs};
  auto read = read_options(options.format);
  if (!read) return std::unexpected(read.error());
  made.read = std::move(*read);
  if (!options.json.empty()) made.detail = simulate::Detail::kCallers;
  if (!options.html.empty()) made.detail = simulate::Detail::kPlots;
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

// A rules file and the files that it names. Of one that does not load, itself: it ends the run before anything is
// written.
std::vector<std::string> files_of(const std::string& rules) {
  std::vector<std::string> files = {rules};
  if (rules.empty()) return files;
  const auto config = config::load(rules);
  if (!config) return files;
  const std::vector<std::string> named = config::named_files(*config);
  files.insert(files.end(), named.begin(), named.end());
  return files;
}

}  // namespace

int simulate(const SimulateOptions& options) {
  if (options.rules.empty() && !options.explain_format) {
    complain("--rules FILE is missing: it names the rules to try");
    return kUsage;
  }
  if (options.explain_format && !options.json.empty() && options.logs.size() > 1) {
    complain("--explain-format --json writes about one log; name one LOG");
    return kUsage;
  }
  const auto made = simulation(options);
  if (!made) {
    complain(made.error().to_string());
    return kUsage;
  }
  NamedFiles files{.inputs = options.logs, .outputs = {options.json, options.html}};
  for (const std::string& rules : {options.rules, options.compare}) {
    const std::vector<std::string> read = files_of(rules);
    files.inputs.insert(files.inputs.end(), read.begin(), read.end());
  }
  if (const auto wrong = check_outputs(files)) return *wrong;
  if (options.explain_format) return explain(options, made->read);
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
