// Where the configuration comes from, so that a reload reads it just as the start did.
#pragma once

#include <functional>
#include <string>

#include "base/result.h"
#include "config/config.h"
#include "envoy/policy.h"
#include "limiter/limiter.h"

namespace rateguard::app {

class ConfigSource {
 public:
  // Applies the options of the command line, which take precedence over everything else.
  using Override = std::function<Result<config::Config>(config::Config)>;

  // `path` empty: defaults. The environment of the process is read at each load.
  ConfigSource(std::string path, Override command_line);

  // The file, then the environment over it, then the command line. Errors: as config::load(),
  // check_variable_names() and apply_environment().
  Result<config::Config> load() const;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  Override command_line_;
};

// Compiles a configuration into a policy. Errors: those of compiling rules and of reading key files.
Result<Policy> make_policy(const config::Config& config);
// The policy of Envoy's rate limit service, from its files; empty if `envoy.config` names none. Errors: those of
// config::load_envoy().
Result<envoy::DescriptorPolicy> make_envoy_policy(const config::Config& config);

}  // namespace rateguard::app
