// The same calls into memory and into a real Redis.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "differential/random_calls.h"
#include "differential/redis_pipe.h"
#include "differential/redis_server.h"
#include "store/memory/memory_store.h"
#include "store/redis/charge_call.h"

namespace rateguard::test {
namespace {

using redis_store::CallOptions;
using redis_store::HashTag;
using redis_store::KeyLayout;
using redis_store::ScriptCall;

// Calls of one seed, and of them those that are on the way at once.
constexpr uint64_t kCallsPerSeed = 1'000;
constexpr size_t kInFlight = 200;

uint64_t from_environment(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

// Keys expire by Redis's clock: an instant before it would make keys that are gone at once. The year 2036, in
// microseconds; the latest instants that the algorithms take are in 2041.
constexpr Instant kEarliest = Instant::from_seconds(2'082'758'400);

std::string describe(const Decision& d) {
  return fmt::format("{} remaining={} retry={} reset={} delay={} hold={}", d.allowed() ? "admitted" : "refused",
                     d.remaining, d.retry_after.us, d.reset_after.us, d.delay.us, d.hold.is_set());
}

struct Tally {
  uint64_t calls = 0;
  uint64_t charges = 0;
  std::map<std::string, std::pair<uint64_t, uint64_t>> verdicts;  // by algorithm: admitted, refused
  uint64_t released = 0;
};

// One seed: a fresh memory store and an empty Redis.
class Comparison {
 public:
  Comparison(uint64_t seed, RedisPipe& redis, Tally& tally)
      : seed_(seed), calls_(seed, kEarliest), redis_(redis), tally_(tally) {
    memory_ = MemoryStore::create({.max_keys = 10'000}).value();
    redis_.ask({"FLUSHALL"});
  }

  void run(uint64_t calls) {
    for (call_ = 0; call_ < calls && !::testing::Test::HasFailure(); ++call_) {
      const RandomCalls::Kind kind = calls_.next();
      if (kind == RandomCalls::Kind::kCharge) charge();
      if (kind == RandomCalls::Kind::kRelease) release();
      if (kind == RandomCalls::Kind::kReset) reset();
      ++tally_.calls;
      if (waiting_.size() >= kInFlight) receive_all();
    }
    receive_all();
  }

 private:
  // A call that is on the way: what memory answered, and how to read what Redis answers.
  struct Waiting {
    uint64_t call = 0;
    Instant now;
    uint64_t hold_number = 0;
    std::vector<Charge> charges = {};  // with memory's decisions; empty: an integer is expected
    std::vector<Limit> limits = {};    // of the charges, since an edit may follow
    long long expected = 0;
  };
  struct Held {
    HoldId memory;
    HoldId redis;
  };

  void charge() {
    Waiting waiting = {.call = call_, .now = calls_.now(), .hold_number = calls_.bits(), .charges = calls_.charges()};
    for (const Charge& charge : waiting.charges) waiting.limits.push_back(*charge.limit);
    for (size_t i = 0; i < waiting.charges.size(); ++i) waiting.charges[i].limit = &waiting.limits[i];
    memory_->charge({waiting.charges}, calls_.now());
    for (const Charge& charge : waiting.charges) remember(charge, waiting.hold_number);
    calls_.answered(waiting.charges[calls_.below(waiting.charges.size())]);

    const bool has_calendar = std::ranges::any_of(
        waiting.limits, [](const Limit& l) { return l.zone != nullptr || l.anchor > Anchor::kFirstRequest; });
    if (has_calendar) {
      receive_all();
      charge_with_calendar(waiting);
      return;
    }
    ASSERT_TRUE(encode_charge({waiting.charges}, options_of(waiting), layout_, script_call_));
    redis_.send(script_call_);
    waiting_.push_back(std::move(waiting));
  }

  // Asks until the windows that were sent hold every instant that was asked for.
  void charge_with_calendar(const Waiting& waiting) {
    std::vector<Instant> expected = {waiting.now};
    for (size_t tries = 0; tries <= waiting.charges.size(); ++tries) {
      CallOptions options = options_of(waiting);
      options.expected = expected;
      Waiting copy = waiting;
      ASSERT_TRUE(encode_charge({copy.charges}, options, layout_, script_call_));
      const Reply reply = redis_.ask(script_call_);
      const auto outside = is_error(reply) ? redis_store::outside_calendar(text_of(reply)) : std::nullopt;
      if (!outside) {
        check_charge(waiting, reply);
        return;
      }
      expected.push_back(*outside);
    }
    FAIL() << where(waiting) << "no calendar window was ever right";
  }

  void remember(const Charge& charge, uint64_t hold_number) {
    ++tally_.charges;
    auto& [admitted, refused] = tally_.verdicts[std::string(to_string(charge.limit->algorithm))];
    ++(charge.decision.allowed() ? admitted : refused);
    if (charge.decision.hold.is_set()) {
      held_.push_back({.memory = charge.decision.hold, .redis = layout_.hold_id(charge.key, kTag, hold_number)});
    }
  }

  // One of the holds ever taken; a foreign one where there are none.
  void release() {
    Held held;
    if (!held_.empty()) held = held_[held_.size() - 1 - calls_.below(std::min<size_t>(held_.size(), 60))];
    const bool released = memory_->release(held.memory, calls_.now()) == ReleaseResult::kReleased;
    tally_.released += released;
    encode_release(held.redis, calls_.now(), layout_, script_call_);
    redis_.send(script_call_);
    waiting_.push_back({.call = call_, .now = calls_.now(), .charges = {}, .limits = {}, .expected = released});
  }

  void reset() {
    const std::string& key = calls_.key();
    memory_->reset(key);
    std::string plain;
    std::string holds;
    layout_.append_counter(plain, key, Algorithm::kTokenBucket, kTag);
    layout_.append_counter(holds, key, Algorithm::kConcurrency, kTag);
    receive_all();
    redis_.ask({"DEL", plain, holds});
  }

  void receive_all() {
    for (const Waiting& waiting : waiting_) {
      const Reply reply = redis_.receive();
      if (!waiting.charges.empty()) {
        check_charge(waiting, reply);
      } else if (reply == nullptr || reply->type != REDIS_REPLY_INTEGER || reply->integer != waiting.expected) {
        ADD_FAILURE() << where(waiting) << "release: memory says " << waiting.expected << ", Redis "
                      << (is_error(reply) ? std::string(text_of(reply)) : std::to_string(reply->integer));
      }
    }
    waiting_.clear();
  }

  void check_charge(const Waiting& waiting, const Reply& reply) {
    if (is_error(reply) || reply->type != REDIS_REPLY_STRING) {
      ADD_FAILURE() << where(waiting) << "Redis answered: " << text_of(reply);
      return;
    }
    std::vector<Charge> answered = waiting.charges;
    const auto decoded = decode_charge(text_of(reply), {answered}, options_of(waiting), layout_);
    if (!decoded) ADD_FAILURE() << where(waiting) << decoded.error().message;
    for (size_t i = 0; decoded && i < answered.size(); ++i) {
      Decision redis = answered[i].decision;
      const Decision& memory = waiting.charges[i].decision;
      EXPECT_EQ(redis.hold.is_set(), memory.hold.is_set()) << where(waiting);
      redis.hold = memory.hold;
      EXPECT_EQ(redis, memory) << where(waiting) << "limit " << i << "\nmemory: " << describe(memory)
                               << "\nRedis:  " << describe(redis);
    }
  }

  CallOptions options_of(const Waiting& waiting) const {
    return {.tag = kTag, .now = waiting.now, .hold_number = waiting.hold_number};
  }

  std::string where(const Waiting& waiting) const {
    std::string text = fmt::format("seed {} call {} at {}:\n", seed_, waiting.call, waiting.now.us);
    for (const Charge& charge : waiting.charges) {
      text += fmt::format("  {} cost={} {} {}\n", charge.key, charge.cost.units,
                          charge.mode == Mode::kShadow ? "shadow" : "enforced", test::describe(*charge.limit));
    }
    return text;
  }

  static constexpr HashTag kTag = {0x4A0F};

  const uint64_t seed_;
  uint64_t call_ = 0;
  RandomCalls calls_;
  RedisPipe& redis_;
  Tally& tally_;
  std::unique_ptr<MemoryStore> memory_;
  KeyLayout layout_{"test", "secret"};
  ScriptCall script_call_;
  std::vector<Waiting> waiting_;
  std::vector<Held> held_;
};

TEST(MemoryAndRedis, AnswerEveryCallAlike) {
  const uint64_t calls = from_environment("RATEGUARD_DIFFERENTIAL_CALLS", 30'000);
  const uint64_t first_seed = from_environment("RATEGUARD_DIFFERENTIAL_SEED", 1);
  const RedisServer server;
  RedisPipe redis(server.path());
  Tally tally;
  for (uint64_t seed = first_seed; tally.calls < calls && !HasFailure(); ++seed) {
    Comparison(seed, redis, tally).run(std::min(kCallsPerSeed, calls - tally.calls));
  }
  fmt::print("{} calls, {} decisions, {} holds released; admitted and refused:", tally.calls, tally.charges,
             tally.released);
  for (const auto& [algorithm, verdicts] : tally.verdicts) {
    fmt::print(" {} {} {}", algorithm, verdicts.first, verdicts.second);
    // A comparison that never refuses, or never admits, would prove little.
    if (calls >= 30'000) {
      EXPECT_GT(verdicts.first, calls / 100) << algorithm;
      EXPECT_GT(verdicts.second, calls / 200) << algorithm;
    }
  }
  fmt::print("\n");
  EXPECT_EQ(tally.verdicts.size(), 7u);
}

}  // namespace
}  // namespace rateguard::test
