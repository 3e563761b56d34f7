#include "config/config_check.h"

#include <fmt/format.h>

#include <utility>

#include "config/store_check.h"
#include "model/ascii.h"
#include "text/quote.h"

namespace rateguard::config {
namespace {

Result<void> placed(const Config& config, std::string_view key, Result<void> good) {
  if (!good && good.error().position == SourcePosition{}) good.error().position = config.position_of(key);
  return good;
}

// Claims are trusted only if a key verifies their token.
Result<void> check_claims(const Config& config) {
  if (!config.identity.jwt.key_file.empty()) return {};
  const std::pair<std::string_view, const identify::IdentitySource*> sources[] = {
      {"identity.user", &config.identity.user},
      {"identity.workspace", &config.identity.workspace},
      {"identity.plan", &config.identity.plan}};
  for (const auto& [key, source] : sources) {
    if (source->kind != identify::IdentitySource::Kind::kClaim) continue;
    return placed(config, key,
                  invalid(fmt::format("{}: jwt:{} is read from tokens, and identity.jwt.key_file is missing; expected "
                                      "the file of the keys that verify them",
                                      key, source->name)));
  }
  return {};
}

Result<void> check_api_keys(const Config& config) {
  if (config.identity.api_keys == identify::ApiKeys::kAny || !config.catalog_url().empty()) return {};
  return placed(config, "identity.api_keys",
                invalid("identity.api_keys: the keys of the catalog are asked for, and there is no catalog; expected "
                        "catalog.url, or data_dir (--data) for one in a file there"));
}

}  // namespace

// Checks the settings of `listen` and `envoy` against each other.
Result<void> check_listen_settings(const Config& config) {
  const net::TlsFiles& tls = config.listen.tls;
  if (tls.certificate.empty() != tls.key.empty()) {
    return invalid(fmt::format("listen.tls.{} is missing; a certificate and its key go together",
                               tls.key.empty() ? "key" : "certificate"));
  }
  if (tls.certificate.empty() && !tls.client_ca.empty()) {
    return invalid("listen.tls.certificate is missing; clients can only show theirs over TLS");
  }
  if (config.listen.proxy_protocol && config.identity.trusted_proxies.empty()) {
    return invalid(
        "listen.proxy_protocol needs listen.trusted_proxies: the PROXY header is believed from them only, and every "
        "other connection is closed");
  }
  const envoy::EnvoyHeaderNames& names = config.envoy.response_headers;
  for (const std::string* name : {&names.limit, &names.remaining, &names.reset}) {
    if (!is_token(*name))
      return invalid(fmt::format("envoy.response_headers: {} is not a valid field name", quote(*name)));
  }
  return {};
}

Result<void> check_config(const Config& config) {
  if (auto good = placed(config, "listen.tls", check_listen_settings(config)); !good) return good;
  if (auto good = check_claims(config); !good) return good;
  if (auto good = check_api_keys(config); !good) return good;
  for (const auto& [name, store] : config.stores) {
    const std::string key = "stores." + name;
    if (auto good = placed(config, key, check_store(name, store)); !good) return good;
    if (auto good = placed(config, key, check_store_access(name, store)); !good) return good;
  }
  return placed(config, "stores", check_one_memory(config));
}

}  // namespace rateguard::config
