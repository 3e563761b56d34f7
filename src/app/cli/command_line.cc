#include "app/cli/command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <span>
#include <string>
#include <system_error>

#include "app/build/build.h"
#include "app/cli/command_definitions.h"
#include "app/cli/command_help.h"
#include "app/cli/completion.h"
#include "app/cli/option_rules.h"
#include "app/cli/option_values.h"
#include "app/cli/terminal.h"
#include "base/out_of_memory.h"

namespace rateguard::app {
namespace {

constexpr const char* kAbout =
    "RateGuard decides, for every request, whether it may pass.\n\n"
    "  rateguard serve                        answer POST /check on 127.0.0.1:8080, no configuration needed\n"
    "  rateguard validate rules.yaml          say whether a file loads, with line and column where it does not\n"
    "  rateguard simulate --rules rules.yaml --html report.html access.log\n"
    "                                         show what rules would have done to recorded traffic\n";

Shell shell_of(const std::string& name) {
  if (name == "zsh") return Shell::kZsh;
  return name == "fish" ? Shell::kFish : Shell::kBash;
}

// App::help() would give the help of the called command.
std::string general_help(const CLI::App& app) {
  return app.get_formatter()->make_help(&app, app.get_name(), CLI::AppFormatMode::Normal);
}

int help(const CLI::App& app, const std::string& command) {
  if (command.empty()) {
    fmt::print("{}", general_help(app));
    return kSuccess;
  }
  for (const CLI::App* each : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (each->get_name() != command) continue;
    fmt::print("{}", each->help("rateguard"));
    return kSuccess;
  }
  complain(unknown_command(app, command));
  return kUsage;
}

int refuse_words(const CLI::App& app, const std::vector<std::string>& words, const std::string& why) {
  complain(why);
  const bool knows_command = std::ranges::any_of(app.get_subcommands([](const CLI::App*) { return true; }),
                                                 [&](const CLI::App* each) { return each->get_name() == words[0]; });
  complain(knows_command ? fmt::format("`rateguard help {}` explains it", words[0])
                         : "`rateguard help` lists the commands");
  return kUsage;
}

// The parser also throws for --help and --version, which are not mistakes.
int refuse(const CLI::App& app, const std::vector<std::string>& words, const CLI::ParseError& error) {
  if (error.get_exit_code() == 0) return app.exit(error);
  if (words.empty()) {
    fmt::print(stderr, "{}", general_help(app));
    return kUsage;
  }
  return refuse_words(app, words, explain_usage(app, words, error));
}

// Which flag has a value that the parser would take for yes or no; empty: none.
std::string valued_flags(const CLI::App& app, const std::vector<std::string>& words) {
  for (const CLI::App* command : commands_of(app)) {
    if (words.empty() || command->get_name() != words[0]) continue;
    const std::string why = flag_with_value(*command, std::span(words).subspan(1));
    if (!why.empty()) return fmt::format("{}: {}", command->get_name(), why);
  }
  return {};
}

// What is wrong with options that the parser has taken one by one; empty: nothing.
std::string unusable_options(const CLI::App& app, const std::vector<std::string>& words) {
  for (const CLI::App* command : app.get_subcommands()) {
    const std::string why = options_apart(*command, std::span(words).subspan(1));
    if (!why.empty()) return fmt::format("{}: {}", command->get_name(), why);
  }
  return {};
}

int run(int argc, char** argv) {
  CLI::App app{kAbout, "rateguard"};
  CommandOptions options;
  define_commands(app, options);
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (const std::string why = valued_flags(app, words); !why.empty()) return refuse_words(app, words, why);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return refuse(app, words, error);
  }
  if (const std::string why = unusable_options(app, words); !why.empty()) return refuse_words(app, words, why);

  if (app.got_subcommand("serve")) return serve(options.serve);
  if (app.got_subcommand("check")) return check(options.check);
  if (app.got_subcommand("validate")) return validate(options.validate);
  if (app.got_subcommand("simulate")) return simulate(options.simulate);
  if (app.got_subcommand("suggest")) return suggest(options.suggest);
  if (app.got_subcommand("bench")) return bench(options.bench);
  if (app.got_subcommand("health")) return health(options.health);
  if (const auto code = run_called_catalog_command(app, options.catalog)) return *code;
  if (app.got_subcommand("version")) return version(options.version_json);
  if (app.got_subcommand("help")) return help(app, options.explained);
  fmt::print("{}", completion_script(app, shell_of(options.shell)));
  return kSuccess;
}

// Whoever asked for a table on a full disk has not got one, whatever the command found out.
int cannot_print(int reason) {
  const char* const why = strerror(reason);
  std::fputs("rateguard: cannot write to standard output: ", stderr);
  std::fputs(why, stderr);
  std::fputs("\n", stderr);
  return kCannotServe;
}

}  // namespace

int run_command_line(int argc, char** argv) {
  report_lack_of_memory();
  try {
    const int code = run(argc, argv);
    return std::fflush(stdout) == 0 && std::ferror(stdout) == 0 ? code : cannot_print(errno);
  } catch (const std::system_error& error) {  // fmt's, of what it could not write
    return cannot_print(error.code().value());
  }
}

}  // namespace rateguard::app
