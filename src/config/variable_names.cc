#include "config/variable_names.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string_view>

#include "config/problems.h"
#include "config/settings_table.h"

namespace rateguard::config {
namespace {

constexpr std::string_view kPrefix = "RATEGUARD_";
// Variables of options that are not settings: --config, and --token of check and bench.
constexpr std::string_view kOptions[] = {"RATEGUARD_CONFIG", "RATEGUARD_TOKEN"};

std::vector<std::string> known_variables(const Config& config) {
  std::vector<std::string> known(std::begin(kOptions), std::end(kOptions));
  for (const Setting& setting : settings()) {
    if (!setting.alias.empty()) known.emplace_back(setting.alias);
    if (!setting.key.starts_with("stores.")) {
      known.push_back(environment_variable(setting, {}));
      continue;
    }
    for (const auto& [name, store] : config.stores) known.push_back(environment_variable(setting, name));
    // Known even without a default store: apply_environment() then refuses it with a better reason.
    known.push_back(environment_variable(setting, "default"));
  }
  return known;
}

bool all_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// "PORT_8080_TCP", "GRPC_PORT_8081_TCP_ADDR": a number and a protocol follow "PORT_".
bool names_port_of_service(std::string_view name) {
  constexpr std::string_view kPort = "PORT_";
  for (size_t at = name.find(kPort); at != std::string_view::npos; at = name.find(kPort, at + 1)) {
    const std::string_view rest = name.substr(at + kPort.size());
    const size_t end = std::min(rest.find('_'), rest.size());
    const std::string_view protocol = rest.substr(end);
    const bool has_protocol =
        protocol.starts_with("_TCP") || protocol.starts_with("_UDP") || protocol.starts_with("_SCTP");
    if (all_digits(rest.substr(0, end)) && has_protocol) return true;
  }
  return false;
}

bool is_set_by_kubernetes(std::string_view name, std::string_view value) {
  name.remove_prefix(kPrefix.size());
  if (name == "SERVICE_HOST" || name.ends_with("_SERVICE_HOST")) return true;
  if (name.starts_with("SERVICE_PORT") || name.contains("_SERVICE_PORT")) return true;
  const bool is_address = value.starts_with("tcp://") || value.starts_with("udp://") || value.starts_with("sctp://");
  if ((name == "PORT" || name.ends_with("_PORT")) && is_address) return true;
  return names_port_of_service(name);
}

std::string unknown_variable(std::string_view name, const std::vector<std::string>& known) {
  // The common prefix does not help to tell which one was meant.
  std::vector<std::string_view> rests;
  for (const std::string& one : known) rests.push_back(std::string_view(one).substr(kPrefix.size()));
  const std::string_view guess = nearest(name.substr(kPrefix.size()), rests);
  const std::string hint =
      guess.empty() ? "docs/configuration.md lists the variables; unset it, or rename it if it is another program's"
                    : fmt::format("did you mean {}{}?", kPrefix, guess);
  return fmt::format("{}: there is no such setting; {}", name, hint);
}

}  // namespace

Result<void> check_variable_names(const Config& config, const Variables& environment) {
  const std::vector<std::string> known = known_variables(config);
  std::vector<std::string> problems;
  for (const auto& [name, value] : environment) {
    if (!name.starts_with(kPrefix) || std::ranges::find(known, name) != known.end()) continue;
    if (is_set_by_kubernetes(name, value)) continue;
    problems.push_back(unknown_variable(name, known));
  }
  if (problems.empty()) return {};
  std::ranges::sort(problems);
  return invalid(fmt::format("{}", fmt::join(problems, "\n")));
}

}  // namespace rateguard::config
