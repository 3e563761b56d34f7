// What the command line's own definition looks like to a person: help pages, and what is wrong with a wrong call.
#pragma once

#include <memory>
#include <string>
#include <vector>

namespace CLI {
class App;
class FormatterBase;
class ParseError;
}  // namespace CLI

namespace rateguard::app {

// The subcommands of `app`, in the order in which they were defined.
std::vector<const CLI::App*> commands_of(const CLI::App& app);

// Help pages without the parser's own words.
std::shared_ptr<CLI::FormatterBase> help_formatter();

// What is wrong with `words` (without the program's name), which `app` refused with `error`: an unknown command or
// option with what was probably meant, or a value.
std::string explain_usage(const CLI::App& app, const std::vector<std::string>& words, const CLI::ParseError& error);

// "there is no command 'validte'; did you mean 'validate'?"
std::string unknown_command(const CLI::App& app, const std::string& word);

}  // namespace rateguard::app
