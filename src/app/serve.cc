#include <fmt/format.h>
#include <signal.h>
#include <sys/resource.h>

#include <cstdio>
#include <string>

#include "app/commands.h"
#include "app/config_source.h"
#include "app/instance.h"
#include "app/terminal.h"
#include "config/config_warnings.h"

namespace rateguard::app {
namespace {

// A setting of the command line is laid over the rest as its environment variable would be, one layer higher.
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

// As many descriptors as the system lets this process have: each connection takes one.
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

bool is_loopback(const config::Endpoint& endpoint) {
  return endpoint.host == "localhost" || endpoint.host == "::1" || endpoint.host.starts_with("127.");
}

// Anyone who can reach an open address may ask, so its owner should know.
void warn_if_open(const config::ListenSettings& listen) {
  if (!listen.tokens.empty() || !listen.tls.client_ca.empty()) return;
  for (const config::OptionalEndpoint& endpoint : {config::OptionalEndpoint(listen.http), listen.grpc, listen.resp}) {
    if (!endpoint || is_loopback(*endpoint)) continue;
    complain(
        fmt::format("warning: {} is not a loopback address, and neither listen.tokens nor listen.tls.client_ca "
                    "restricts who may ask",
                    endpoint->to_string()));
  }
}

}  // namespace

int serve(const ServeOptions& options) {
  ConfigSource source(options.config,
                      [options](config::Config config) { return apply_options(options, std::move(config)); });
  const auto config = source.load();
  if (!config) {
    complain(config.error().to_string());
    return kBadConfig;
  }
  if (auto policy = make_policy(*config); !policy) {
    complain(policy.error().to_string());
    return kBadConfig;
  }
  if (auto policy = make_envoy_policy(config->envoy); !policy) {
    complain(policy.error().to_string());
    return kBadConfig;
  }

  raise_descriptor_limit();
  signal(SIGXFSZ, SIG_IGN);  // a file that may not grow is an error of that write, not the end of the process
  warn_if_open(config->listen);
  for (const Error& warning : config::config_warnings(*config)) complain(as_warning(warning));
  auto instance = Instance::create(std::move(source), *config);
  if (!instance) {
    complain(instance.error().to_string());
    return kCannotServe;
  }
  fmt::print("ready {}\n", (*instance)->addresses());
  std::fflush(stdout);
  (*instance)->run();
  return kSuccess;
}

}  // namespace rateguard::app
