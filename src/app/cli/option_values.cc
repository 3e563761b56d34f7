#include "app/cli/option_values.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <string_view>

namespace rateguard::app {
namespace {

// An option that means something by an empty value.
struct MayBeEmpty {
  std::string_view command;
  std::string_view option;
};
constexpr MayBeEmpty kMayBeEmpty[] = {
    {"bench", "--key-prefix"},  // keys without a prefix
    {"bench", "--body"},        // a request without a body
};

bool may_be_empty(const CLI::App& command, const CLI::Option& option) {
  return std::ranges::any_of(kMayBeEmpty, [&](const MayBeEmpty& each) {
    return command.get_name() == each.command && option.check_name(std::string(each.option));
  });
}

}  // namespace

bool takes_no_value(const CLI::Option& option) {
  return option.get_items_expected_max() == 0;
}

void refuse_empty_values(CLI::App& app) {
  for (CLI::App* const command : app.get_subcommands([](const CLI::App*) { return true; })) {
    for (CLI::Option* const option : command->get_options()) {
      if (takes_no_value(*option) || may_be_empty(*command, *option)) continue;
      // Before all other checks, which say less about an empty value.
      option->transform(CLI::Validator(
          [option](std::string& text) {
            if (!text.empty()) return std::string();
            return fmt::format("its value is empty; expected {}", option->get_type_name());
          },
          ""));
    }
    refuse_empty_values(*command);
  }
}

std::string flag_with_value(const CLI::App& command, std::span<const std::string> words) {
  for (const std::string& word : words) {
    if (word == "--") break;
    const size_t equals = word.find('=');
    if (!word.starts_with("--") || equals == std::string::npos) continue;
    const std::string name = word.substr(0, equals);
    const CLI::Option* const option = command.get_option_no_throw(name);
    if (option != nullptr && takes_no_value(*option)) {
      return fmt::format("{} takes no value; give it alone, or leave it out", name);
    }
  }
  return {};
}

}  // namespace rateguard::app
