#include "config/named_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "config/envoy_reader.h"

namespace rateguard::config {

std::vector<std::string> named_files(const Config& config) {
  std::vector<std::string> files = {config.path,
                                    config.listen.tls.certificate,
                                    config.listen.tls.key,
                                    config.listen.tls.client_ca,
                                    config.identity.jwt.key_file,
                                    config.snapshot_path()};
  for (const auto& [name, store] : config.stores) {
    files.insert(files.end(), {store.redis.tls.ca, store.redis.tls.certificate, store.redis.tls.key, store.snapshot});
  }
  files.insert(files.end(), config.subject_files.begin(), config.subject_files.end());
  if (const auto catalog = config.catalog_file()) {
    // SQLite keeps two more beside it while it is open.
    for (const std::string_view suffix : {"", "-wal", "-shm"}) {
      files.push_back(fmt::format("{}{}", *catalog, suffix));
    }
  }
  if (!config.envoy.config.empty()) {
    const auto envoy = envoy_files(config.envoy.config);
    if (envoy) files.insert(files.end(), envoy->begin(), envoy->end());
  }
  std::erase(files, "");
  std::ranges::sort(files);
  files.erase(std::ranges::unique(files).begin(), files.end());
  return files;
}

}  // namespace rateguard::config
