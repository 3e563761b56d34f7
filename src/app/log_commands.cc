#include "app/log_commands.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <thread>

#include "app/terminal.h"
#include "simulate/output_file.h"
#include "simulate/progress_bar.h"

namespace rateguard::app {
namespace {

int columns_of(std::FILE* stream) {
  winsize size{};
  if (ioctl(fileno(stream), TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

}  // namespace

Result<simulate::ReadOptions> read_options(const LogFormatOptions& options) {
  simulate::ReadOptions read;
  read.jobs = options.jobs > 0 ? options.jobs : std::max(1U, std::thread::hardware_concurrency());
  const auto format = simulate::parse_input_format(options.format);
  if (!format) return std::unexpected(format.error());
  read.format = *format;
  if (!options.log_format.empty()) {
    auto layout = simulate::compile_line_format(options.log_format);
    if (!layout) return std::unexpected(layout.error());
    read.layout = std::move(*layout);
  }
  if (options.columns.empty()) return read;
  auto columns = simulate::ColumnMap::parse(options.columns);
  if (!columns) return std::unexpected(columns.error());
  read.columns = std::move(*columns);
  return read;
}

bool can_write(const std::vector<std::string>& paths) {
  for (const std::string& path : paths) {
    if (path.empty()) continue;
    if (const auto tried = simulate::try_output_file(path); !tried) {
      complain(tried.error().to_string());
      return false;
    }
  }
  return true;
}

ExitCode exit_code_of(const Error& error) {
  const bool is_file =
      error.code == ErrorCode::kIo || error.code == ErrorCode::kNotFound || error.code == ErrorCode::kCorrupt;
  return is_file ? kCannotServe : kBadConfig;
}

void with_progress(Quiet quiet, const std::function<void(const simulate::ProgressCallback&)>& work) {
  if (quiet == Quiet::kYes || !is_terminal(stderr)) return work({});
  simulate::ProgressBar bar(stderr, columns_of(stderr));
  work([&bar](const simulate::ProgressUpdate& update) { bar.update(update); });
}

}  // namespace rateguard::app
