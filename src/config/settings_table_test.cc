#include "config/settings_table.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "config/config_warnings.h"
#include "config/limit_spec.h"

namespace rateguard::config {
namespace {

// Every value of a configuration as text, to compare two of them.
std::string dump(Config& config) {
  std::string text;
  for (const Setting& setting : settings()) {
    const FieldRef field = setting.field({.config = config, .store = &config.stores["default"]});
    text += fmt::format("{}={}\n", setting.key, field.type->print(field.place));
  }
  return text;
}

TEST(SettingsTable, DefaultsAreThoseOfTheStructs) {
  Config config;
  const std::string before = dump(config);
  for (const Setting& setting : settings()) {
    if (is_list(setting)) {
      EXPECT_EQ(setting.fallback, "[]") << setting.key;
      continue;
    }
    const SettingTarget target{.config = config, .store = &config.stores["default"]};
    const auto good = set_from_text(setting, target, setting.fallback);
    EXPECT_TRUE(good.has_value()) << setting.key << ": " << (good ? "" : good.error().message);
  }
  EXPECT_EQ(dump(config), before);
}

TEST(SettingsTable, KeysAndVariablesAreDistinct) {
  std::set<std::string> seen;
  for (const Setting& setting : settings()) {
    EXPECT_TRUE(seen.insert(environment_variable(setting, "default")).second) << setting.key;
    if (!setting.alias.empty()) {
      EXPECT_TRUE(seen.insert(std::string(setting.alias)).second) << setting.key;
    }
    EXPECT_EQ(find_setting(setting.key), &setting);
  }
  EXPECT_EQ(environment_variable(*find_setting("listen.tls.client_ca"), ""), "RATEGUARD_LISTEN_TLS_CLIENT_CA");
  EXPECT_EQ(environment_variable(*find_setting("stores.NAME.max_keys"), "a-b"), "RATEGUARD_STORES_A_B_MAX_KEYS");
  EXPECT_EQ(find_setting("listen"), nullptr);
}

TEST(SettingsTable, Sections) {
  EXPECT_EQ(keys_in(""), (std::vector<std::string_view>{"listen", "stores", "identity", "catalog", "admin", "headers",
                                                        "log", "envoy", "data_dir"}));
  EXPECT_EQ(keys_in("listen.tls"), (std::vector<std::string_view>{"certificate", "key", "client_ca"}));
  EXPECT_EQ(keys_in("stores.NAME.breaker"), (std::vector<std::string_view>{"failures", "open_for"}));
  EXPECT_TRUE(keys_in("lis").empty());
  EXPECT_TRUE(keys_in("headers").empty());
}

std::string page_of(std::string_view name) {
  std::ifstream file(std::filesystem::path(__FILE__).parent_path() / "../../docs" / name);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string code(std::string_view text) {
  return text.empty() ? "none" : fmt::format("`{}`", text);
}

TEST(SettingsTable, TheReferencePageHasEveryRow) {
  const std::string page = page_of("configuration.md");
  for (const Setting& setting : settings()) {
    std::string variables = code(environment_variable(setting, "NAME"));
    if (!setting.alias.empty()) variables += ", " + code(setting.alias);
    const std::string row = fmt::format("| {} | {} | {} | {} | {} |", code(setting.key), code(setting.fallback),
                                        setting.bounds, setting.meaning, variables);
    EXPECT_TRUE(page.contains(row)) << "docs/configuration.md lacks the row\n" << row;
  }
  for (const RuleKey& key : rule_keys()) {
    const std::string row =
        fmt::format("| {} | {} | {} |", code(key.key), key.fallback.empty() ? "none" : key.fallback, key.meaning);
    EXPECT_TRUE(page.contains(row)) << "docs/configuration.md lacks the row\n" << row;
  }
}

// Nothing may be written down for a rule that no rule takes.
TEST(SettingsTable, TheReferencePageHasNoOtherKeysOfRules) {
  std::set<std::string> known;
  for (const RuleKey& key : rule_keys()) known.insert(code(key.key));
  const std::string page = page_of("configuration.md");
  constexpr std::string_view kHead = "| `name` |";
  size_t at = page.find(kHead);
  ASSERT_NE(at, std::string::npos);
  for (; page[at] == '|'; at = page.find('\n', at) + 1) {
    const std::string key = page.substr(at + 2, page.find(" |", at + 2) - at - 2);
    EXPECT_TRUE(known.contains(key)) << "no rule has the key " << key;
  }
}

TEST(SettingsTable, ARuleTakesEveryKeyOfALimit) {
  std::set<std::string_view> known;
  for (const RuleKey& key : rule_keys()) known.insert(key.key);
  for (size_t i = 0; i < kLimitKeys; ++i) {
    const std::string_view key = to_string(static_cast<LimitKey>(i));
    EXPECT_TRUE(known.contains(key)) << key;
  }
}

TEST(SettingsTable, ExamplesOfStoresAreTrue) {
  const std::string page = page_of("distributed.md");
  constexpr std::string_view kBegin = "```yaml\n";
  int examples = 0;
  for (size_t at = page.find(kBegin); at != std::string::npos; at = page.find(kBegin, at + 1)) {
    const size_t begin = at + kBegin.size();
    const auto config = parse(std::string_view(page).substr(begin, page.find("```", begin) - begin), "example");
    EXPECT_TRUE(config.has_value()) << config.error().to_string();
    ++examples;
  }
  EXPECT_GT(examples, 5);
}

// A whole file each, which loads and warns of nothing.
TEST(SettingsTable, RecipesAreTrue) {
  const std::string page = page_of("configuration.md");
  constexpr std::string_view kBegin = "```yaml\n";
  int recipes = 0;
  for (size_t at = page.find(kBegin, page.find("## Recipes")); at != std::string::npos;
       at = page.find(kBegin, at + 1)) {
    const size_t begin = at + kBegin.size();
    const std::string_view recipe = std::string_view(page).substr(begin, page.find("```", begin) - begin);
    const auto config = parse(recipe, "recipe");
    ASSERT_TRUE(config.has_value()) << config.error().to_string() << "\n" << recipe;
    EXPECT_FALSE(config->rules.empty()) << recipe;
    for (const Error& warning : config_warnings(*config)) ADD_FAILURE() << warning.to_string();
    ++recipes;
  }
  EXPECT_GE(recipes, 5);
}

}  // namespace
}  // namespace rateguard::config
