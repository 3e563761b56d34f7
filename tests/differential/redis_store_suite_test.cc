// RedisStore on its event loop, with a real Redis behind it, passes the tests that every Store passes.
#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>
#include <future>
#include <memory>
#include <span>
#include <string_view>
#include <thread>

#include "differential/redis_server.h"
#include "net/clock.h"
#include "net/event_loop.h"
#include "redis/client.h"
#include "store/redis/redis_store.h"
#include "store/settlement_suite.h"
#include "store/store_suite.h"

namespace rateguard {
namespace {

// As in blocking_redis_store.cc: keys expire by Redis's clock.
constexpr Duration kAhead = Duration::seconds(14LL * 365 * 86'400);
constexpr Duration kDeadline = Duration::seconds(20);

// Waits for every answer. Any thread may call it.
class RedisStoreOnItsLoop final : public Store {
 public:
  RedisStoreOnItsLoop() {
    std::promise<void> ready;
    thread_ = std::thread([this, &ready] { run(ready); });
    ready.get_future().get();
  }
  ~RedisStoreOnItsLoop() override {
    loop_->stop();
    thread_.join();
  }

  void charge(ChargeGroup group, Now now) override { charge_batch({&group, 1}, now); }
  void charge_batch(std::span<ChargeGroup> groups, Now now) override {
    for (const ChargeGroup& group : groups) {
      for (Charge& charge : group.charges) {
        if (charge.gives_until != Instant::max()) charge.gives_until = charge.gives_until + kAhead;
      }
    }
    wait<bool>([&](auto done) {
      now_ = now + kAhead;
      store_->charge(groups, now_, [done] { done(true); });
    });
    for (const ChargeGroup& group : groups) {
      for (const Charge& charge : group.charges) EXPECT_EQ(charge.basis, Basis::kCounter);
    }
  }
  ResetResult reset(std::string_view key, const Terms& terms) override {
    return wait<ResetResult>([&](auto done) { store_->reset(key, terms, now_, done); });
  }
  ReleaseResult release(const HoldId& hold, Instant now) override {
    return wait<ReleaseResult>([&](auto done) { store_->release(hold, now + kAhead, done); });
  }
  void tick(Instant, TickBudget) override {}
  // Keys only.
  StoreStats stats() const override {
    const auto keys = wait<uint64_t>([&](auto done) {
      client_->call("", std::vector<std::string_view>{"DBSIZE"}, kDeadline, [done](const redis::CommandResult& answer) {
        done(answer ? static_cast<uint64_t>((*answer)->integer) : 0);
      });
    });
    return {.keys = keys};
  }

 private:
  // What `ask`, on the loop's thread, is answered.
  template <typename T, typename Ask>
  T wait(Ask ask) const {
    std::promise<T> promise;
    loop_->post([&] { ask([&promise](T answer) { promise.set_value(answer); }); });
    return promise.get_future().get();
  }

  void run(std::promise<void>& ready) {
    loop_ = net::EventLoop::create(clock_).value();
    const auto url = redis::Url::parse("unix://" + server_.path());
    client_ = redis::make_client(*loop_, redis::ServerEndpoint::from(*url), {});
    client_->start();
    store_ = std::make_unique<redis_store::RedisStore>(
        *client_, redis_store::RedisStoreOptions{.deadline = kDeadline,
                                                 .now = [this] { return Instant(now_); },
                                                 .random = [this] { return ++holds_; },
                                                 .at_turn_end = [this](auto work) { loop_->post(std::move(work)); },
                                                 .times_are_callers = true});
    net::Timer look = loop_->every(Duration::millis(1), [&] {
      if (!client_->is_ready()) return;
      ready.set_value();
      look.cancel();
    });
    loop_->run();
    look.cancel();
    store_.reset();
    client_.reset();
  }

  test::RedisServer server_;
  net::SystemClock clock_;
  std::unique_ptr<net::EventLoop> loop_;
  std::unique_ptr<redis::RedisClient> client_;
  std::unique_ptr<redis_store::RedisStore> store_;
  Now now_ = {};
  uint64_t holds_ = 0;
  std::thread thread_;
};

struct RedisStoreFactory {
  std::unique_ptr<Store> make() { return std::make_unique<RedisStoreOnItsLoop>(); }
};

}  // namespace

INSTANTIATE_TYPED_TEST_SUITE_P(RedisStore, StoreSuite, RedisStoreFactory);
INSTANTIATE_TYPED_TEST_SUITE_P(RedisStore, SettlementSuite, RedisStoreFactory);

}  // namespace rateguard
