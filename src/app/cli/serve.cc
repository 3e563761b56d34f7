#include <fmt/format.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "app/build/build.h"
#include "app/cli/commands.h"
#include "app/cli/terminal.h"
#include "app/serve/config_source.h"
#include "app/serve/instance.h"
#include "app/serve/open_catalog.h"
#include "app/serve/prepared.h"
#include "app/serve/time_zones.h"

namespace rateguard::app {
namespace {

// Applies the options of the command line like their environment variables, with a higher precedence.
Result<config::Config> apply_options(const ServeOptions& options, config::Config config) {
  struct Spelling {
    std::string_view variable;
    std::string_view option;
    std::optional<std::string> value;
  };
  const Spelling spellings[] = {
      {"RATEGUARD_HTTP", "--http", options.http},
      {"RATEGUARD_GRPC", "--grpc", options.grpc},
      {"RATEGUARD_RESP", "--resp", options.resp},
      {"RATEGUARD_DATA", "--data", options.data},
      {"RATEGUARD_ENVOY_CONFIG", "--envoy-config", options.envoy_config},
      {"RATEGUARD_LISTEN_THREADS", "--threads",
       options.threads ? std::optional(std::to_string(*options.threads)) : std::nullopt},
      {"RATEGUARD_LOG_FORMAT", "--log-format", options.log_format},
      {"RATEGUARD_LOG_LEVEL", "--log-level", options.log_level},
  };
  auto applied = config::apply_environment(std::move(config), [&](std::string_view name) -> std::optional<std::string> {
    for (const Spelling& spelling : spellings) {
      if (spelling.variable == name) return spelling.value;
    }
    return std::nullopt;
  });
  if (applied) return applied;
  Error error = applied.error();
  for (const Spelling& spelling : spellings) {
    if (const size_t at = error.message.find(spelling.variable); at != std::string::npos) {
      error.message.replace(at, spelling.variable.size(), spelling.option);
    }
  }
  return std::unexpected(error);
}

// Checks the command line, independently of the file and the environment.
Result<void> check_options(const ServeOptions& options) {
  auto config = apply_options(options, {});
  if (!config) return std::unexpected(config.error());
  server::ListenSettings& listen = config->listen;
  if (!options.grpc) listen.grpc.reset();
  if (!options.resp) listen.resp.reset();
  config->admin.listen.reset();
  if (!options.http) listen.http.port = 0;  // any free port
  auto good = check_ports(*config);
  for (const std::string_view name : {"http", "grpc", "resp"}) {
    if (good) break;
    const std::string key = fmt::format("listen.{}", name);
    std::string& message = good.error().message;
    if (const size_t at = message.find(key); at != std::string::npos)
      message.replace(at, key.size(), fmt::format("--{}", name));
  }
  return good;
}

// Raises the limit of descriptors as far as the system allows: each connection takes one.
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

// The log settings until the configuration has been read: those of the command line, or the environment.
LogSettings log_settings_until_read(const ServeOptions& options) {
  config::Config config;
  const auto formatted_by_environment = config::apply_environment(config, [](std::string_view name) {
    const char* const value = name == "RATEGUARD_LOG_FORMAT" ? std::getenv("RATEGUARD_LOG_FORMAT") : nullptr;
    return value != nullptr ? std::optional<std::string>(value) : std::nullopt;
  });
  if (formatted_by_environment) config = *formatted_by_environment;
  const auto formatted = apply_options({.log_format = options.log_format}, config);
  return formatted ? formatted->log : config.log;
}

// Logs why it cannot serve, a line for each mistake. Returns the exit code.
int refuse(Log& log, const Error& error, ExitCode code) {
  const std::string text = error.to_string();
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    log.write(LogLevel::kError, std::string_view(text).substr(begin, end - begin));
    begin = end + 1;
  }
  return code;
}

// The first line of a log: what was started, and with which settings.
void log_start(Log& log, const config::Config& config, const Prepared& prepared, size_t loops) {
  std::string stores;
  for (const std::string& name : config.store_names()) {
    if (!stores.empty()) stores += ',';
    stores += name;
    stores += config.stores.at(name).type == StoreType::kRedis ? ":redis" : ":memory";
  }
  const std::string snapshot = config.snapshot_path();
  const std::string catalog = catalog_name(config);
  const std::string zones = time_zones_version();
  const size_t envoy_limits = prepared.envoy.limits != nullptr ? prepared.envoy.limits->limits().size() : 0;
  log.write(LogLevel::kInfo, "starting",
            {{"version", version_number()},
             {"commit", commit()},
             {"config", config.path.empty() ? std::string_view("none") : config.path},
             {"rules", static_cast<int64_t>(config.rules.size())},
             {"envoy_config", config.envoy.config.empty() ? std::string_view("none") : config.envoy.config},
             {"envoy_limits", static_cast<int64_t>(envoy_limits)},
             {"stores", stores},
             {"snapshot", snapshot.empty() ? std::string_view("none") : snapshot},
             {"catalog", catalog},
             {"threads", static_cast<int64_t>(loops)},
             {"time_zones", zones}});
}

}  // namespace

int serve(const ServeOptions& options) {
  if (const auto good = check_options(options); !good) {
    complain(good.error().to_string());
    return kUsage;
  }
  Log early_log(log_settings_until_read(options));
  ConfigSource source(options.config,
                      [options](config::Config config) { return apply_options(options, std::move(config)); });
  const auto config = source.load();
  if (!config) return refuse(early_log, config.error(), kBadConfig);
  Log log(config->log);
  auto prepared = prepare(*config);
  if (!prepared) return refuse(log, prepared.error(), kBadConfig);

  log_start(log, *config, *prepared, Instance::loops_of(*config));
  for (const Error& warning : warnings_about(*config)) log.write(LogLevel::kWarn, warning.to_string());
  raise_descriptor_limit();
  signal(SIGXFSZ, SIG_IGN);  // a file at its size limit fails the write instead of ending the process
  auto instance = Instance::create(log, std::move(source), *config, *std::move(prepared));
  if (!instance) return refuse(log, instance.error(), kCannotServe);
  log.write(LogLevel::kInfo, "ready " + (*instance)->addresses());
  // In one write, since whoever starts this may read no further than the first line.
  fmt::print("ready {}\n{}", (*instance)->addresses(), (*instance)->notices());
  if (std::fflush(stdout) != 0) {
    log.write(LogLevel::kWarn, fmt::format("standard output does not take the line \"ready\": {}", strerror(errno)));
    std::clearerr(stdout);  // the service itself needs it no more
  }
  const ExitCode code = (*instance)->run() ? kSuccess : kNotSaved;  // the log says why
  if ((*instance)->has_hanging_work()) _exit(code);
  return code;
}

}  // namespace rateguard::app
