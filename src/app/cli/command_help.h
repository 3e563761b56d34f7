// Help pages and error messages, made from the definition of the command line.
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

// Formats help pages without the parser's standard phrases.
std::shared_ptr<CLI::FormatterBase> help_formatter();

// The message about `words` (without the program's name), which `app` refused with `error`: an unknown command or
// option with a suggestion, or a wrong value.
std::string explain_usage(const CLI::App& app, const std::vector<std::string>& words, const CLI::ParseError& error);

// "there is no command 'validte'; did you mean 'validate'?"
std::string unknown_command(const CLI::App& app, const std::string& word);

}  // namespace rateguard::app
