#include "app/serve/prepared.h"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "app/serve/front_ends.h"
#include "app/serve/listen_options.h"
#include "app/stores/redis_counters.h"
#include "base/named_file.h"
#include "config/config_warnings.h"
#include "config/file_text.h"
#include "model/ascii.h"

namespace rateguard::app {
namespace {

struct ListenAt {
  std::string_view key;  // "listen.http"
  net::OptionalEndpoint endpoint;
};

std::vector<ListenAt> listeners(const config::Config& config) {
  std::vector<ListenAt> all;
  for (const FrontEndKind* const kind : front_end_kinds()) {
    all.push_back({.key = kind->setting, .endpoint = kind->endpoint(config)});
  }
  return all;
}

// Gives an error without a position that of `key` in the file.
std::unexpected<Error> at(const config::Config& config, std::string_view key, Error error) {
  if (error.position == SourcePosition{}) error.position = config.position_of(key);
  return std::unexpected(std::move(error));
}

bool is_any_address(std::string_view host) {
  return host == "0.0.0.0" || host == "::";
}

bool is_loopback(const net::Endpoint& endpoint) {
  return endpoint.host == "localhost" || endpoint.host == "::1" || endpoint.host.starts_with("127.");
}

// Anyone who can reach an open address may use it, so the operator should know.
void warn_if_open(const config::Config& config, std::vector<Error>& warnings) {
  const server::ListenSettings& listen = config.listen;
  if (!listen.tokens.empty() || !listen.tls.client_ca.empty()) return;
  for (const ListenAt& listener : listeners(config)) {
    if (listener.key == kAdminFront.setting) continue;  // which asks everybody for a token
    if (!listener.endpoint || is_loopback(*listener.endpoint)) continue;
    warnings.push_back(
        {.message = fmt::format("{} is not a loopback address, and neither listen.tokens nor listen.tls.client_ca "
                                "restricts who may ask",
                                listener.endpoint->to_string()),
         .position = config.position_of(listener.key)});
  }
}

// Whoever listens in would have the tokens and passwords of those who may change everything.
void warn_if_in_clear(const config::Config& config, std::vector<Error>& warnings) {
  const net::OptionalEndpoint endpoint = kAdminFront.endpoint(config);
  const bool is_encrypted = !config.listen.tls.certificate.empty() || config.admin.public_url.starts_with("https://");
  if (!endpoint || is_loopback(*endpoint) || is_encrypted) return;
  warnings.push_back(
      {.message = fmt::format("admin.listen: {} is not a loopback address, and tokens and passwords are sent in clear; "
                              "expected listen.tls, or a proxy with TLS and its https:// address as admin.public_url",
                              endpoint->to_string()),
       .position = config.position_of(kAdminFront.setting)});
}

// Refuses files on which OpenSSL, or the store, would block or read endlessly.
Result<void> check_files(const config::Config& config) {
  const auto check = [&](std::string_view key, const std::string& path) -> Result<void> {
    const auto good = path.empty() ? Result<void>() : check_named_file(path);
    return good ? good : at(config, key, {.code = good.error().code, .message = path + ": " + good.error().message});
  };
  const net::TlsFiles& tls = config.listen.tls;
  auto good = check("listen.tls.certificate", tls.certificate);
  if (good) good = check("listen.tls.key", tls.key);
  if (good) good = check("listen.tls.client_ca", tls.client_ca);
  if (good) good = check("admin.token_file", config.admin.token_file);
  for (const auto& [name, store] : config.stores) {
    if (good) good = check("stores." + name, store.redis.tls.ca);
    if (good) good = check("stores." + name, store.redis.tls.certificate);
    if (good) good = check("stores." + name, store.redis.tls.key);
    if (good) good = check("stores." + name, store.snapshot);
  }
  return good;
}

Result<void> read_tls(const config::Config& config, Prepared& prepared) {
  if (config.listen.tls.certificate.empty()) return {};
  auto tls = net::TlsContext::create(config.listen.tls, {"h2", "http/1.1"});
  if (!tls) return at(config, "listen.tls", tls.error());
  auto h2 = net::TlsContext::create(config.listen.tls, {"h2"});
  if (!h2) return at(config, "listen.tls", h2.error());
  auto resp = net::TlsContext::create(config.listen.tls, {});
  if (!resp) return at(config, "listen.tls", resp.error());
  prepared.resp_tls = *std::move(resp);
  prepared.tls = *std::move(tls);
  prepared.h2 = *std::move(h2);
  return {};
}

// The token of the setting, or of the file that the setting names.
Result<std::string> read_admin_token(const config::Config& config) {
  const AdminSettings& admin = config.admin;
  if (admin.token_file.empty()) return admin.token;
  const auto wrong = [&](const std::string& why) {
    return at(config, "admin.token_file", {.message = fmt::format("admin.token_file: {}: {}", admin.token_file, why)});
  };
  if (!admin.token.empty()) {
    return at(config, "admin.token_file", {.message = "both admin.token and admin.token_file; expected one of them"});
  }
  const auto text = config::read_named_file(admin.token_file);
  if (!text) return wrong(text.error().message);
  const std::string token(trim(std::string_view(*text).substr(0, text->find_first_of("\r\n"))));
  if (const auto good = check_admin_token(token); token.empty() || !good) {
    return wrong(good ? "is empty" : good.error().message);
  }
  return token;
}

}  // namespace

Result<void> check_ports(const config::Config& config) {
  const auto all = listeners(config);
  for (size_t i = 0; i < all.size(); ++i) {
    for (size_t j = i + 1; j < all.size(); ++j) {
      const auto& [first, second] = std::pair(all[i].endpoint, all[j].endpoint);
      if (!first || !second || first->port != second->port || first->port == 0) continue;
      if (first->host != second->host && !is_any_address(first->host) && !is_any_address(second->host)) continue;
      return at(
          config, all[j].key,
          Error{.message = fmt::format("{} and {} both listen on port {} ({} and {}); expected a separate port "
                                       "for each, or off for the one that is not needed",
                                       all[i].key, all[j].key, first->port, first->to_string(), second->to_string())});
    }
  }
  return {};
}

Result<Prepared> prepare(const config::Config& config, const LoadEnvoy& load_envoy) {
  if (auto good = check_ports(config); !good) return std::unexpected(good.error());
  auto policy = make_policy(config);
  if (!policy) return std::unexpected(policy.error());
  auto envoy = load_envoy(config);
  if (!envoy) return at(config, "envoy.config", envoy.error());
  Prepared prepared{
      .policy = *std::move(policy), .envoy = *std::move(envoy), .tls = {}, .h2 = {}, .admin_token = {}, .resp_tls = {}};
  if (auto good = check_files(config); !good) return std::unexpected(good.error());
  auto admin_token = read_admin_token(config);
  if (!admin_token) return std::unexpected(admin_token.error());
  prepared.admin_token = *std::move(admin_token);
  if (auto good = read_tls(config, prepared); !good) return std::unexpected(good.error());
  for (const auto& [name, store] : config.stores) {
    if (store.type != StoreType::kRedis) continue;
    if (auto target = redis_target(store.redis); !target) return at(config, "stores." + name, target.error());
  }
  return prepared;
}

std::vector<Error> warnings_about(const config::Config& config) {
  std::vector<Error> warnings = config::config_warnings(config);
  warn_if_open(config, warnings);
  warn_if_in_clear(config, warnings);
  return warnings;
}

}  // namespace rateguard::app
