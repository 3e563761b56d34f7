#include "app/cli/completion.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <string>
#include <utility>
#include <vector>

#include "app/catalog/catalog_command.h"
#include "app/cli/choices.h"
#include "app/cli/command_help.h"
#include "app/cli/option_values.h"

namespace rateguard::app {
namespace {

std::vector<std::string> long_option_names(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

// zsh and fish descriptions are single-quoted.
std::string quoted(std::string text) {
  std::string out;
  for (const char c : text) {
    if (c == '\n') break;
    out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  }
  return "'" + out + "'";
}

// What kind of value an option takes.
enum class ArgumentKind { kNone, kWords, kFile, kOther };

struct ArgumentValue {
  ArgumentKind kind = ArgumentKind::kNone;
  std::vector<std::string> words = {};
};

std::string name_of(const CLI::Option& option) {
  return option.get_lnames().empty() ? option.get_name() : "--" + option.get_lnames().front();
}

ArgumentValue value_of(const CLI::Option& option) {
  if (takes_no_value(option)) return {};
  const std::string type = option.get_type_name();
  if (type == "LAYOUT") return {.kind = ArgumentKind::kOther};  // --log-format for reading logs, not the one of `serve`
  std::vector<std::string> words = choices_for(name_of(option));
  if (!words.empty()) return {.kind = ArgumentKind::kWords, .words = std::move(words)};
  for (const char* const file : {"FILE", "DIR", "PATH", "OUT", "LOG..."}) {
    // The path of a request is a PATH too, but not a file.
    if (type == file && name_of(option) != "--path") return {.kind = ArgumentKind::kFile};
  }
  return {.kind = ArgumentKind::kOther};
}

// The arguments of a command that are not options.
std::vector<const CLI::Option*> positionals_of(const CLI::App& command) {
  return command.get_options([](const CLI::Option* option) { return option->get_positional(); });
}

ArgumentValue argument_of(const CLI::App& app, const CLI::App& command) {
  if (command.get_name() == "help") {
    ArgumentValue value{.kind = ArgumentKind::kWords};
    for (const CLI::App* each : commands_of(app)) value.words.push_back(each->get_name());
    return value;
  }
  const auto positionals = positionals_of(command);
  if (!positionals.empty() && positionals.front()->get_name() == "action") {
    ArgumentValue value{.kind = ArgumentKind::kWords};
    for (const std::string_view action : catalog_actions(command.get_name())) value.words.emplace_back(action);
    return value;
  }
  return positionals.empty() ? ArgumentValue{} : value_of(*positionals.front());
}

// `words` gets the possible words, `files` whether a file is possible.
std::string bash_value(const ArgumentValue& value) {
  switch (value.kind) {
    case ArgumentKind::kWords:
      return fmt::format("words=\"{}\"", fmt::join(value.words, " "));
    case ArgumentKind::kFile:
      return "files=1";
    default:
      return ":";
  }
}

std::string bash(const CLI::App& app) {
  std::string names;
  std::string values;
  std::string cases;
  for (const CLI::App* command : commands_of(app)) {
    names += command->get_name() + " ";
    for (const CLI::Option* option : command->get_options()) {
      const ArgumentValue value = value_of(*option);
      if (option->get_lnames().empty() || value.kind == ArgumentKind::kNone) continue;
      for (const std::string& name : option->get_lnames()) {
        values += fmt::format("    \"{} --{}\") {}; given=1 ;;\n", command->get_name(), name, bash_value(value));
      }
    }
    cases += fmt::format("    {}) {}; options=\"{}\" ;;\n", command->get_name(), bash_value(argument_of(app, *command)),
                         fmt::join(long_option_names(*command), " "));
  }
  return fmt::format(R"(# bash completion for rateguard: source this, or put it into /etc/bash_completion.d/
_rateguard() {{
  local current="${{COMP_WORDS[COMP_CWORD]}}" words="" options="" files="" given=""
  if [ "$COMP_CWORD" -eq 1 ]; then
    mapfile -t COMPREPLY < <(compgen -W "{}--help --version" -- "$current")
    return
  fi
  case "${{COMP_WORDS[1]}} ${{COMP_WORDS[COMP_CWORD-1]}}" in
{}  esac
  if [ -z "$given" ]; then
    case "${{COMP_WORDS[1]}}" in
{}    esac
    case "$current" in -*) words="$options" files="" ;; esac
  fi
  COMPREPLY=()
  [ -z "$words" ] || mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
  [ -z "$files" ] || {{ compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$current"); }}
}}
complete -F _rateguard rateguard
)",
                     names, values, cases);
}

std::string zsh_value(const ArgumentValue& value, std::string_view what) {
  switch (value.kind) {
    case ArgumentKind::kNone:
      return {};
    case ArgumentKind::kWords:
      return fmt::format(":{}:({})", what, fmt::join(value.words, " "));
    case ArgumentKind::kFile:
      return fmt::format(":{}:_files", what);
    case ArgumentKind::kOther:
      return fmt::format(":{}: ", what);
  }
  return {};
}

std::string zsh(const CLI::App& app) {
  std::string names;
  std::string cases;
  for (const CLI::App* command : commands_of(app)) {
    names += fmt::format("    {}\n", quoted(command->get_name() + ":" + command->get_description()));
    cases += fmt::format("    {}) _arguments", command->get_name());
    const ArgumentValue argument = argument_of(app, *command);
    if (argument.kind != ArgumentKind::kNone) cases += " " + quoted("*" + zsh_value(argument, "argument"));
    for (const CLI::Option* option : command->get_options()) {
      if (option->get_lnames().empty()) continue;
      std::string description = option->get_description();
      for (char& c : description) {
        if (c == '[' || c == ']' || c == ':') c = ' ';
      }
      const std::string& name = option->get_lnames().front();
      cases += " " + quoted(fmt::format("--{}[{}]{}", name, description, zsh_value(value_of(*option), name)));
    }
    cases += " ;;\n";
  }
  return fmt::format(R"(#compdef rateguard
# zsh completion for rateguard: put this into a folder of $fpath as _rateguard
_rateguard() {{
  local -a commands
  commands=(
{}  )
  if (( CURRENT == 2 )); then
    _describe 'command' commands
    return
  fi
  # What follows is about the command: its name stands where the program's would.
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case "$command" in
{}  esac
}}
if [ "$funcstack[1]" = _rateguard ]; then
  _rateguard "$@"
else
  compdef _rateguard rateguard
fi
)",
                     names, cases);
}

std::string fish_value(const ArgumentValue& value) {
  switch (value.kind) {
    case ArgumentKind::kNone:
      return {};
    case ArgumentKind::kWords:
      return " -x -a " + quoted(fmt::format("{}", fmt::join(value.words, " ")));
    case ArgumentKind::kFile:
      return " -r -F";
    case ArgumentKind::kOther:
      return " -x";
  }
  return {};
}

std::string fish(const CLI::App& app) {
  std::string out =
      "# fish completion for rateguard: put this into ~/.config/fish/completions/rateguard.fish\n"
      "complete -c rateguard -f\n";
  for (const CLI::App* command : commands_of(app)) {
    out += fmt::format("complete -c rateguard -n __fish_use_subcommand -a {} -d {}\n", command->get_name(),
                       quoted(command->get_description()));
    const std::string here =
        fmt::format("complete -c rateguard -n '__fish_seen_subcommand_from {}'", command->get_name());
    const ArgumentValue argument = argument_of(app, *command);
    if (argument.kind == ArgumentKind::kFile) out += here + " -F\n";
    if (argument.kind == ArgumentKind::kWords) {
      out += fmt::format("{} -a {}\n", here, quoted(fmt::format("{}", fmt::join(argument.words, " "))));
    }
    for (const CLI::Option* option : command->get_options()) {
      if (option->get_lnames().empty()) continue;
      out += fmt::format("{} -l {}{} -d {}\n", here, option->get_lnames().front(), fish_value(value_of(*option)),
                         quoted(option->get_description()));
    }
  }
  return out;
}

}  // namespace

std::string completion_script(const CLI::App& app, Shell shell) {
  switch (shell) {
    case Shell::kBash:
      return bash(app);
    case Shell::kZsh:
      return zsh(app);
    case Shell::kFish:
      return fish(app);
  }
  return {};
}

}  // namespace rateguard::app
