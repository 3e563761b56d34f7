// What a reload changes in a running service, and what it leaves for the next start.
#include <fmt/format.h>

#include "app/instance.h"
#include "app/listen_options.h"
#include "app/time_zones.h"
#include "config/config_warnings.h"
#include "config/rules_revision.h"
#include "net/tls.h"

namespace rateguard::app {

using config::LogLevel;

Result<std::string> Instance::reload() {
  const std::lock_guard lock(reload_mutex_);
  const auto config = source_.load();
  auto outcome = config ? reload_from(*config) : std::unexpected(config.error());
  if (outcome) {
    ++reloads_.successes;
    reloads_.last_success = net::SystemClock().read().wall();
  } else {
    ++reloads_.failures;
  }
  return outcome;
}

Result<std::string> Instance::reload_from(const config::Config& config) {
  // Everything that can fail comes before anything takes effect.
  if (config.store_names() != config_.store_names()) {
    return invalid(
        fmt::format("stores: expected those of the start ({}), found {}; others take effect at the next start",
                    fmt::join(config_.store_names(), ", "), fmt::join(config.store_names(), ", ")));
  }
  const auto policy = make_policy(config);
  if (!policy) return std::unexpected(policy.error());
  const auto envoy_policy = load_envoy(config.envoy);
  if (!envoy_policy) return std::unexpected(envoy_policy.error());
  std::shared_ptr<const net::TlsContext> tls;
  std::shared_ptr<const net::TlsContext> h2;
  if (!config_.listen.tls.certificate.empty() && !config.listen.tls.certificate.empty()) {
    auto made = net::TlsContext::create(tls_files(config.listen.tls, "http/1.1"));
    if (!made) return std::unexpected(made.error());
    tls = *made;
    made = net::TlsContext::create(tls_files(config.listen.tls, "h2"));
    if (!made) return std::unexpected(made.error());
    h2 = *made;
  }
  for (const auto& worker : workers_) {
    worker->loop->post([worker = worker.get(), policy = *policy, envoy_policy = *envoy_policy, tls, h2] {
      worker->api->set_policy(policy);
      worker->rate_limits->set_policy(envoy_policy);
      worker->rate_limits->set_rules(policy);
      if (worker->resp_api != nullptr) worker->resp_api->set_policy(policy);
      if (tls == nullptr) return;
      worker->server->set_tls(tls);
      if (worker->resp_server != nullptr) worker->resp_server->set_tls(tls);
      if (worker->grpc != nullptr) worker->grpc->set_tls(h2);
    });
  }
  if (config.subject_files != subject_files_) {
    subject_files_ = config.subject_files;
    // Not at once: the watcher that is there may be what asks for this reload.
    workers_.front()->loop->post([this, files = files_to_watch(subject_files_)] {
      if (const auto watching = watch_files(files); !watching) {
        log_.write(LogLevel::kWarn, "files of subjects are not watched", {{"why", watching.error().to_string()}});
      }
      reload_and_log();  // one may have changed before it was watched
    });
  }
  for (const Error& warning : config::config_warnings(config)) {
    log_.write(LogLevel::kWarn, "configuration", {{"warning", warning.to_string()}});
  }
  refresh_time_zones(log_);
  log_key_warnings(*policy);
  membership_.tell_reload(config::rules_revision(config.rules));
  std::string sentence = fmt::format("{} rules in force", config.rules.size());
  if (envoy_policy->limits != nullptr) {
    sentence += fmt::format(", {} of Envoy's descriptors have a limit", envoy_policy->limits->limits().size());
  }
  if (config.listen.http != config_.listen.http) sentence += "; listen.http takes effect at the next start";
  if (config.listen.grpc != config_.listen.grpc) sentence += "; listen.grpc takes effect at the next start";
  if (config.listen.resp != config_.listen.resp) sentence += "; listen.resp takes effect at the next start";
  return sentence;
}

void Instance::log_key_warnings(const Policy& policy) {
  for (const std::string& warning : policy.identifier->key_warnings()) {
    log_.write(LogLevel::kWarn, "a key that tokens are verified with is passed over", {{"why", warning}});
  }
}

// REQUIRES: nobody else reads envoy_loads_ meanwhile.
Result<envoy::Policy> Instance::load_envoy(const config::EnvoySettings& settings) {
  auto policy = make_envoy_policy(settings);
  if (!settings.config.empty()) ++(policy ? envoy_loads_.successes : envoy_loads_.failures);
  return policy;
}

void Instance::reload_and_log() {
  const auto outcome = reload();
  if (outcome) {
    log_.write(LogLevel::kInfo, "configuration reloaded", {{"result", *outcome}});
  } else {
    log_.write(LogLevel::kError, "configuration not reloaded; the old one stays in force",
               {{"why", outcome.error().to_string()}});
  }
}

}  // namespace rateguard::app
