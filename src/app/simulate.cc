#include "simulate/simulate.h"

#include <optional>
#include <string>

#include "app/commands.h"
#include "app/log_commands.h"
#include "app/terminal.h"
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

}  // namespace

int simulate(const SimulateOptions& options) {
  const auto made = simulation(options);
  if (!made) {
    complain(made.error().to_string());
    return kUsage;
  }
  if (!can_write({options.json, options.html})) return kCannotServe;
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
  return kSuccess;
}

}  // namespace rateguard::app
