// A service whose counters are in a Redis of the test's own.
#pragma once

#include <fmt/format.h>

#include <string>

#include "support/http_connection.h"
#include "support/patience.h"
#include "support/program.h"
#include "support/redis/redis_servers.h"

namespace rateguard::test {

// So much patience that only a Redis which is really away is missed, however loaded the machine is.
inline constexpr const char* kPatient = ", deadline: 10s";

// A configuration: counters at `port`, with more settings of the store (", deadline: 5ms") and other sections.
inline std::string config_for(uint16_t port, const std::string& settings = kPatient, const std::string& rest = {}) {
  return fmt::format("stores: {{default: {{type: redis, url: \"redis://127.0.0.1:{}\"{}}}}}\n{}", port, settings, rest);
}

// A check that carries a limit which does not fill up again while a test runs.
inline std::string check_of(const std::string& key, int limit) {
  return fmt::format(R"({{"key":"{}","algorithm":"token_bucket","capacity":{},"refill_rate":0.000001}})", key, limit);
}

inline std::string check_rule(const std::string& rule, const std::string& key) {
  return fmt::format(R"({{"rule":"{}","key":"{}"}})", rule, key);
}

inline size_t count_of(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

inline bool is_degraded(const HttpAnswer& answer) {
  return contains(answer.body, R"("degraded":true)");
}

}  // namespace rateguard::test
