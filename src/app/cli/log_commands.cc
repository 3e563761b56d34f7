#include "app/cli/log_commands.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <thread>

#include "app/cli/terminal.h"
#include "simulate/output_file.h"
#include "simulate/progress_bar.h"

namespace rateguard::app {
namespace {

int columns_of(std::FILE* stream) {
  winsize size{};
  if (ioctl(fileno(stream), TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

// One regular file, by whatever names. Only those can be lost by writing.
bool is_same_file(const std::string& path, const std::string& other) {
  struct stat one{};
  struct stat two{};
  const bool both =
      stat(path.c_str(), &one) == 0 && (other == "-" ? fstat(STDIN_FILENO, &two) : stat(other.c_str(), &two)) == 0;
  return both && S_ISREG(one.st_mode) && one.st_dev == two.st_dev && one.st_ino == two.st_ino;
}

// Which of `inputs` an output at `path` would overwrite; empty: none.
std::string input_lost_by(const std::string& path, const std::vector<std::string>& inputs) {
  if (path == "-") return {};
  for (const std::string& input : inputs) {
    if (input.empty()) continue;
    if (is_same_file(path, input) || is_same_file(simulate::aside_of(path), input)) {
      return input == "-" ? "standard input" : input;
    }
  }
  return {};
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

std::optional<ExitCode> check_outputs(const NamedFiles& files) {
  for (size_t i = 0; i < files.outputs.size(); ++i) {
    const std::string& path = files.outputs[i];
    if (path.empty()) continue;
    if (const std::string input = input_lost_by(path, files.inputs); !input.empty()) {
      complain(fmt::format("{}: writing there would overwrite {}, which is read; name another file", path, input));
      return kUsage;
    }
    for (size_t j = 0; j < i; ++j) {
      if (path != files.outputs[j] && !is_same_file(path, files.outputs[j])) continue;
      complain(fmt::format("{}: two outputs would be written there; name another file for one of them", path));
      return kUsage;
    }
    if (const auto tried = simulate::try_output_file(path); !tried) {
      complain(tried.error().to_string());
      return kCannotServe;
    }
  }
  return std::nullopt;
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
