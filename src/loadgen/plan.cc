#include "loadgen/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace rateguard::loadgen {
namespace {

constexpr int kThreadsMax = 256;
constexpr int kConnectionsMax = 100'000;
constexpr int kDepthMax = 10'000;
constexpr double kRateMax = 1e8;  // ten times what one machine's network card carries

struct Scheme {
  std::string_view prefix;
  Protocol protocol;
  uint16_t port;  // where `rateguard serve` listens
};
constexpr Scheme kSchemes[] = {{"http://", Protocol::kHttp, 8080},
                               {"redis://", Protocol::kResp, 6380},
                               {"resp://", Protocol::kResp, 6380},
                               {"grpc://", Protocol::kGrpc, 8081}};

Result<void> read_port(std::string_view text, uint16_t& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size() || out == 0) {
    return invalid(fmt::format("\"{}\" is not a port", text));
  }
  return {};
}

Result<void> check_words(const Plan& plan) {
  const bool http = plan.target.protocol == Protocol::kHttp;
  if (!http && (!plan.body.empty() || !plan.method.empty() || !plan.headers.empty())) {
    return invalid("--body, --method and --header are for http:// targets");
  }
  if (plan.target.protocol != Protocol::kResp && !plan.command.empty()) {
    return invalid("--command is for redis:// targets");
  }
  if (!plan.rule.empty() && (!plan.body.empty() || !plan.command.empty())) {
    return invalid("--rule makes the question; --body and --command would make another");
  }
  if (!plan.rule.empty() && plan.target.protocol == Protocol::kGrpc) {
    return invalid("over gRPC rules are named by --domain and --descriptor");
  }
  const auto has_break = [](const std::string& text) { return text.find_first_of("\r\n") != std::string::npos; };
  if (std::ranges::any_of(plan.headers, has_break) || has_break(plan.method) || has_break(plan.token)) {
    return invalid("a header, a method and a token have no line breaks");
  }
  for (const std::string& header : plan.headers) {
    if (header.find(':') == std::string::npos) return invalid("a header is NAME:VALUE, not \"" + header + "\"");
  }
  return {};
}

}  // namespace

Result<Target> Target::parse(std::string_view url) {
  for (const Scheme& scheme : kSchemes) {
    if (!url.starts_with(scheme.prefix)) continue;
    Target target{.protocol = scheme.protocol, .port = scheme.port};
    std::string_view rest = url.substr(scheme.prefix.size());
    const size_t slash = std::min(rest.find('/'), rest.size());
    if (slash < rest.size()) {
      if (scheme.protocol == Protocol::kHttp && slash + 1 < rest.size()) target.path = rest.substr(slash);
      if (scheme.protocol != Protocol::kHttp && slash + 1 < rest.size()) {
        return invalid(fmt::format("a {} target has no path", scheme.prefix));
      }
    }
    rest = rest.substr(0, slash);
    const size_t bracket = rest.rfind(']');
    const size_t colon = rest.find(':', bracket == std::string_view::npos ? 0 : bracket);
    if (colon != std::string_view::npos) {
      if (auto good = read_port(rest.substr(colon + 1), target.port); !good) return std::unexpected(good.error());
      rest = rest.substr(0, colon);
    }
    if (rest.starts_with('[') && rest.ends_with(']')) rest = rest.substr(1, rest.size() - 2);
    if (rest.empty() || target.path.find_first_of(" \t\r\n") != std::string::npos ||
        rest.find_first_of(" \t\r\n@[]") != std::string_view::npos) {
      break;
    }
    target.host = rest;
    return target;
  }
  return invalid(fmt::format(
      "\"{}\" is not a target; expected http://HOST:PORT[/PATH], redis://HOST:PORT or grpc://HOST:PORT", url));
}

std::string Target::to_string() const {
  const std::string_view scheme = protocol == Protocol::kHttp ? "http" : protocol == Protocol::kResp ? "redis" : "grpc";
  const bool v6 = host.find(':') != std::string::npos;
  return fmt::format("{}://{}{}{}:{}{}", scheme, v6 ? "[" : "", host, v6 ? "]" : "", port,
                     protocol == Protocol::kHttp ? path : "");
}

Result<void> check_plan(const Plan& plan) {
  if (plan.threads < 1 || plan.threads > kThreadsMax) return invalid("--threads: expected 1 to 256");
  if (plan.connections < plan.threads || plan.connections > kConnectionsMax) {
    return invalid("--connections: expected at least as many as --threads, and at most 100000");
  }
  if (plan.depth < 1 || plan.depth > kDepthMax) return invalid("--depth: expected 1 to 10000");
  if (plan.rate && !(*plan.rate > 0 && *plan.rate <= kRateMax))
    return invalid("--rate: expected a number above 0, and at most 1e8");
  if (plan.duration && plan.duration->us <= 0) return invalid("--duration: expected a duration above 0, such as 10s");
  if (plan.questions && *plan.questions == 0) return invalid("--requests: expected at least 1");
  if (!plan.duration && !plan.questions) return invalid("a run ends after a duration or a number of requests");
  if (!(plan.refused >= 0 && plan.refused <= 1)) return invalid("--refused: expected a share from 0 to 1");
  if (plan.patience.us <= 0) return invalid("--timeout: expected a duration above 0, such as 5s");
  return check_words(plan);
}

}  // namespace rateguard::loadgen
