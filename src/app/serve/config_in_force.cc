#include "app/serve/config_in_force.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <span>

namespace rateguard::app {
namespace {

bool has_tls(const config::Config& config) {
  return !config.listen.tls.certificate.empty();
}

// Whether Instance::reload() hands the setting to every loop.
bool takes_effect_at_once(std::string_view key, const config::Config& at_start, const config::Config& now) {
  // The listeners check PROXY headers against the proxies of the start.
  if (key == "listen.trusted_proxies") return !at_start.listen.proxy_protocol;
  if (key == "identity.api_keys") return false;  // the catalog is opened at the start
  // A listener with TLS gets a new certificate, but no listener gets or loses TLS.
  if (key.starts_with("listen.tls.")) return has_tls(at_start) && has_tls(now);
  return key.starts_with("identity.") || key.starts_with("envoy.");
}

}  // namespace

std::vector<std::string> settings_waiting(const config::Config& at_start, const config::Config& now) {
  std::vector<std::string> keys = config::changed_settings(at_start, now);
  std::erase_if(keys, [&](const std::string& key) { return takes_effect_at_once(key, at_start, now); });
  return keys;
}

std::string waiting_in_words(const std::vector<std::string>& waiting) {
  if (waiting.size() == 1) return waiting.front() + " takes effect at the next start";
  const std::span<const std::string> all_but_last(waiting.data(), waiting.size() - 1);
  return fmt::format("{} and {} take effect at the next start", fmt::join(all_but_last, ", "), waiting.back());
}

}  // namespace rateguard::app
