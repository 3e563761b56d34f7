#include "app/serve/open_catalog.h"

#include <fmt/format.h>

#include <filesystem>
#include <system_error>
#include <utility>

#include "app/build/build.h"
#include "catalog/postgres/postgres_catalog.h"
#include "catalog/postgres/postgres_url.h"
#include "catalog/sqlite/sqlite_catalog.h"

namespace rateguard::app {
namespace {

using Opened = catalog::CatalogResult<std::unique_ptr<catalog::CatalogStore>>;

Opened open_file(const std::string& path, const std::string& program, Instant now) {
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  std::error_code error;
  if (!folder.empty()) std::filesystem::create_directories(folder, error);
  if (error) {
    return catalog::refuse(catalog::CatalogFault::kUnavailable,
                           fmt::format("the folder {} is not there and cannot be made: {}; create it, or name another "
                                       "file with catalog.url",
                                       folder.string(), error.message()));
  }
  return catalog::open_sqlite_catalog(path, program, now);
}

ErrorCode code_of(catalog::CatalogFault fault) {
  using enum catalog::CatalogFault;
  const bool is_wrong = fault == kSchemaNewer || fault == kForeign || fault == kInvalid;
  return is_wrong ? ErrorCode::kInvalid : ErrorCode::kIo;
}

// The setting that names the catalog.
SourcePosition position_of_url(const config::Config& config) {
  return config.position_of(config.catalog.url.empty() ? "data_dir" : "catalog.url");
}

}  // namespace

Result<std::unique_ptr<catalog::CatalogStore>> open_catalog(const config::Config& config, Instant now) {
  const std::string url = config.catalog_url();
  if (url.empty()) return nullptr;
  const std::string program(version_number());
  const auto file = config.catalog_file();
  Opened opened = file ? open_file(*file, program, now) : catalog::open_postgres_catalog(url, program, now);
  if (opened) return *std::move(opened);
  return std::unexpected(
      Error{.code = code_of(opened.error().fault),
            .message = fmt::format("the catalog {} cannot be used: {}", catalog_name(config), opened.error().message),
            .position = position_of_url(config)});
}

std::string catalog_name(const config::Config& config) {
  const std::string url = config.catalog_url();
  if (url.empty()) return "none";
  return config.catalog_file() ? url : catalog::postgres_name(url);
}

}  // namespace rateguard::app
