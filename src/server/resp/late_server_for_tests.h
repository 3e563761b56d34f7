// For tests: a server of the Redis protocol on a store behind a network.
#pragma once

#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "net/server_fixture.h"
#include "net/tasks.h"
#include "server/awaiting_store.h"
#include "server/late_store_for_tests.h"
#include "server/resp/fake_server.h"
#include "server/resp/resp_server.h"

namespace rateguard::resp {

// One rule, "login" by ip: so many in a minute.
inline Policy policy_of(uint32_t limit) {
  std::vector<rules::Rule> rules;
  rules.push_back(rule_of("login", {"ip"}, *Limit::fixed_window(limit, Duration::seconds(60))));
  return {.rules = *rules::RuleSet::compile(std::move(rules)), .identifier = *identify::Identifier::create({})};
}

// Refuses what the store behind it could not be asked, as a rule may want it.
class DenyingStore final : public RemoteStore {
 public:
  explicit DenyingStore(RemoteStore& remote) : remote_(remote) {}

  void charge(std::span<ChargeGroup> groups, Instant now, Done done) override {
    remote_.charge(groups, now, [groups, done = std::move(done)]() mutable {
      for (const ChargeGroup& group : groups) {
        for (Charge& charge : group.charges) {
          if (charge.basis != Basis::kUnavailable) continue;
          charge.basis = Basis::kDenied;
          charge.decision = {.verdict = Verdict::kRefused, .retry_after = Duration::seconds(1)};
        }
      }
      done();
    });
  }
  void reset(std::string_view key, KeyOffset place_from, Instant now,
             std::move_only_function<void(ResetResult)> done) override {
    remote_.reset(key, place_from, now, std::move(done));
  }
  void release(const HoldId& hold, Instant now, std::move_only_function<void(ReleaseResult)> done) override {
    remote_.release(hold, now, std::move(done));
  }
  void tick(Instant) override {}

 private:
  RemoteStore& remote_;
};

// A server on a thread of its own, whose store answers when it is told to.
class LateServer {
 public:
  explicit LateServer(RespServerOptions options = {}, net::TasksOptions tasks = {})
      : tasks_(tasks), server_(std::move(options)) {
    const auto started = server_.start(*loop_, api);
    EXPECT_TRUE(started.has_value());
    port_ = started.value_or(0);
    thread_ = std::thread([this] { loop_->run(); });
  }
  ~LateServer() { stop(); }

  void stop() {
    if (!thread_.joinable()) return;
    loop_->stop();
    thread_.join();
  }
  // Runs `work` on the loop's thread and waits for it.
  template <typename Work>
  auto on_loop(Work work) {
    std::packaged_task<decltype(work())()> task(std::move(work));
    auto done = task.get_future();
    loop_->post([&] { task(); });
    return done.get();
  }
  // Whether so many questions come to wait for an answer.
  bool asked(size_t count) {
    return net::eventually([&] { return on_loop([&] { return late.waiting(); }) == count; });
  }
  void answer_all() {
    on_loop([&] { late.answer_all(); });
  }

  uint16_t port() const { return port_; }
  RespServer& server() { return server_; }
  const net::Tasks& tasks() const { return tasks_; }

 private:
  net::ManualClock clock_{Instant::from_seconds(1'700'000'000)};
  std::unique_ptr<net::EventLoop> loop_ = *net::EventLoop::create(clock_);
  std::unique_ptr<MemoryStore> counters_ = *MemoryStore::create({.max_keys = 10'000, .hash_key = memory::HashKey{}});
  net::Tasks tasks_;

 public:
  server::LateStore late{*counters_};

 private:
  DenyingStore denying_{late};
  server::AwaitingStore store_{denying_, tasks_, *loop_};
  server::Service service_{*counters_};

 public:
  RespApi api{service_, policy_of(10), {.store = store_, .tasks = &tasks_, .on_failure = OnStoreFailure::kDeny}};

 private:
  RespServer server_;
  uint16_t port_ = 0;
  std::thread thread_;
};

}  // namespace rateguard::resp
