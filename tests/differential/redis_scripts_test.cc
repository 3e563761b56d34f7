// What a comparison of decisions does not show: expiries, the bytes of a refusal, Redis's own clock, foreign values.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "algorithm/evaluate.h"
#include "differential/redis_pipe.h"
#include "differential/redis_server.h"
#include "store/redis/charge_call.h"
#include "store/redis/each_call.h"
#include "store/redis/lua_pieces.h"

namespace rateguard::test {
namespace {

// Every algorithm with room for `capacity` at once, of which nothing comes back for hours.
std::vector<Limit> limits_of_every_algorithm(uint32_t capacity) {
  const Duration day = Duration::seconds(86'400);
  return {Limit::token_bucket(capacity, {1, day}).value(),  Limit::gcra(capacity, {1, day}).value(),
          Limit::leaky_bucket(capacity, {1, day}).value(),  Limit::fixed_window(capacity, day).value(),
          Limit::sliding_window_log(capacity, day).value(), Limit::sliding_window_counter(capacity, day).value(),
          Limit::concurrency(capacity, day).value()};
}

using redis_store::CallOptions;
using redis_store::ChargeReply;
using redis_store::HashTag;
using redis_store::KeyLayout;
using redis_store::ScriptCall;

class RedisScripts : public ::testing::Test {
 protected:
  // Some day after the server's clock, and a midnight in UTC.
  RedisScripts() {
    const auto days = std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now().time_since_epoch());
    now_ = Instant::from_seconds((days.count() + 2) * 86'400);
  }

  Result<ChargeReply> charge(std::vector<Charge>& charges, CallOptions options) {
    ++options.hold_number;
    EXPECT_TRUE(encode_charge({charges}, options, layout_, call_));
    const Reply reply = redis_.ask(call_);
    EXPECT_FALSE(is_error(reply)) << text_of(reply);
    return decode_charge(text_of(reply), {charges}, options, layout_);
  }
  Decision charge(const Limit& limit, uint32_t cost, Instant now) {
    std::vector<Charge> one = {{.key = kKey, .limit = &limit, .cost = {cost}}};
    const auto reply = charge(one, {.now = now});
    EXPECT_TRUE(reply) << reply.error().message;
    return one[0].decision;
  }
  std::string name_of(const Limit& limit) const {
    std::string name;
    layout_.append_counter(name, kKey, limit.algorithm, {});
    return name;
  }
  std::string bytes_of(const Limit& limit) { return std::string(text_of(redis_.ask({"GET", name_of(limit)}))); }
  // Milliseconds since the epoch, or -1: no expiry, -2: no key.
  long long expiry_ms(const Limit& limit) { return redis_.ask({"PEXPIRETIME", name_of(limit)})->integer; }
  void clear() { redis_.ask({"FLUSHALL"}); }

  static constexpr std::string_view kKey = "some key";
  RedisServer server_;
  RedisPipe redis_{server_.path()};
  KeyLayout layout_{"test", "secret"};
  ScriptCall call_;
  Instant now_;
};

TEST_F(RedisScripts, AKeyExpiresWhenItsStateDoes) {
  for (const Limit& limit : {Limit::token_bucket(5, {3, Duration::millis(1'001)}).value(),
                             Limit::gcra(5, {3, Duration::millis(1'001)}).value(),
                             Limit::leaky_bucket(5, {3, Duration::millis(1'001)}).value(),
                             Limit::fixed_window(5, Duration::millis(7'003)).value(),
                             Limit::sliding_window_counter(5, Duration::millis(7'003)).value()}) {
    clear();
    algorithm::State state = {};
    for (const int64_t us : {0, 1, 999'999, 1'234'567}) {
      const Instant now = now_ + Duration::micros(us);
      state = algorithm::evaluate(state, limit, {1}, now).next;
      charge(limit, 1, now);
      EXPECT_EQ(expiry_ms(limit), algorithm::expires_at(state).us / 1'000) << to_string(limit.algorithm) << " " << us;
    }
  }
  for (const Limit& limit : {Limit::sliding_window_log(5, Duration::millis(7'003)).value(),
                             Limit::concurrency(5, Duration::millis(7'003)).value()}) {
    charge(limit, 1, now_ + Duration::micros(1));
    EXPECT_EQ(expiry_ms(limit), now_.us / 1'000 + 7'004) << "rounded up: " << to_string(limit.algorithm);
  }
}

TEST_F(RedisScripts, AKeyThatIsAskedWithOthersExpiresWhenItsStateDoes) {
  for (const Limit& limit : {Limit::token_bucket(50, {3, Duration::millis(1'001)}).value(),
                             Limit::gcra(50, {3, Duration::millis(1'001)}).value(),
                             Limit::leaky_bucket(50, {3, Duration::millis(1'001)}).value(),
                             Limit::fixed_window(50, Duration::millis(7'003)).value(),
                             Limit::fixed_window_from_first_request(50, Duration::millis(7'003)).value(),
                             Limit::sliding_window_counter(50, Duration::millis(7'003)).value()}) {
    clear();
    algorithm::State state = {};
    // Within a second of the expiry, across its end, and long after.
    for (const int64_t us :
         {0, 1, 2, 3, 400'000, 999'999, 1'234'567, 1'234'568, 9'000'000, 9'000'001, 60'000'000, 120'000'000}) {
      const Instant now = now_ + Duration::micros(us);
      Charge checks[] = {{.key = kKey, .limit = &limit}, {.key = kKey, .limit = &limit}, {.key = "b", .limit = &limit}};
      Charge* const twice[] = {&checks[0], &checks[1]};
      Charge* const once[] = {&checks[2]};
      const redis_store::AskedCounter asked[] = {{twice}, {once}};
      const CallOptions options{.now = now};
      encode_each(asked, options, layout_, call_);
      const Reply reply = redis_.ask(call_);
      ASSERT_FALSE(is_error(reply)) << text_of(reply);
      ASSERT_TRUE(decode_each(text_of(reply), asked, options));
      for (const Charge* check : twice) {
        const auto wanted = algorithm::evaluate(state, limit, {1}, now);
        EXPECT_EQ(check->decision, wanted.decision) << to_string(limit.algorithm) << " " << us;
        state = wanted.next;
      }
      EXPECT_EQ(expiry_ms(limit), algorithm::expires_at(state).us / 1'000) << to_string(limit.algorithm) << " " << us;
    }
  }
}

TEST_F(RedisScripts, ARefusalAndALookLeaveEveryByteAndTheExpiry) {
  for (const Limit& limit : limits_of_every_algorithm(5)) {
    clear();
    EXPECT_TRUE(charge(limit, 0, now_).allowed());
    EXPECT_FALSE(charge(limit, 6, now_).allowed());
    EXPECT_EQ(expiry_ms(limit), -2) << to_string(limit.algorithm) << ": a look made a key";
    charge(limit, 3, now_);
    const std::string before = bytes_of(limit);
    const long long expiry = expiry_ms(limit);
    EXPECT_GT(expiry, 0);
    EXPECT_TRUE(charge(limit, 0, now_ + Duration::seconds(1)).allowed());
    EXPECT_FALSE(charge(limit, 3, now_ + Duration::seconds(1)).allowed());
    EXPECT_FALSE(charge(limit, 6, now_ - Duration::seconds(1)).allowed());
    EXPECT_EQ(bytes_of(limit), before) << to_string(limit.algorithm);
    EXPECT_EQ(expiry_ms(limit), expiry) << to_string(limit.algorithm);
  }
}

TEST_F(RedisScripts, TheServersClockDecidesUnlessTimeIsGiven) {
  for (const Limit& limit : limits_of_every_algorithm(2)) {
    clear();
    std::vector<Charge> one = {{.key = kKey, .limit = &limit}};
    Instant last;
    for (const bool allowed : {true, true, false}) {
      const auto reply = charge(one, {});
      ASSERT_TRUE(reply) << reply.error().message;
      EXPECT_EQ(one[0].decision.allowed(), allowed) << to_string(limit.algorithm);
      EXPECT_EQ(reply->is_charged, allowed);
      EXPECT_GT(reply->now, last);
      EXPECT_LT(reply->now, now_);
      last = reply->now;
    }
    EXPECT_GT(expiry_ms(limit), last.us / 1'000);
  }
}

TEST_F(RedisScripts, ACalendarWindowThatWasNotSentIsAskedForAndChargesNothing) {
  const Limit day = Limit::calendar_window(3, Anchor::kDay, nullptr).value();
  const Limit bucket = limits_of_every_algorithm(3)[0];
  std::vector<Charge> both = {{.key = "bucket", .limit = &bucket}, {.key = kKey, .limit = &day}};
  std::vector<Instant> expected = {now_ + Duration::seconds(10 * 86'400)};
  ASSERT_TRUE(encode_charge({both}, {.now = now_, .expected = expected}, layout_, call_));
  const Reply reply = redis_.ask(call_);
  ASSERT_TRUE(is_error(reply));
  EXPECT_EQ(redis_store::outside_calendar(text_of(reply)), now_) << text_of(reply);
  EXPECT_EQ(redis_.ask({"DBSIZE"})->integer, 0);
  expected.push_back(now_);
  EXPECT_TRUE(charge(both, {.now = now_, .expected = expected}));
  EXPECT_EQ(both[1].decision.remaining, 2u);
  EXPECT_EQ(both[1].decision.reset_after, Duration::seconds(86'400));
}

// docs/decisions/0021 says why it is left so.
TEST_F(RedisScripts, ADayOpensOnceWhereRedissClockGoesToAndFroAndLastsUntilItIsThereAgain) {
  const Limit day = Limit::calendar_window(10, Anchor::kDay, nullptr).value();
  const auto take = [&](uint32_t cost, Instant now, Instant last) {
    std::vector<Charge> one = {{.key = kKey, .limit = &day, .cost = {cost}}};
    const std::vector<Instant> expected = {now, last};
    const auto reply = charge(one, {.now = now, .expected = expected});
    EXPECT_TRUE(reply) << reply.error().message;
    return one[0].decision;
  };
  const Instant before = now_ + Duration::seconds(23 * 3'600);
  const Instant after = before + Duration::seconds(2 * 3'600);
  EXPECT_TRUE(take(4, before, before).allowed());
  uint32_t taken = 0;
  for (uint32_t i = 0; i < 20; ++i) {
    taken += take(i % 3, after, after).allowed() ? i % 3 : 0;
    taken += take(i % 2, before, after).allowed() ? i % 2 : 0;
  }
  EXPECT_EQ(taken, 10u);
  EXPECT_EQ(take(1, before, after).retry_after, Duration::seconds(25 * 3'600));

  const Duration year = Duration::seconds(365 * 86'400);
  EXPECT_TRUE(take(10, before + year, before + year).allowed());
  EXPECT_EQ(take(1, before, before + year).retry_after, year + Duration::seconds(3'600));
}

TEST_F(RedisScripts, AForeignValueIsAnErrorAndChargesNothing) {
  const std::vector<Limit> limits = limits_of_every_algorithm(3);
  redis_.ask({"LPUSH", name_of(limits[0]), "not ours"});
  std::vector<Charge> both = {{.key = "another", .limit = &limits[0]}, {.key = kKey, .limit = &limits[0]}};
  ASSERT_TRUE(encode_charge({both}, {.now = now_}, layout_, call_));
  const Reply reply = redis_.ask(call_);
  EXPECT_TRUE(is_error(reply));
  EXPECT_EQ(redis_store::outside_calendar(text_of(reply)), std::nullopt);
  EXPECT_EQ(redis_.ask({"DBSIZE"})->integer, 1);
}

TEST_F(RedisScripts, ALongLogIsCutAndStaysExact) {
  const Limit limit = Limit::sliding_window_log(1'000, Duration::millis(1'000)).value();
  // One charge a millisecond keeps 1,000 in the window for ever.
  size_t longest = 0;
  for (int64_t i = 0; i < 5'000; ++i) {
    ASSERT_TRUE(charge(limit, 1, now_ + Duration::millis(i)).allowed()) << i;
    if (i % 100 == 0) longest = std::max(longest, bytes_of(limit).size());
  }
  EXPECT_EQ(charge(limit, 0, now_ + Duration::millis(4'999)).remaining, 0u);
  EXPECT_FALSE(charge(limit, 1, now_ + Duration::millis(4'999)).allowed());
  EXPECT_LT(longest, 17 + 12 * 2'100u) << "what has left is never cut off";
}

TEST_F(RedisScripts, ALogThatIsFullIsAnErrorAndChargesNothing) {
  const Limit limit = Limit::sliding_window_log(4'294'967'295, Duration::seconds(10)).value();
  const std::string most =
      "redis.call('SET', KEYS[1], struct.pack('<BI7I5I4', 5, ARGV[1] + 10000000, 0, 0) .. "
      "string.rep(struct.pack('<I7I5', ARGV[1], 1), 4194304))";
  redis_.ask({"EVAL", most, "1", name_of(limit), std::to_string(now_.us)});
  std::vector<Charge> both = {{.key = "another", .limit = &limit}, {.key = kKey, .limit = &limit}};
  ASSERT_TRUE(encode_charge({both}, {.now = now_ + Duration::seconds(1)}, layout_, call_));
  const Reply reply = redis_.ask(call_);
  EXPECT_TRUE(is_error(reply));
  EXPECT_TRUE(text_of(reply).starts_with("RGFULL")) << text_of(reply);
  EXPECT_EQ(redis_.ask({"DBSIZE"})->integer, 1);
  EXPECT_TRUE(charge(limit, 1, now_ + Duration::seconds(10)).allowed()) << "they have left";
}

// floor((a*b + c) / d), against 128 bits: the edges of every bound, and any numbers below them.
TEST_F(RedisScripts, MultiplicationAndDivisionAreExact) {
  constexpr uint64_t kPeriod = uint64_t{1} << 45;
  constexpr uint64_t kUnits = uint64_t{1} << 32;
  const std::string script = std::string(redis_store::kLuaPrelude) + R"(
    local out = {}
    for i = 2, #ARGV, 4 do
      local q, r = muldiv(tonumber(ARGV[i]), tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2]), tonumber(ARGV[i + 3]))
      out[#out + 1] = string.format('%.0f %.0f', q, r)
    end
    return out)";
  std::mt19937_64 random(1);
  const auto below = [&](uint64_t end) -> uint64_t {
    switch (random() % 6) {
      case 0:
        return end - 1;
      case 1:
        return random() % 3;
      case 2:
        return random() % (uint64_t{1} << (random() % 45)) % end;
      case 3:
        return end - 1 - random() % std::min<uint64_t>(end, 1000);
      default:
        return random() % end;
    }
  };
  for (int round = 0; round < 100; ++round) {
    std::vector<std::string> texts = {"EVAL", script, "0", "0"};
    std::vector<std::pair<unsigned __int128, unsigned __int128>> expected;
    while (expected.size() < 500) {
      const uint64_t a = below(kUnits);
      const uint64_t b = below(kPeriod);
      const uint64_t d = std::max<uint64_t>(1, below(random() % 2 == 0 ? kUnits : kPeriod));
      const auto c = static_cast<__int128>(below(kPeriod)) * (random() % 2 == 0 ? 1 : -1);
      const auto sum = static_cast<__int128>(a) * b + c;
      if (sum < 0) continue;
      expected.emplace_back(sum / d, sum % d);
      texts.insert(texts.end(),
                   {std::to_string(a), std::to_string(b), std::to_string(static_cast<int64_t>(c)), std::to_string(d)});
    }
    redis_.send({texts.begin(), texts.end()});
    const Reply reply = redis_.receive();
    ASSERT_EQ(reply->elements, expected.size()) << text_of(reply);
    for (size_t i = 0; i < expected.size(); ++i) {
      const std::string answer(reply->element[i]->str);
      const auto [quotient, rest] = expected[i];
      const double q = std::stod(answer);
      EXPECT_EQ(std::stoull(answer.substr(answer.find(' '))), static_cast<uint64_t>(rest)) << texts[4 + 4 * i];
      if (quotient < (uint64_t{1} << 53)) {
        EXPECT_EQ(static_cast<uint64_t>(q), static_cast<uint64_t>(quotient));
      } else {
        EXPECT_GE(q, 9007199254740992.0) << "only the size matters beyond, and it is right";
      }
    }
  }
}

TEST_F(RedisScripts, AHoldIsReleasedOnceAndTheLastOneTakesTheKey) {
  const Limit limit = Limit::concurrency(2, Duration::seconds(10)).value();
  const HashTag tag = {0x00FF};
  std::vector<Charge> one = {{.key = kKey, .limit = &limit}};
  const CallOptions options = {.tag = tag, .now = now_, .hold_number = 0x0D0A0D0A0D0A0D0A};
  ASSERT_TRUE(charge(one, options));
  const HoldId hold = one[0].decision.hold;
  ASSERT_TRUE(hold.is_set());
  const auto release = [&](const HoldId& id, Instant now) {
    encode_release(id, now, layout_, call_);
    return redis_.ask(call_)->integer;
  };
  HoldId foreign = hold;
  foreign.bytes[19] ^= 1;
  EXPECT_EQ(release(foreign, now_), 0);
  EXPECT_EQ(release(hold, now_ + Duration::seconds(10)), 0) << "it is over";
  EXPECT_EQ(release(hold, now_), 1);
  EXPECT_EQ(release(hold, now_), 0);
  EXPECT_EQ(release(HoldId{}, now_), 0);
  EXPECT_EQ(redis_.ask({"DBSIZE"})->integer, 0);
}

}  // namespace
}  // namespace rateguard::test
