#include "config/store_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace rateguard::config {
namespace {

using redis::Security;
using redis::Url;

// The keys of the given addresses.
std::vector<std::string_view> places(const RedisSettings& redis) {
  std::vector<std::string_view> keys;
  if (redis.url) keys.push_back("url");
  if (!redis.sentinels.empty()) keys.push_back("sentinels");
  if (!redis.cluster.empty()) keys.push_back("cluster");
  return keys;
}

// Checks the list of Sentinels or of a cluster's nodes.
Result<void> check_list(std::string_view key, const std::vector<Url>& urls) {
  for (const Url& url : urls) {
    if (!url.path.empty()) return invalid(fmt::format("{}: expected redis:// or rediss://, found a Unix socket", key));
    if (url.security != urls.front().security) {
      return invalid(fmt::format("{}: redis:// and rediss:// in one list; TLS is used everywhere or nowhere", key));
    }
    if (url.database != 0) {
      return invalid(fmt::format("{}: {} has a database; expected none", key, url.to_string()));
    }
  }
  return {};
}

Result<void> check_cluster(std::string_view key, const RedisSettings& redis) {
  if (redis.cluster.empty()) return {};
  if (auto good = check_list(key, redis.cluster); !good) return good;
  const auto logs_in_otherwise = [&](const Url& url) {
    return url.user != redis.cluster.front().user || url.password != redis.cluster.front().password;
  };
  if (std::ranges::any_of(redis.cluster, logs_in_otherwise)) {
    return invalid(fmt::format("{}: different users or passwords; every node of a cluster has the same login", key));
  }
  if (redis.database != 0) return invalid(fmt::format("{}: a Redis Cluster has no database but 0", key));
  return {};
}

Result<void> check_tls(std::string_view name, const RedisSettings& redis) {
  const net::TlsClientFiles& tls = redis.tls;
  if (tls.certificate.empty() != tls.key.empty()) {
    return invalid(fmt::format("stores.{}.tls.{} is missing; a certificate and its key go together", name,
                               tls.key.empty() ? "key" : "certificate"));
  }
  if (places(redis).empty() || redis.server().security == Security::kTls) return {};
  if (!tls.ca.empty() || !tls.certificate.empty()) {
    return invalid(fmt::format("stores.{}.tls: expected a rediss:// URL beside it; without one there is no TLS", name));
  }
  if (!redis.tls_server_name.empty()) {
    return invalid(fmt::format(
        "stores.{}.tls_server_name: expected a rediss:// URL beside it; without one there is no TLS", name));
  }
  return {};
}

}  // namespace

Result<void> check_store(std::string_view name, const StoreSettings& store) {
  const RedisSettings& redis = store.redis;
  const std::vector<std::string_view> given = places(redis);
  if (store.type != StoreType::kRedis) {
    if (given.empty()) return {};
    return invalid(fmt::format("stores.{}.{} goes with type: redis", name, given.front()));
  }
  if (given.size() > 1) {
    return invalid(
        fmt::format("stores.{}: both {} and {}; expected one of url, sentinels and cluster", name, given[0], given[1]));
  }
  if (auto good = check_list(fmt::format("stores.{}.sentinels", name), redis.sentinels); !good) return good;
  if (auto good = check_cluster(fmt::format("stores.{}.cluster", name), redis); !good) return good;
  if (!redis.sentinels.empty() && redis.service.empty()) {
    return invalid(fmt::format("stores.{}.service is missing; expected the name that the Sentinels have for it", name));
  }
  if (!redis.service.empty() && !given.empty() && redis.sentinels.empty()) {
    return invalid(fmt::format("stores.{}.service goes with sentinels", name));
  }
  return check_tls(name, redis);
}

Result<void> check_store_access(std::string_view name, const StoreSettings& store) {
  if (store.type != StoreType::kRedis) return {};
  if (places(store.redis).empty()) {
    return invalid(
        fmt::format("stores.{}.url is missing; expected where the Redis is, such as redis://10.0.0.5:6379, or "
                    "sentinels or cluster",
                    name));
  }
  if (!store.redis.user.empty() && store.redis.server().password.empty()) {
    return invalid(fmt::format("stores.{}.password is missing; a user logs in with one", name));
  }
  return {};
}

Result<void> check_one_memory(const Config& config) {
  std::string_view first;
  for (const auto& [name, store] : config.stores) {
    if (store.type != StoreType::kMemory) continue;
    if (!first.empty()) {
      return invalid(
          fmt::format("stores.{} and stores.{} are both in memory; expected one of them at most", first, name));
    }
    first = name;
  }
  return {};
}

}  // namespace rateguard::config
