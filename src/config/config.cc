#include "config/config.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/config_check.h"
#include "config/file_text.h"
#include "config/node_reader.h"
#include "config/problems.h"
#include "config/rule_reader.h"
#include "config/settings_table.h"
#include "config/store_check.h"
#include "config/yaml_tree.h"
#include "model/ascii.h"
#include "rules/rule_set.h"
#include "text/quote.h"

namespace rateguard::config {
namespace {

// A store's name is part of an environment variable and of metrics.
constexpr size_t kStoreNameMax = 64;
constexpr size_t kStoresMax = 64;

bool is_store_name(std::string_view name) {
  return !name.empty() && name.size() <= kStoreNameMax && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

constexpr std::string_view kDefaultStore = "default";
// The prefix of the keys of any store in the settings table.
constexpr std::string_view kStoreSection = "stores.NAME";

class ConfigReader {
 public:
  ConfigReader(Config& config, FileReader read_file, Problems& problems)
      : config_(config), read_file_(std::move(read_file)), problems_(problems) {}

  void read(const YamlNode& root) {
    if (root.is_null()) return;  // an empty file: the defaults
    if (!root.is_map()) {
      return problems_.add(root, fmt::format("expected a map of settings, found {}", root.describe()));
    }
    read_section(root, "", {.config = config_});
    check_listen(root);
    if (const YamlNode* rules = root.find("rules")) {
      const auto has_store = [&](std::string_view name) { return config_.stores.contains(std::string(name)); };
      config_.rules = read_rules(
          *rules,
          {.has_store = has_store, .limits = {.read_file = read_file_, .ipv6_prefix = config_.identity.prefix_v6}},
          problems_);
      const std::vector<std::string> names = config_.store_names();
      for (rules::Rule& rule : config_.rules) {
        rule.store_number = static_cast<StoreNumber>(std::ranges::find(names, rule.store) - names.begin());
      }
    }
  }

 private:
  // Reads a map's settings. `section` is a prefix of the keys in the settings table: "", "listen", "stores.NAME".
  void read_section(const YamlNode& map, const std::string& section, const SettingTarget& target) {
    auto known = keys_in(section);
    if (section.empty()) known.push_back("rules");
    for (size_t i = 0; i < map.children.size() && !problems_.full(); i += 2) {
      const YamlNode& key = *map.children[i];
      const YamlNode& value = *map.children[i + 1];
      if (section.empty() && key.text == "rules") continue;  // read last: rules name stores
      if (section.empty() && is_own_key(key.text)) continue;
      if (std::ranges::find(known, key.text) == known.end()) {
        problems_.add(key, unknown_key(key.text, called(section, target), known));
        continue;
      }
      const std::string path = section.empty() ? key.text : section + "." + key.text;
      if (const Setting* setting = find_setting(path)) {
        if (target.store && setting->only_for.value_or(target.store->type) != target.store->type) {
          const std::string_view type = *setting->only_for == StoreType::kRedis ? "redis" : "memory";
          problems_.add(key, fmt::format("{} goes with type: {}", full_key(path, target.store_name), type));
          continue;
        }
        read_setting(*setting, key, value, target);
      } else if (value.is_null()) {
        continue;  // an empty section
      } else if (!value.is_map()) {
        problems_.add(value,
                      fmt::format("{}: expected a map, found {}", full_key(path, target.store_name), value.describe()));
      } else if (path == "stores") {
        read_stores(value);
      } else {
        remember(full_key(path, target.store_name), key);
        read_section(value, path, target);
      }
    }
  }

  // The name of a section in messages.
  static std::string called(const std::string& section, const SettingTarget& target) {
    if (section.empty()) return "the file";
    return section == kStoreSection ? "a store" : full_key(section, target.store_name);
  }

  void remember(const std::string& key, const YamlNode& where) { config_.positions[key] = problems_.position(where); }

  void read_setting(const Setting& setting, const YamlNode& key, const YamlNode& value, const SettingTarget& target) {
    remember(full_key(setting.key, target.store_name), value.is_null() ? key : value);
    if (!is_list(setting)) return read_value(setting, key, value, target);
    if (!value.is_sequence()) return read_value(setting, key, value, target);  // a single value means a list of one
    for (const YamlNode* item : value.children) {
      if (problems_.full()) return;
      read_value(setting, *item, *item, target);
    }
  }

  void read_value(const Setting& setting, const YamlNode& key, const YamlNode& value, const SettingTarget& target) {
    if (!value.is_scalar()) {
      const YamlNode& where = value.is_null() ? key : value;
      return problems_.add(
          where, fmt::format("{}: expected one value ({}), found {}", full_key(setting.key, target.store_name),
                             setting.bounds, value.describe()));
    }
    if (value.quoted && wants_plain(setting)) {
      return problems_.add(value, fmt::format("{}: expected {}, without quotes",
                                              full_key(setting.key, target.store_name), setting.bounds));
    }
    if (const auto good = set_from_text(setting, target, value.text); !good) {
      problems_.add(value, fmt::format("{}: {}", full_key(setting.key, target.store_name), good.error().message));
    }
  }

  void read_stores(const YamlNode& map) {
    if (map.children.size() / 2 > kStoresMax) {
      return problems_.add(map, fmt::format("more than {} stores", kStoresMax));
    }
    for (size_t i = 0; i < map.children.size() && !problems_.full(); i += 2) {
      const YamlNode& name = *map.children[i];
      const YamlNode& value = *map.children[i + 1];
      if (!is_store_name(name.text)) {
        problems_.add(name, fmt::format("{} is not a valid store name; expected 1 to {} letters, digits, '-' and '_'",
                                        quote(name.text), kStoreNameMax));
        continue;
      }
      StoreSettings& store = config_.stores[name.text];
      remember("stores." + name.text, name);
      if (value.is_null()) continue;
      if (!value.is_map()) {
        problems_.add(value, fmt::format("expected the settings of a store (a map), found {}", value.describe()));
        continue;
      }
      read_store(name.text, value, store);
    }
    if (!map.find(kDefaultStore) && config_.stores.size() > 1) config_.stores.erase(std::string(kDefaultStore));
    const Setting& setting = *find_setting("stores.NAME.type");
    std::map<std::string, std::string_view> variables;
    for (const auto& [name, store] : config_.stores) {
      const auto [other, is_new] = variables.emplace(environment_variable(setting, name), name);
      if (is_new) continue;
      problems_.add(map, fmt::format("stores.{} and stores.{} would have the same variables ({}); expected names that "
                                     "differ in letters and digits",
                                     other->second, name, other->first));
    }
  }

  void read_store(const std::string& name, const YamlNode& value, StoreSettings& store) {
    const SettingTarget target{.config = config_, .store = &store, .store_name = name};
    // Read first, since it decides which other keys are valid.
    const YamlNode* type = value.find("type");
    const Setting& setting = *find_setting("stores.NAME.type");
    if (type && type->is_scalar() && !set_from_text(setting, target, type->text)) {
      return read_value(setting, *type, *type, target);  // do not report the other keys too
    }
    const bool had_none = problems_.empty();  // settings that could not be read would be reported as missing
    read_section(value, std::string(kStoreSection), target);
    if (!had_none || !problems_.empty()) return;
    if (const auto good = check_store(name, store); !good) problems_.add(value, good.error().message);
  }

  void check_listen(const YamlNode& root) {
    const YamlNode* listen = root.find("listen");
    if (!listen) return;
    const YamlNode* tls = listen->is_map() ? listen->find("tls") : nullptr;
    if (const auto good = check_listen_settings(config_); !good) {
      problems_.add(tls ? *tls : *listen, good.error().message);
    }
  }

  Config& config_;
  FileReader read_file_;
  Problems& problems_;
};

}  // namespace

std::vector<std::string> Config::store_names() const {
  std::vector<std::string> names;
  for (const auto& [name, settings] : stores) names.push_back(name);
  const auto found = std::ranges::find(names, kDefaultStore);
  if (found != names.end()) std::rotate(names.begin(), found, found + 1);
  return names;
}

std::string Config::memory_store_name() const {
  for (const auto& [name, settings] : stores) {
    if (settings.type == StoreType::kMemory) return name;
  }
  return store_name();
}

constexpr std::string_view kSqlite = "sqlite:";

std::string Config::catalog_url() const {
  if (catalog.url == "off") return {};
  if (!catalog.url.empty() || data_dir.empty()) return catalog.url;
  return std::string(kSqlite) + data_dir + "/catalog.db";
}

std::optional<std::string> Config::catalog_file() const {
  const std::string url = catalog_url();
  if (!url.starts_with(kSqlite)) return std::nullopt;
  return url.substr(kSqlite.size());
}

std::string Config::snapshot_path() const {
  const StoreSettings& store = memory_store();
  if (!store.snapshot.empty()) return store.snapshot;
  return data_dir.empty() ? std::string() : data_dir + "/counters.snap";
}

SourcePosition Config::position_of(std::string_view key) const {
  while (!key.empty()) {
    if (const auto found = positions.find(std::string(key)); found != positions.end()) return found->second;
    const size_t dot = key.rfind('.');
    key = key.substr(0, dot == std::string_view::npos ? 0 : dot);
  }
  return {.file = path};
}

namespace {

Result<Config> parse_with_files(std::string_view yaml, std::string file_name, FileReader read_file) {
  auto document = parse_yaml(yaml, file_name);
  if (!document) return std::unexpected(document.error());
  Config config;
  Problems problems(std::move(file_name));
  ConfigReader(config, std::move(read_file), problems).read(document->root());
  if (!problems.empty()) return std::unexpected(problems.to_error());
  // Rules that parse must also compile: this finds what checking key by key cannot.
  if (auto compiled = rules::RuleSet::compile(config.rules); !compiled) return std::unexpected(compiled.error());
  return config;
}

// A file that another one names: relative to that one, unless the path is absolute.
std::string beside(const std::string& file, const std::string& named) {
  const size_t slash = file.rfind('/');
  return named.starts_with('/') || slash == std::string::npos ? named : file.substr(0, slash + 1) + named;
}

}  // namespace

Result<Config> parse(std::string_view yaml, std::string file_name) {
  return parse_with_files(yaml, std::move(file_name), {});
}

Result<Config> load(const std::string& path) {
  const auto text = read_named_file(path);
  if (!text) return std::unexpected(text.error());
  std::vector<std::string> subject_files;
  auto config = parse_with_files(*text, path, [&](const std::string& named) {
    const std::string& file = subject_files.emplace_back(beside(path, named));
    return NamedFile{.path = file, .text = read_named_file(file)};
  });
  if (!config) return config;
  config->path = path;
  config->subject_files = std::move(subject_files);
  return config;
}

}  // namespace rateguard::config
