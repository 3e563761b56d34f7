#include "app/cli/choices.h"

#include "model/limit.h"

namespace rateguard::app {

std::vector<std::string> choices_for(std::string_view name) {
  if (name == "--format") {
    return {"auto", "combined", "common", "jsonl", "csv", "w3c", "haproxy", "envoy", "istio", "alb", "elb"};
  }
  if (name == "--log-format") return {"text", "json"};
  if (name == "--log-level") return {"debug", "info", "warn", "error"};
  if (name == "--state") return {"active", "suspended"};
  if (name == "--role") return {"owner", "admin", "billing", "viewer"};
  if (name == "--period") return {"day", "week", "month", "total"};
  if (name == "--mode") return {"hard", "soft"};
  if (name == "--unknown-price") return {"block", "default", "allow"};
  if (name == "shell") return {"bash", "zsh", "fish"};
  if (name != "--algorithm") return {};
  std::vector<std::string> algorithms;
  for (int i = 0; i <= static_cast<int>(Algorithm::kConcurrency); ++i) {
    algorithms.emplace_back(to_string(static_cast<Algorithm>(i)));
  }
  return algorithms;
}

}  // namespace rateguard::app
