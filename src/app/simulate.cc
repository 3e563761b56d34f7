#include "simulate/simulate.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <string>

#include "app/commands.h"
#include "app/terminal.h"
#include "simulate/output_file.h"
#include "simulate/progress_bar.h"
#include "simulate/report_json.h"
#include "simulate/report_page.h"
#include "simulate/report_table.h"

namespace rateguard::app {
namespace {

int columns_of(std::FILE* stream) {
  winsize size{};
  if (ioctl(fileno(stream), TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

Result<simulate::Options> simulation(const SimulateOptions& options) {
  simulate::Options made{.rules = options.rules, .compare = options.compare, .logs = options.logs};
  const auto format = simulate::parse_input_format(options.format);
  if (!format) return std::unexpected(format.error());
  made.read.format = *format;
  if (!options.columns.empty()) {
    auto columns = simulate::ColumnMap::parse(options.columns);
    if (!columns) return std::unexpected(columns.error());
    made.read.columns = std::move(*columns);
  }
  if (!options.html.empty()) made.plots = simulate::Plots::kQuotas;
  return made;
}

Result<simulate::Report> run_with_progress(const SimulateOptions& options, const simulate::Options& made) {
  if (options.quiet || !is_terminal(stderr)) return simulate::run(made, {});
  simulate::ProgressBar bar(stderr, columns_of(stderr));
  return simulate::run(made, [&bar](const simulate::ProgressUpdate& update) { bar.update(update); });
}

// Logs that are not there or break off are files that cannot be used; rules, or a log that is none, do not load.
ExitCode exit_code_of(const Error& error) {
  const bool is_file =
      error.code == ErrorCode::kIo || error.code == ErrorCode::kNotFound || error.code == ErrorCode::kCorrupt;
  return is_file ? kCannotServe : kBadConfig;
}

}  // namespace

int simulate(const SimulateOptions& options) {
  const auto made = simulation(options);
  if (!made) {
    complain(made.error().to_string());
    return kUsage;
  }
  // A path that cannot be written to is found out before the minutes that a long log takes.
  for (const std::string& path : {options.json, options.html}) {
    if (path.empty()) continue;
    if (const auto tried = simulate::try_output_file(path); !tried) {
      complain(tried.error().to_string());
      return kCannotServe;
    }
  }
  const auto report = run_with_progress(options, *made);
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
