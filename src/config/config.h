// The configuration file and the RATEGUARD_* environment, as one checked value.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "catalog/settings/catalog_settings.h"
#include "envoy/settings.h"
#include "identify/settings.h"
#include "log/settings/log_settings.h"
#include "model/header_style.h"
#include "model/instant.h"
#include "rules/rule.h"
#include "server/admin/settings/admin_settings.h"
#include "server/settings/listen_settings.h"
#include "store/settings/store_settings.h"
#include "store/store.h"

namespace rateguard::config {

// The settings of all modules; each struct stands with the module that it sets.
struct Config {
  server::ListenSettings listen = {};
  std::map<std::string, StoreSettings> stores = {{"default", {}}};
  identify::Settings identity = {};
  CatalogSettings catalog = {};
  AdminSettings admin = {};
  HeaderStyle headers = HeaderStyle::kIetf;
  LogSettings log = {};
  envoy::EnvoySettings envoy = {};
  std::string data_dir = {};  // the folder of snapshots without a path of their own; empty: no snapshots
  std::vector<rules::Rule> rules = {};
  std::string path = {};                        // the file it was read from; empty: none
  std::vector<std::string> subject_files = {};  // named by its rules (`by_subject_file`), as they were opened
  // The position of each setting or section in that file, by its key: "identity.user", "stores.default". Settings of
  // the environment or the command line have none.
  std::map<std::string, SourcePosition> positions = {};

  // The names of the stores by their StoreNumber: the default one, then the others in the order of their names. The
  // default store is the one of that name, or else the first; limits that belong to no rule are kept there.
  std::vector<std::string> store_names() const;
  std::string store_name() const { return store_names().front(); }
  const StoreSettings& store() const { return stores.at(store_name()); }
  // The store whose settings apply to counters in this process: the one in memory, or else the default one, whose
  // limits have local shares while Redis fails.
  std::string memory_store_name() const;
  const StoreSettings& memory_store() const { return stores.at(memory_store_name()); }
  // Where the counters in memory are saved across a restart: the store's own path, or the data folder. Empty: nowhere.
  std::string snapshot_path() const;
  // Where the catalog is kept: what `catalog.url` says, or "sqlite:FILE" in the data folder. Empty: there is none.
  std::string catalog_url() const;
  // Its SQLite file. None: it is elsewhere, or there is none.
  std::optional<std::string> catalog_file() const;
  // For messages: the position of this key, or else of the nearest section around it, or only the file.
  SourcePosition position_of(std::string_view key) const;
};

// Reads one environment variable; nullopt if it is not set. Injected, so that tests need no environment.
using Environment = std::function<std::optional<std::string>(std::string_view name)>;

// Parses YAML text. Every error says file, line, column and what was expected; unknown keys are errors. Files that
// rules name are not read: naming one is an error.
Result<Config> parse(std::string_view yaml, std::string file_name);
// The settings of `now` that differ from those of `before`, by their keys in the order of the documentation:
// "listen.threads", "stores.default.max_keys" for stores that both have. Rules are not settings.
std::vector<std::string> changed_settings(const Config& before, const Config& now);
// Reads and parses a file, and the files that its rules name. Errors: kIo, or as parse().
Result<Config> load(const std::string& path);
// Checks settings against each other, from all sources; parse() allows a Redis without its address and password, and
// tokens without keys, which the environment may give. Errors: kInvalid, with the position in the file if it has the
// setting.
Result<void> check_config(const Config& config);
// Lays RATEGUARD_* variables over a configuration. Order of precedence: command line, environment, file, defaults.
// RATEGUARD_REDIS=URL makes store() that Redis, whatever the file says about it. Errors: kInvalid, naming the variable
// and what was expected.
Result<Config> apply_environment(Config config, const Environment& environment);
// Lays envoyproxy/ratelimit's own variables (RUNTIME_ROOT, SHADOW_MODE, ...; docs/envoy.md lists them) over a
// configuration. They count only if Envoy's configuration is in use: if `config`, RATEGUARD_ENVOY_CONFIG,
// RUNTIME_ROOT or RUNTIME_SUBDIRECTORY names one. RATEGUARD_* variables take precedence. Errors: kInvalid, naming the
// variable.
Result<Config> apply_envoy_environment(Config config, const Environment& environment);

}  // namespace rateguard::config
