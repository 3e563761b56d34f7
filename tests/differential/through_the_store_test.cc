// The same calls into memory and through RedisStore into a real Redis, many at a time: what it merges, sends together
// and remembers changes no decision.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "differential/random_calls.h"
#include "differential/redis_server.h"
#include "net/clock.h"
#include "redis/client.h"
#include "store/memory/memory_store.h"
#include "store/redis/redis_store.h"
#include "store/redis/script.h"

namespace rateguard::test {
namespace {

constexpr uint64_t kTurnsPerSeed = 100;
// As in memory_and_redis_test.cc: keys expire by Redis's own clock.
constexpr Instant kEarliest = Instant::from_seconds(2'082'758'400);

uint64_t from_environment(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

std::string describe(const Decision& d) {
  return fmt::format("{} limit={} remaining={} retry={} reset={} delay={} hold={}",
                     d.allowed() ? "admitted" : "refused", d.limit, d.remaining, d.retry_after.us, d.reset_after.us,
                     d.delay.us, d.hold.is_set());
}

class ThroughTheStore : public testing::Test {
 protected:
  ThroughTheStore() {
    const auto url = redis::Url::parse("unix://" + server_.path());
    client_ = redis::make_client(*loop_, redis::ServerEndpoint::from(*url), {});
    client_->start();
    EXPECT_TRUE(run_until([&] { return client_->is_ready(); })) << client_->problem();
    // A script that has to be sent again comes behind what was asked after it.
    for (const redis::Script* script : redis_store::every_script()) ask({"SCRIPT", "LOAD", script->source()});
  }

  template <typename Condition>
  bool run_until(Condition condition) {
    bool in_time = true;
    const net::Timer late = loop_->after(Duration::seconds(30), [&] {
      in_time = false;
      loop_->stop();
    });
    const net::Timer look = loop_->every(Duration::millis(1), [&] {
      if (condition()) loop_->stop();
    });
    if (!condition()) loop_->run();
    return in_time;
  }

  std::unique_ptr<redis_store::RedisStore> make_store(RandomCalls& calls) {
    return std::make_unique<redis_store::RedisStore>(
        *client_, redis_store::RedisStoreOptions{.deadline = Duration::seconds(20),
                                                 .now = [&calls] { return calls.now(); },
                                                 .random = [&calls] { return calls.bits(); },
                                                 .at_turn_end = [this](auto work) { loop_->post(std::move(work)); },
                                                 .times_are_callers = true});
  }

  // As several connections would ask in one turn of the loop, or each when the one before has its answer.
  void charge(RemoteStore& store, std::span<ChargeGroup> groups, RandomCalls& calls, bool one_by_one) {
    size_t missing = 1;
    for (size_t from = 0; from < groups.size();) {
      const size_t count = one_by_one ? 1 : std::min<size_t>(groups.size() - from, 1 + calls.below(8));
      ++missing;
      store.charge(groups.subspan(from, count), calls.now(), [&] {
        if (--missing == (one_by_one ? 1 : 0)) loop_->stop();
      });
      from += count;
      if (one_by_one) loop_->run();
    }
    if (--missing != 0) loop_->run();
    ASSERT_EQ(missing, 0u);
  }

  void ask(std::vector<std::string_view> words) {
    client_->call("", words, Duration::seconds(20), [&](const redis::CommandResult& answer) {
      EXPECT_TRUE(answer.has_value() && !(*answer)->is_error());
      loop_->stop();
    });
    loop_->run();
  }

  RedisServer server_;
  net::SystemClock clock_;
  std::unique_ptr<net::EventLoop> loop_ = net::EventLoop::create(clock_).value();
  std::unique_ptr<redis::RedisClient> client_;
};

// The requests of one turn, twice: for memory and for Redis.
struct Turn {
  std::deque<Limit> limits;  // as they are now, for an edit may follow
  std::vector<std::vector<Charge>> charges;
  std::vector<std::vector<Charge>> expected;

  void add(std::vector<Charge> request) {
    for (Charge& charge : request) charge.limit = &limits.emplace_back(*charge.limit);
    charges.push_back(request);
    expected.push_back(std::move(request));
  }
};

std::vector<ChargeGroup> groups_of(std::vector<std::vector<Charge>>& requests) {
  std::vector<ChargeGroup> groups;
  for (auto& request : requests) groups.push_back({request});
  return groups;
}

TEST_F(ThroughTheStore, MergingAndRememberingChangeNoDecision) {
  const uint64_t turns = from_environment("RATEGUARD_DIFFERENTIAL_CALLS", 30'000) / 15;
  const uint64_t first_seed = from_environment("RATEGUARD_DIFFERENTIAL_SEED", 1);
  uint64_t checks = 0;
  uint64_t remembered = 0;
  uint64_t calls_made = 0;
  for (uint64_t seed = first_seed; seed < first_seed + turns / kTurnsPerSeed && !HasFailure(); ++seed) {
    ask({"FLUSHALL"});
    RandomCalls calls(seed, kEarliest);
    auto memory = MemoryStore::create({.max_keys = 10'000}).value();
    const auto redis = make_store(calls);
    for (uint64_t i = 0; i < kTurnsPerSeed && !HasFailure(); ++i) {
      const RandomCalls::Kind kind = calls.next();
      if (kind == RandomCalls::Kind::kReset) {
        const std::string key = calls.key();
        std::optional<ResetResult> result;
        redis->reset(key, {}, calls.now(), [&](ResetResult answer) {
          result = answer;
          loop_->stop();
        });
        loop_->run();
        memory->reset(key);  // what memory calls expired Redis may still have
        ASSERT_NE(result, ResetResult::kUnavailable) << redis->problem();
        continue;
      }
      Turn turn;
      for (uint64_t n = 1 + calls.below(30); n > 0; --n) turn.add(calls.charges());
      auto expected = groups_of(turn.expected);
      memory->charge_batch(expected, calls.now());
      auto groups = groups_of(turn.charges);
      // A group that has to be asked for again, with other calendar windows, comes behind those asked after it.
      const bool one_by_one =
          std::ranges::any_of(turn.limits, [](const Limit& l) { return l.anchor > Anchor::kFirstRequest; });
      charge(*redis, groups, calls, one_by_one);
      for (size_t request = 0; request < turn.charges.size(); ++request) {
        for (size_t c = 0; c < turn.charges[request].size(); ++c) {
          const Charge& found = turn.charges[request][c];
          const Charge& wanted = turn.expected[request][c];
          ASSERT_EQ(found.basis, Basis::kCounter) << redis->problem();
          ASSERT_EQ(describe(found.decision), describe(wanted.decision))
              << "seed " << seed << ", turn " << i << ", request " << request << ", charge " << c << ", cost "
              << found.cost.units << ": " << test::describe(*found.limit);
        }
      }
      calls.answered(turn.expected.back().front());
    }
    checks += redis->figures().checks.value();
    remembered += redis->figures().remembered.value();
    calls_made += redis->figures().calls.value();
    EXPECT_EQ(redis->figures().failures.value(), 0u);
  }
  RecordProperty("checks", std::to_string(checks));
  std::printf("%llu checks: %llu calls, %llu refusals remembered\n", static_cast<unsigned long long>(checks),
              static_cast<unsigned long long>(calls_made), static_cast<unsigned long long>(remembered));
  EXPECT_LT(calls_made, checks * 2 / 3) << "nothing was merged";
  EXPECT_GT(remembered, 0u);
}

}  // namespace
}  // namespace rateguard::test
