#include "app/cli/option_values.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <cstdint>
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
    {"bench", "--domain"},      // a request that Envoy's service refuses
};

bool may_be_empty(const CLI::App& command, const CLI::Option& option) {
  return std::ranges::any_of(kMayBeEmpty, [&](const MayBeEmpty& each) {
    return command.get_name() == each.command && option.check_name(std::string(each.option));
  });
}

// The parser reads "010" as 8, "0x10" as 16, " 3" as 3, and -1 as the largest number where none is below zero.
std::string why_not_whole(std::string_view text, bool may_be_negative) {
  std::string_view digits = text;
  if (may_be_negative && digits.starts_with('-')) digits.remove_prefix(1);
  const bool all_digits = !digits.empty() && digits.find_first_not_of("0123456789") == std::string_view::npos;
  if (!all_digits || (digits.size() > 1 && digits.starts_with('0'))) {
    return fmt::format("expected a whole number, found '{}'", text);
  }
  int64_t number = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), number).ec == std::errc()) return {};
  return fmt::format("'{}' is too large a number", text);
}

// By the kind of value that the option says it takes.
std::string why_not_value(const std::string& kind, std::string_view text) {
  if (text.empty()) return fmt::format("its value is empty; expected {}", kind);
  if (kind == "N") return why_not_whole(text, false);
  return kind == "UNITS" ? why_not_whole(text, true) : std::string();
}

}  // namespace

bool takes_no_value(const CLI::Option& option) {
  return option.get_items_expected_max() == 0;
}

void check_values(CLI::App& app) {
  for (CLI::App* const command : app.get_subcommands([](const CLI::App*) { return true; })) {
    for (CLI::Option* const option : command->get_options()) {
      if (takes_no_value(*option) || may_be_empty(*command, *option)) continue;
      // Before all other checks, which say less about such values.
      option->transform(
          CLI::Validator([option](std::string& text) { return why_not_value(option->get_type_name(), text); }, ""));
    }
    check_values(*command);
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
