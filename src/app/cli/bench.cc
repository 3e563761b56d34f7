// `rateguard bench`: puts load on a running service and measures its answers.
#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <string>

#include "app/cli/commands.h"
#include "app/cli/terminal.h"
#include "loadgen/plan.h"
#include "loadgen/report.h"
#include "loadgen/run.h"
#include "model/quantity.h"

namespace rateguard::app {
namespace {

constexpr Duration kDurationUnlessSaid = Duration::seconds(10);

int columns_of(std::FILE* stream) {
  winsize size{};
  if (ioctl(fileno(stream), TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

Result<loadgen::LimitFigures> limit_of(const std::string& text) {
  const auto limit = parse_limit_text(text);
  if (!limit) return std::unexpected(limit.error());
  return loadgen::LimitFigures{
      .capacity = limit->burst.value_or(limit->rate.units), .units = limit->rate.units, .period = limit->rate.period};
}

Result<loadgen::Plan> plan_of(const BenchOptions& options) {
  loadgen::Plan plan{.threads = options.threads, .connections = options.connections, .depth = options.depth};
  auto target = loadgen::Target::parse(options.target);
  if (!target) return std::unexpected(target.error());
  plan.target = std::move(*target);
  auto keys = loadgen::KeySpec::parse(options.keys);
  if (!keys) return std::unexpected(keys.error());
  plan.keys = *keys;
  if (!options.limit.empty()) {
    const auto limit = limit_of(options.limit);
    if (!limit) return std::unexpected(limit.error());
    plan.limit = *limit;
  }
  if (!options.duration.empty()) {
    const auto duration = parse_duration(options.duration);
    if (!duration) return std::unexpected(duration.error());
    plan.duration = *duration;
  }
  const auto patience = parse_duration(options.timeout);
  if (!patience) return std::unexpected(patience.error());
  plan.patience = *patience;
  plan.questions = options.requests;
  if (!plan.duration && !plan.questions) plan.duration = kDurationUnlessSaid;
  plan.rate = options.rate;
  plan.key_prefix = options.key_prefix;
  plan.refused = options.refused;
  plan.cost = options.cost;
  plan.rule = options.rule;
  plan.body = options.body;
  plan.method = options.method;
  plan.headers = options.headers;
  plan.command = options.command;
  plan.domain = options.domain;
  plan.descriptor = options.descriptor;
  plan.token = options.token;
  plan.seed = options.seed;
  if (auto good = loadgen::check_plan(plan); !good) return std::unexpected(good.error());
  return plan;
}

bool write_file(const std::string& path, const std::string& text) {
  if (path == "-") return std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  std::FILE* const file = std::fopen(path.c_str(), "w");
  if (file == nullptr) return false;
  const bool written = std::fwrite(text.data(), 1, text.size(), file) == text.size();
  return std::fclose(file) == 0 && written;
}

// Redraws one line, and removes it at the end.
class ProgressLine {
 public:
  explicit ProgressLine(const loadgen::Plan& plan) : plan_(plan) {}
  ~ProgressLine() {
    if (drawn_) std::fputs("\r\x1b[K", stderr);
  }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  void draw(const loadgen::Progress& progress) {
    drawn_ = true;
    // Carriage return, the text, erase to the end of the line (ECMA-48, EL).
    std::fputs(fmt::format("\r{}\x1b[K", progress_text(plan_, progress, columns_of(stderr) - 1)).c_str(), stderr);
    std::fflush(stderr);
  }

 private:
  const loadgen::Plan& plan_;
  bool drawn_ = false;
};

Result<loadgen::RunResult> run_with_progress(const loadgen::Plan& plan, bool quiet) {
  if (quiet || !is_terminal(stderr)) return loadgen::run(plan, {});
  ProgressLine line(plan);
  return loadgen::run(plan, [&line](const loadgen::Progress& progress) { line.draw(progress); });
}

}  // namespace

int bench(const BenchOptions& options) {
  const auto plan = plan_of(options);
  if (!plan) {
    complain(plan.error().to_string());
    return kUsage;
  }
  // Standard output gets either the table or only the JSON.
  const bool table = !options.quiet && options.json != "-";
  if (table) {
    fmt::print("{}", plan_text(*plan));
    std::fflush(stdout);
  }
  const auto outcome = run_with_progress(*plan, options.quiet);
  if (!outcome) {
    complain(outcome.error().to_string());
    return kCannotServe;
  }
  const loadgen::Style style = wants_colour(stdout) ? loadgen::Style::kColoured : loadgen::Style::kPlain;
  if (table) fmt::print("{}", table_text(*plan, *outcome, style));
  if (!options.json.empty() && !write_file(options.json, json_text(*plan, *outcome))) {
    complain("cannot write " + options.json);
    return kCannotServe;
  }
  if (outcome->tally.decided() == 0) return kCannotServe;
  return outcome->tally.failed() == 0 ? kSuccess : kRefused;
}

}  // namespace rateguard::app
