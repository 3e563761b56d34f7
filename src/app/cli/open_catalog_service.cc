#include "app/cli/open_catalog_service.h"

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "app/cli/terminal.h"
#include "app/serve/config_source.h"
#include "app/serve/open_catalog.h"
#include "config/config.h"
#include "config/named_files.h"
#include "net/clock.h"
#include "net/settings/endpoint.h"

namespace rateguard::app {
namespace {

Instant wall_clock() {
  return net::SystemClock().read().wall();
}

// "http://127.0.0.1:8088", or the same without the scheme.
Result<net::Endpoint> server_of(std::string_view text) {
  constexpr std::string_view kScheme = "http://";
  std::string_view rest = text;
  if (rest.starts_with("https://")) {
    return invalid("--server: the command line speaks plain HTTP; run it beside the server, or through a tunnel");
  }
  if (rest.starts_with(kScheme)) rest.remove_prefix(kScheme.size());
  if (rest.ends_with('/')) rest.remove_suffix(1);
  auto endpoint = net::Endpoint::parse(rest);
  if (endpoint && endpoint->port != 0) return endpoint;
  return invalid(fmt::format(
      "--server: '{}' is not the address of an admin API; expected http://HOST:PORT, such as http://127.0.0.1:8088",
      text));
}

Result<std::unique_ptr<CatalogService>> at_server(const CatalogPlace& place) {
  auto server = server_of(place.server);
  if (!server) return std::unexpected(server.error());
  const char* const token = std::getenv("RATEGUARD_ADMIN_TOKEN");
  if (token == nullptr || *token == '\0') {
    return invalid("RATEGUARD_ADMIN_TOKEN is not set; --server asks with the admin token that it holds");
  }
  return remote_catalog(std::move(*server), token, wall_clock);
}

// As the audit log is to show who it was.
std::string user_name() {
  const passwd* const user = getpwuid(geteuid());
  return user != nullptr && user->pw_name != nullptr ? user->pw_name : std::to_string(geteuid());
}

// The SQLite file that is to be the catalog and is not there yet, in a folder that may not be there either; empty: it
// is there, or in no file. Errors: kIo if it cannot be looked for.
Result<std::string> missing_file(const config::Config& config) {
  const std::optional<std::string> file = config.catalog_file();
  std::error_code error;
  if (!file || std::filesystem::exists(*file, error)) return std::string();
  if (error) return fail(ErrorCode::kIo, fmt::format("{}: {}", *file, error.message()));
  return *file;
}

Result<config::Config> config_of(const CatalogPlace& place) {
  const ConfigSource source(place.config, [&place](config::Config config) {
    if (!place.data.empty()) {
      config.data_dir = place.data;
      config.catalog.url.clear();
    }
    return config;
  });
  return source.load();
}

Result<std::unique_ptr<CatalogService>> straight(const CatalogPlace& place, CatalogUse use) {
  const auto config = config_of(place);
  if (!config) return std::unexpected(config.error());
  if (config->catalog_url().empty()) {
    return invalid(
        "which catalog? Name a running server with --server http://HOST:PORT, a data folder with --data DIR, or a "
        "configuration with --config FILE");
  }
  if (use != CatalogUse::kChange) {
    const auto missing = missing_file(*config);
    if (!missing) return std::unexpected(missing.error());
    if (!missing->empty() && use == CatalogUse::kPlan) return empty_catalog(wall_clock);
    if (!missing->empty()) {
      return fail(ErrorCode::kIo, fmt::format("there is no catalog {}; `create` and `apply` make one", *missing));
    }
  }
  auto store = open_catalog(*config, wall_clock());
  if (!store) {
    Error error = store.error();
    error.code = ErrorCode::kIo;  // whatever is wrong with it, it is not the command line
    return std::unexpected(std::move(error));
  }
  return local_catalog(std::move(*store), user_name(), wall_clock);
}

}  // namespace

Result<std::unique_ptr<CatalogService>> open_catalog_service(const CatalogPlace& place, CatalogUse use) {
  return place.server.empty() ? straight(place, use) : at_server(place);
}

std::vector<std::string> files_of_catalog(const CatalogPlace& place) {
  if (!place.server.empty()) return {};
  const auto config = config_of(place);
  return config ? config::named_files(*config) : std::vector<std::string>{place.config};
}

ExitCode refuse_for_catalog(const Error& error) {
  complain(error.to_string());
  if (error.code == ErrorCode::kUnavailable || error.code == ErrorCode::kIo) return kCannotServe;
  if (!error.position.file.empty()) return kBadConfig;
  return error.source == ErrorSource::kPeer || error.code == ErrorCode::kNotFound ? kRefused : kUsage;
}

}  // namespace rateguard::app
