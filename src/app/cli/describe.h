// Rules, limits and decisions in words, for people at a terminal.
#pragma once

#include <string>

#include "envoy/rate_limits.h"
#include "model/decision.h"
#include "model/limit.h"
#include "rules/rule.h"

namespace rateguard::app {

// "250ms", "10s", "5m", "1h", "2d": the largest unit that leaves a whole number.
std::string describe(Duration duration);
// "token_bucket, capacity 20, refill 100 per 10s"
std::string describe(const Limit& limit);
// "login: POST /login, per ip: 5 per 1m, sliding_window_log (shadow)"; a group comes after the name, in brackets.
std::string describe(const rules::Rule& rule);
// "edge.client_free: fixed_window, 100 per 1m (shadow)"
std::string describe(const envoy::RateLimit& limit);

}  // namespace rateguard::app
