// For tests: a server of the Redis protocol on a store behind a network.
#pragma once

#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "server/late_loop_for_tests.h"
#include "server/resp/resp_api_harness_testing.h"
#include "server/resp/resp_server.h"

namespace rateguard::resp {

// One rule, "login" by ip: `limit` a minute.
inline Policy policy_of(uint32_t limit) {
  std::vector<rules::Rule> rules;
  rules.push_back(rule_of("login", {"ip"}, *Limit::fixed_window(limit, Duration::seconds(60))));
  return {.rules = *rules::RuleSet::compile(std::move(rules)), .identifier = *identify::Identifier::create({})};
}

// A server on its own thread, whose store answers when it is told to.
class LateServer : public server::LateLoop {
 public:
  explicit LateServer(RespServerOptions options = {}, net::TasksOptions tasks = {})
      : LateLoop(tasks), server_(std::move(options)) {
    const auto started = server_.start(loop(), api);
    EXPECT_TRUE(started.has_value());
    port_ = started.value_or(0);
    run();
  }
  ~LateServer() { stop(); }

  uint16_t port() const { return port_; }
  RespServer& server() { return server_; }

  RespApi api{service(), policy_of(10), store(OnStoreFailure::kDeny)};  // on the loop's thread

 private:
  RespServer server_;
  uint16_t port_ = 0;
};

}  // namespace rateguard::resp
