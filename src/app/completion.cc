#include "app/completion.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace rateguard::app {
namespace {

std::vector<std::string> option_names(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

std::vector<const CLI::App*> commands_of(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App*) { return true; });
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

std::string bash(const CLI::App& app) {
  std::string names;
  std::string cases;
  for (const CLI::App* command : commands_of(app)) {
    names += command->get_name() + " ";
    cases += fmt::format("    {}) words=\"{}\" ;;\n", command->get_name(), fmt::join(option_names(*command), " "));
  }
  return fmt::format(R"(# bash completion for rateguard: source this, or put it into /etc/bash_completion.d/
_rateguard() {{
  local current="${{COMP_WORDS[COMP_CWORD]}}" words
  if [ "$COMP_CWORD" -eq 1 ]; then
    mapfile -t COMPREPLY < <(compgen -W "{}--help" -- "$current")
    return
  fi
  case "${{COMP_WORDS[1]}}" in
{}    *) words="--help" ;;
  esac
  case "$current" in
    -*) mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current") ;;
    *) mapfile -t COMPREPLY < <(compgen -f -- "$current") ;;
  esac
}}
complete -o filenames -F _rateguard rateguard
)",
                     names, cases);
}

std::string zsh(const CLI::App& app) {
  std::string names;
  std::string cases;
  for (const CLI::App* command : commands_of(app)) {
    names += fmt::format("    {}\n", quoted(command->get_name() + ":" + command->get_description()));
    cases += fmt::format("    {}) _arguments '*:file:_files'", command->get_name());
    for (const CLI::Option* option : command->get_options()) {
      if (option->get_lnames().empty()) continue;
      std::string description = option->get_description();
      for (char& c : description) {
        if (c == '[' || c == ']' || c == ':') c = ' ';
      }
      cases += " " + quoted(fmt::format("--{}[{}]", option->get_lnames().front(), description));
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
  case "$words[2]" in
{}  esac
}}
_rateguard "$@"
)",
                     names, cases);
}

std::string fish(const CLI::App& app) {
  std::string out =
      "# fish completion for rateguard: put this into ~/.config/fish/completions/rateguard.fish\n"
      "complete -c rateguard -n __fish_use_subcommand -f\n";
  for (const CLI::App* command : commands_of(app)) {
    out += fmt::format("complete -c rateguard -n __fish_use_subcommand -a {} -d {}\n", command->get_name(),
                       quoted(command->get_description()));
    for (const CLI::Option* option : command->get_options()) {
      if (option->get_lnames().empty()) continue;
      out += fmt::format("complete -c rateguard -n '__fish_seen_subcommand_from {}' -l {} -d {}\n", command->get_name(),
                         option->get_lnames().front(), quoted(option->get_description()));
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
