// `rateguard health`: whether a running service should get traffic, for a container's health check and for scripts.
#include <fmt/format.h>

#include <cstdlib>
#include <string>
#include <string_view>

#include "app/cli/commands.h"
#include "app/cli/terminal.h"
#include "http/client/blocking_client.h"
#include "model/instant.h"
#include "model/quantity.h"
#include "net/settings/endpoint.h"

namespace rateguard::app {
namespace {

// The service to ask.
struct HealthTarget {
  net::Endpoint service;
  std::string path = "/ready";
};

// A service that listens on every address also listens on loopback, and a client cannot connect to "every address".
std::string reachable_host(const std::string& host) {
  if (host == "0.0.0.0") return "127.0.0.1";
  return host == "::" ? "::1" : host;
}

// `source` names what `text` comes from. Errors: kInvalid.
Result<HealthTarget> parse_target(std::string_view text, std::string_view source) {
  constexpr std::string_view kScheme = "http://";
  std::string_view rest = text;
  if (rest.starts_with("https://")) {
    return invalid(fmt::format(
        "{}: health speaks plain HTTP; where the listener has a certificate, probe it with another client", source));
  }
  if (rest.starts_with(kScheme)) rest.remove_prefix(kScheme.size());
  HealthTarget target;
  if (const size_t slash = rest.find('/'); slash != std::string_view::npos) {
    if (slash + 1 < rest.size()) target.path = rest.substr(slash);
    rest = rest.substr(0, slash);
  }
  auto endpoint = net::Endpoint::parse(rest);
  if (!endpoint || endpoint->port == 0) {
    return invalid(
        fmt::format("{}: '{}' is not the address of a service; expected http://HOST:PORT[/PATH] or HOST:PORT, such as "
                    "http://127.0.0.1:8080/ready",
                    source, text));
  }
  endpoint->host = reachable_host(endpoint->host);
  target.service = std::move(*endpoint);
  return target;
}

// Deliberately does not read the configuration file: whether it loads says nothing about the running service.
Result<HealthTarget> target_of(const HealthOptions& options) {
  if (!options.url.empty()) return parse_target(options.url, "URL");
  for (const char* const variable : {"RATEGUARD_HTTP", "RATEGUARD_LISTEN_HTTP"}) {
    const char* const value = std::getenv(variable);
    if (value != nullptr && *value != '\0') return parse_target(value, variable);
  }
  return HealthTarget{};
}

}  // namespace

int health(const HealthOptions& options) {
  const auto target = target_of(options);
  if (!target) {
    complain(target.error().to_string());
    return kUsage;
  }
  const auto patience = parse_duration(options.timeout);
  if (!patience || patience->us <= 0) {
    complain(patience ? "--timeout: expected a duration above 0, such as 2s"
                      : "--timeout: " + patience.error().to_string());
    return kUsage;
  }
  const net::Endpoint& service = target->service;
  const auto answer = http::ask(service.host, service.port, {.target = target->path}, *patience);
  if (!answer) {
    complain(answer.error().to_string());
    return kCannotServe;
  }
  fmt::print("{}\n", answer->body);
  if (answer->status == 200) return kSuccess;
  complain(fmt::format("http://{}{} answered {}", service.to_string(), target->path, answer->status));
  return kRefused;
}

}  // namespace rateguard::app
