#include "app/cli/command_help.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <string_view>

#include "app/cli/option_values.h"
#include "config/problems.h"

namespace rateguard::app {
namespace {

class HelpFormatter : public CLI::Formatter {
 public:
  HelpFormatter() {
    label("OPTIONS", "OPTIONS");
    label("SUBCOMMAND", "COMMAND");
    label("Subcommands", "Commands");
    label("Positionals", "Arguments");
    column_width(34);
  }

  std::string make_option_opts(const CLI::Option* option) const override {
    std::string text;
    if (!takes_no_value(*option) && !option->get_type_name().empty()) text += " " + option->get_type_name();
    if (option->get_required()) text += " (required)";
    return text;
  }

  std::string make_option_desc(const CLI::Option* option) const override {
    const std::string variable = option->get_envname();
    return option->get_description() + (variable.empty() ? "" : fmt::format(" [{}]", variable));
  }
};

const CLI::App* find_command(const CLI::App& app, const std::string& word) {
  const auto all = commands_of(app);
  const auto found = std::ranges::find(all, word, [](const CLI::App* command) { return command->get_name(); });
  return found == all.end() ? nullptr : *found;
}

std::vector<std::string> option_names(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    for (const std::string& name : option->get_snames()) names.push_back("-" + name);
  }
  return names;
}

std::string hint(std::string_view word, const std::vector<std::string>& known) {
  const std::vector<std::string_view> views(known.begin(), known.end());
  std::string_view guess = config::nearest(word, views);
  if (guess.empty()) {  // a name that is only begun, if it can be no other
    const auto begins = [word](std::string_view name) { return name.starts_with(word); };
    if (std::ranges::count_if(views, begins) == 1) guess = *std::ranges::find_if(views, begins);
  }
  return guess.empty() ? std::string() : fmt::format("; did you mean '{}'?", guess);
}

// The first option among the words that `command` does not have; empty: none.
std::string unknown_option(const CLI::App& command, const std::vector<std::string>& words) {
  const std::vector<std::string> known = option_names(command);
  for (const std::string& word : words) {
    if (word.size() < 2 || word[0] != '-' || word == "--") continue;
    const std::string name = word.starts_with("--") ? word.substr(0, word.find('=')) : word.substr(0, 2);
    if (std::ranges::find(known, name) != known.end()) continue;
    return fmt::format("there is no option '{}'{}", name, hint(name, known));
  }
  return {};
}

std::string unexpected_words(const CLI::App& command, const std::vector<std::string>& words) {
  if (const std::string option = unknown_option(command, words); !option.empty()) return option;
  return fmt::format("'{}' is one argument too many", command.remaining().empty() ? "" : command.remaining().front());
}

// "Could not convert: --threads = abc"
std::string unconverted(std::string_view text) {
  const size_t equals = text.find(" = ");
  if (equals == std::string_view::npos) return fmt::format("not a value: {}", text);
  return fmt::format("{}: expected a number, found '{}'", text.substr(0, equals), text.substr(equals + 3));
}

// "--http: At Most 1 required but received 2", "--http: 1 required HOST:PORT missing"
std::string miscounted(const std::string& text) {
  constexpr std::string_view kTooMany = ": At Most 1 required but received ";
  constexpr std::string_view kTooFew = ": 1 required ";
  if (const size_t at = text.find(kTooMany); at != std::string::npos) {
    const std::string times = text.substr(at + kTooMany.size());
    return fmt::format("{} is given {}; give it once", text.substr(0, at), times == "2" ? "twice" : times + " times");
  }
  if (const size_t at = text.find(kTooFew); at != std::string::npos) {
    const size_t begin = at + kTooFew.size();
    const size_t end = std::min(text.rfind(" missing"), text.size());
    return fmt::format("{} needs a value: {}", text.substr(0, at), text.substr(begin, end - begin));
  }
  return text;
}

// "log is required"
std::string missing(const CLI::App& command, const std::string& text) {
  const std::string name = text.substr(0, text.find(" is required"));
  const CLI::Option* const option = command.get_option_no_throw(name);
  if (option == nullptr) return text;
  return fmt::format("{} is missing ({})", option->get_type_name(), option->get_description());
}

// The parser's message in plain words, with the option first.
std::string in_words(const CLI::App& command, const CLI::ParseError& error) {
  const std::string text = error.what();
  constexpr std::string_view kConversion = "Could not convert: ";
  if (text.starts_with(kConversion)) return unconverted(std::string_view(text).substr(kConversion.size()));
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr) return miscounted(text);
  if (dynamic_cast<const CLI::RequiredError*>(&error) != nullptr) return missing(command, text);
  return text;
}

}  // namespace

std::vector<const CLI::App*> commands_of(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App*) { return true; });
}

std::shared_ptr<CLI::FormatterBase> help_formatter() {
  return std::make_shared<HelpFormatter>();
}

std::string unknown_command(const CLI::App& app, const std::string& word) {
  std::vector<std::string> names;
  for (const CLI::App* command : commands_of(app)) names.push_back(command->get_name());
  return fmt::format("there is no command '{}'{}", word, hint(word, names));
}

std::string explain_usage(const CLI::App& app, const std::vector<std::string>& words, const CLI::ParseError& error) {
  if (words.empty()) return "a command is missing";
  const CLI::App* const command = find_command(app, words.front());
  if (command == nullptr) {
    if (!words.front().starts_with('-')) return unknown_command(app, words.front());
    const std::string option = unknown_option(app, {words.front()});
    return option.empty() ? "a command is missing" : option;
  }
  const std::vector<std::string> rest(words.begin() + 1, words.end());
  const bool unexpected = dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr;
  return fmt::format("{}: {}", command->get_name(),
                     unexpected ? unexpected_words(*command, rest) : in_words(*command, error));
}

}  // namespace rateguard::app
