#include "differential/blocking_redis_store.h"

#include <gtest/gtest.h>

#include "store/settlement_suite.h"
#include "store/store_suite.h"

namespace rateguard::test {
namespace {

// Fourteen years: from the suite's 2023 to 2037.
constexpr Duration kAhead = Duration::seconds(14LL * 365 * 86'400);

}  // namespace

void BlockingRedisStore::charge(ChargeGroup group, Now now) {
  if (group.charges.empty()) return;
  const std::lock_guard lock(mutex_);
  const redis_store::CallOptions options = {.now = now + kAhead, .hold_number = ++holds_};
  for (Charge& charge : group.charges) {
    if (charge.gives_until != Instant::max()) charge.gives_until = charge.gives_until + kAhead;
  }
  EXPECT_TRUE(encode_charge(group, options, layout_, call_));
  const Reply reply = redis_.ask(call_);
  const auto decoded = decode_charge(text_of(reply), group, options, layout_);
  EXPECT_TRUE(decoded) << decoded.error().message << text_of(reply);
}

void BlockingRedisStore::charge_batch(std::span<ChargeGroup> groups, Now now) {
  for (const ChargeGroup& group : groups) charge(group, now);
}

ResetResult BlockingRedisStore::reset(std::string_view key, const Terms&) {
  const std::lock_guard lock(mutex_);
  std::string plain;
  std::string holds;
  layout_.append_counter(plain, key, Algorithm::kTokenBucket, {});
  layout_.append_counter(holds, key, Algorithm::kConcurrency, {});
  return redis_.ask({"DEL", plain, holds})->integer != 0 ? ResetResult::kForgotten : ResetResult::kNotThere;
}

ReleaseResult BlockingRedisStore::release(const HoldId& hold, Instant now) {
  const std::lock_guard lock(mutex_);
  encode_release(hold, now + kAhead, layout_, call_);
  return redis_.ask(call_)->integer == 1 ? ReleaseResult::kReleased : ReleaseResult::kUnknown;
}

StoreStats BlockingRedisStore::stats() const {
  const std::lock_guard lock(mutex_);
  return {.keys = static_cast<uint64_t>(redis_.ask({"DBSIZE"})->integer)};
}

}  // namespace rateguard::test

namespace rateguard {

struct RedisScriptsFactory {
  std::unique_ptr<Store> make() { return std::make_unique<test::BlockingRedisStore>(); }
};
INSTANTIATE_TYPED_TEST_SUITE_P(RedisScripts, StoreSuite, RedisScriptsFactory);
INSTANTIATE_TYPED_TEST_SUITE_P(RedisScripts, SettlementSuite, RedisScriptsFactory);

}  // namespace rateguard
