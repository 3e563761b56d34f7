// Applies a reload to a running service.
#include <fmt/format.h>

#include <algorithm>

#include "app/serve/config_in_force.h"
#include "app/serve/instance.h"
#include "app/serve/time_zones.h"
#include "config/rules_revision.h"

namespace rateguard::app {

void Instance::reload_soon(std::string by) {
  const auto ticket = blocking_.submit([this, by] { (void)reload(by); }, server::kReloadKey);
  if (ticket || service_.draining) return;
  log_.write(LogLevel::kError, "configuration not reloaded: too much work waits for the disk; ask again", {{"by", by}});
}

Result<server::Reloaded> Instance::reload(std::string_view by) {
  const HeldLock lock(reload_mutex_);
  const auto config = source_.load();
  auto outcome = config ? reload_from(*config) : std::unexpected(config.error());
  if (config) follow_files(*config, outcome ? InForce::kYes : InForce::kNo);
  {
    const HeldLock state_lock(state_mutex_);
    if (outcome) {
      reloads_.count_success(net::SystemClock().read().wall());
      config_state_ = {.waiting = outcome->waiting};
    } else {
      reloads_.count_failure();
      config_state_.problem = outcome.error().to_string();
    }
  }
  log_reload(by, outcome, config ? warnings_about(*config) : std::vector<Error>());
  return outcome;
}

server::ConfigState Instance::config_state() const {
  const HeldLock lock(state_mutex_);
  return config_state_;
}

Result<server::Reloaded> Instance::reload_from(const config::Config& config) {
  // Everything that can fail comes before anything takes effect.
  if (config.store_names() != config_.store_names()) {
    return std::unexpected(Error{
        .message =
            fmt::format("stores: expected those of the start ({}), found {}; others take effect at the next start",
                        fmt::join(config_.store_names(), ", "), fmt::join(config.store_names(), ", ")),
        .position = config.position_of("stores")});
  }
  auto loaded = prepare(config, [this](const config::Config& file) { return load_envoy(file); });
  if (!loaded) return std::unexpected(loaded.error());
  const auto prepared = std::make_shared<const Prepared>(*std::move(loaded));
  // A reload neither adds TLS to a listener nor removes it.
  const bool has_tls = at_start_.tls != nullptr && prepared->tls != nullptr;
  const auto tls = has_tls ? LoopWorker::NewTls::kYes : LoopWorker::NewTls::kNo;
  for (const auto& worker : workers_) {
    worker->loop->post([worker = worker.get(), prepared, tls] { worker->put_in_force(*prepared, tls); });
  }
  refresh_time_zones(log_);
  log_key_warnings(prepared->policy);
  membership_.tell_reload(config::rules_revision(config.rules));
  server::Reloaded reloaded{
      .sentence = fmt::format("{} rule{} in force", config.rules.size(), config.rules.size() == 1 ? "" : "s"),
      .waiting = settings_waiting(config_, config)};
  if (prepared->envoy.limits != nullptr) {
    const size_t limits = prepared->envoy.limits->limits().size();
    reloaded.sentence += fmt::format(", {} of Envoy's limits", limits);
  }
  if (!reloaded.waiting.empty()) reloaded.sentence += "; " + waiting_in_words(reloaded.waiting);
  return reloaded;
}

std::vector<std::string> Instance::files_to_watch(const config::Config& config) const {
  std::vector<std::string> files;
  for (const std::string& file :
       {source_.path(), config.listen.tls.certificate, config.listen.tls.key, config.listen.tls.client_ca,
        config.identity.jwt.key_file, config.envoy.reload ? config.envoy.config : std::string()}) {
    if (!file.empty()) files.push_back(file);
  }
  files.insert(files.end(), config.subject_files.begin(), config.subject_files.end());
  return files;
}

// A configuration that could not be put in force may depend on a broken file, so its files are watched too.
void Instance::follow_files(const config::Config& config, InForce in_force) {
  std::vector<std::string> files = files_to_watch(config);
  if (in_force == InForce::kYes) files_in_force_ = files;
  for (const std::string& file : files_in_force_) {
    if (std::ranges::find(files, file) == files.end()) files.push_back(file);
  }
  if (files == files_watched_) return;
  files_watched_ = files;
  // Posted, because the current watcher may have asked for this reload.
  workers_.front()->loop->post([this, files = std::move(files)] {
    if (const auto watching = watch_files(files, net::FileWatcherOptions::FirstLook::kOnPool); !watching) {
      log_.write(LogLevel::kWarn, "changes of files are not noticed; reload with SIGHUP or POST /v1/reload after each",
                 {{"why", watching.error().to_string()}});
    }
    // A file may have changed before it was watched. The pool does this after the first look.
    reload_soon("files that are watched from now on");
  });
}

Result<void> Instance::watch_files(std::vector<std::string> files, net::FileWatcherOptions::FirstLook first_look) {
  if (files.empty()) {
    files_.reset();
    return {};
  }
  auto watcher = net::FileWatcher::create(*workers_.front()->loop, std::move(files),
                                          [this](const auto&) { reload_soon("changed file"); },
                                          {.pool = &blocking_, .key = server::kReloadKey, .first_look = first_look});
  if (!watcher) return std::unexpected(watcher.error());
  files_ = std::move(*watcher);
  return {};
}

void Instance::log_key_warnings(const Policy& policy) {
  for (const std::string& warning : policy.identifier->key_warnings()) {
    log_.write(LogLevel::kWarn, "skipping a broken key for verifying tokens", {{"why", warning}});
  }
}

Result<envoy::DescriptorPolicy> Instance::load_envoy(const config::Config& config) {
  auto policy = make_envoy_policy(config);
  if (config.envoy.config.empty()) return policy;
  policy ? envoy_loads_.count_success() : envoy_loads_.count_failure();
  return policy;
}

// Warnings that were logged before are not repeated.
void Instance::log_reload(std::string_view by, const Result<server::Reloaded>& outcome,
                          const std::vector<Error>& warnings) {
  if (!outcome) {
    return log_.write(LogLevel::kError, "configuration not reloaded; the old one stays in force",
                      {{"by", by}, {"why", outcome.error().to_string()}});
  }
  for (const Error& warning : warnings) {
    const auto known = std::ranges::find(warnings_in_force_, warning.message, &Error::message);
    if (known == warnings_in_force_.end()) log_.write(LogLevel::kWarn, warning.to_string());
  }
  warnings_in_force_ = warnings;
  const LogLevel level = outcome->waiting.empty() ? LogLevel::kInfo : LogLevel::kWarn;
  log_.write(level, "configuration reloaded", {{"by", by}, {"result", outcome->sentence}});
}

// Never vital: the rules in force continue to decide.
server::Dependency Instance::configuration_state() const {
  const server::ConfigState state = config_state();
  if (!state.problem.empty()) {
    return {.name = "configuration",
            .ready = false,
            .detail = "the configuration on disk is not in force: " + state.problem,
            .vital = false};
  }
  std::string detail = "in force";
  if (!state.waiting.empty()) detail += "; " + waiting_in_words(state.waiting);
  return {.name = "configuration", .detail = std::move(detail), .vital = false};
}

}  // namespace rateguard::app
