#include "app/cli/option_rules.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <functional>
#include <set>
#include <span>
#include <string_view>
#include <vector>

namespace rateguard::app {
namespace {

enum class Relation : uint8_t {
  kOnlyWith,   // useless unless at least one of the others is given
  kNeverWith,  // useless beside any of the others
};

using OptionNames = std::vector<std::string_view>;

// `option` stands for each of its names apart. The kind of a target ("http://") counts as a name that is given.
struct OptionRule {
  std::string_view command;
  OptionNames options;
  Relation relation;
  OptionNames others;
  std::string_view why;  // goes on after "OPTION goes with OTHER" or "OPTION does not go with OTHER"
};

constexpr auto kOnlyWith = Relation::kOnlyWith;
constexpr auto kNeverWith = Relation::kNeverWith;

// Every command over a catalog.
constexpr std::string_view kOverCatalog = "the catalog";

bool is_about(const OptionRule& rule, const CLI::App& command) {
  if (rule.command != kOverCatalog) return rule.command == command.get_name();
  return command.get_name() != "serve" && command.get_option_no_throw("--data") != nullptr;
}

// The first rule that is broken is reported, so the plainer ones come first.
std::span<const OptionRule> rules() {
  // What describes a request, but for --plan.
  static const OptionNames facts = {"--method", "--path",    "--host",      "--ip",
                                    "--user",   "--api-key", "--workspace", "--header"};
  static const OptionRule rules[] = {
      {"check", {"--limit"}, kNeverWith, {"--rule"}, ", which has a limit of its own"},
      {"check", {"--algorithm"}, kOnlyWith, {"--limit"}, ": a rule has its own algorithm"},
      {"check", facts, kNeverWith, {"--limit", "--rule"}, ", which counts by --key alone"},
      {"check", {"--plan"}, kNeverWith, {"--limit"}, ", which counts by --key alone"},
      {"check", {"--key"}, kOnlyWith, {"--rule", "--limit"}, ": facts say for themselves who is counted"},
      {"check", {"--config", "--rules"}, kNeverWith, {"--server"}, ": a running service decides by its own rules"},
      {"check", {"--config", "--rules"}, kNeverWith, {"--limit"}, ", which is decided without any rules"},
      {"check", {"--token"}, kOnlyWith, {"--server"}, ": it is a running service that asks for a token"},
      {"check",
       {"--every"},
       kNeverWith,
       {"--server"},
       ": --every is virtual time, which a running service has none of"},
      {"check", {"--every"}, kOnlyWith, {"--repeat"}, ": it is the time between two requests"},

      {"validate", {"--merge-domains"}, kOnlyWith, {"--envoy"}, ": only Envoy's configuration has domains"},

      {"simulate", {"--log-format"}, kNeverWith, {"--format"}, ": the layout is the format"},
      {"simulate",
       {"--rules", "--compare", "--html", "--jobs", "--quiet"},
       kNeverWith,
       {"--explain-format"},
       ", which replays nothing"},
      {"simulate", {"--compare"}, kOnlyWith, {"--rules"}, ": it names the rules to compare those with"},

      {"suggest", {"--log-format"}, kNeverWith, {"--format"}, ": the layout is the format"},

      {"bench",
       {"--body", "--method", "--header"},
       kOnlyWith,
       {"http://"},
       " targets: they are parts of an HTTP request"},
      {"bench", {"--command"}, kOnlyWith, {"redis://"}, " targets: it is a command of the Redis protocol"},
      {"bench", {"--domain", "--descriptor"}, kOnlyWith, {"grpc://"}, " targets: Envoy's requests have them"},
      {"bench", {"--rule"}, kNeverWith, {"grpc://"}, " targets, where --domain and --descriptor name the limit"},
      {"bench", {"--rule"}, kNeverWith, {"--body", "--command"}, ", which makes another question"},
      {"bench", {"--limit"}, kNeverWith, {"--rule"}, ", which has a limit of its own"},
      {"bench", {"--limit"}, kNeverWith, {"--body", "--command"}, ", which makes another question"},
      {kOverCatalog, {"--data", "--config"}, kNeverWith, {"--server"}, ", which has a catalog of its own"},
      {"bench", {"--limit"}, kNeverWith, {"grpc://"}, " targets, whose limits the service has"},
  };
  return rules;
}

// Names of options as they are written, without values, and the kind of a target: "--rules", "http://".
std::set<std::string, std::less<>> names_given(const CLI::App& command, std::span<const std::string> words) {
  std::set<std::string, std::less<>> given;
  for (const std::string& word : words) {
    if (word == "--") break;
    if (word.starts_with("--")) given.insert(word.substr(0, word.find('=')));
  }
  const CLI::Option* const target = command.get_option_no_throw("target");
  if (target != nullptr) {
    const std::string url = target->count() > 0 ? target->results().front() : "http://";
    given.insert(url.substr(0, url.find("://") + 3));
  }
  return given;
}

std::string in_words(const OptionRule& rule, std::string_view option, std::string_view other) {
  if (rule.relation == kOnlyWith) {
    return fmt::format("{} goes with {}{}", option, fmt::join(rule.others, " or "), rule.why);
  }
  const std::string_view what_to_do = other.starts_with("--") ? "; leave one of them out" : "; leave it out";
  return fmt::format("{} does not go with {}{}{}", option, other, rule.why, what_to_do);
}

}  // namespace

std::string options_apart(const CLI::App& command, std::span<const std::string> words) {
  const auto given = names_given(command, words);
  const auto is_given = [&given](std::string_view name) { return given.contains(name); };
  for (const OptionRule& rule : rules()) {
    if (!is_about(rule, command)) continue;
    const auto option = std::ranges::find_if(rule.options, is_given);
    if (option == rule.options.end()) continue;
    const auto other = std::ranges::find_if(rule.others, is_given);
    const bool has_other = other != rule.others.end();
    if (has_other == (rule.relation == kOnlyWith)) continue;
    return in_words(rule, *option, has_other ? *other : std::string_view());
  }
  return {};
}

}  // namespace rateguard::app
