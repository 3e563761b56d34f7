// A Store over the scripts that waits for every answer: for the tests that every Store passes.
#pragma once

#include <cstdint>
#include <mutex>
#include <span>
#include <string>
#include <string_view>

#include "differential/redis_pipe.h"
#include "differential/redis_server.h"
#include "store/redis/charge_call.h"
#include "store/store.h"

namespace rateguard::test {

// On a Redis of its own. Thread-safe. Keys expire by Redis's clock, so the instants of callers are moved by a whole
// number of days, to lie after it.
class BlockingRedisStore final : public Store {
 public:
  void charge(ChargeGroup group, Now now) override;
  void charge_batch(std::span<ChargeGroup> groups, Now now) override;
  ResetResult reset(std::string_view key, const Terms&) override;
  ReleaseResult release(const HoldId& hold, Instant now) override;
  void tick(Instant, TickBudget) override {}
  // Keys only.
  StoreStats stats() const override;

 private:
  RedisServer server_;
  mutable RedisPipe redis_{server_.path()};
  mutable std::mutex mutex_;  // over all of it
  redis_store::KeyLayout layout_;
  redis_store::ScriptCall call_;
  uint64_t holds_ = 0;
};

}  // namespace rateguard::test
