// The counters in Redis, as one event loop uses them.
//
// The checks of a loop turn are sent together: those with one limit each are merged into a few calls, and checks of one
// counter into one entry, in their order. A refusal that is known to hold is not asked for again (refusal_memory.h).
// Neither changes a decision. A call is sent once: if its outcome is unknown, so is its decision.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/counter.h"
#include "redis/client.h"
#include "redis/error_reply.h"
#include "store/redis/charge_call.h"
#include "store/redis/each_call.h"
#include "store/redis/key_layout.h"
#include "store/redis/refusal_memory.h"
#include "store/remote_store.h"

namespace rateguard::redis_store {

enum class Topology : uint8_t { kOnePrimary, kCluster };

struct RedisStoreOptions {
  Duration deadline = Duration::millis(10);  // for an answer, counted from the charge
  KeyLayout layout = KeyLayout();
  Topology topology = Topology::kOnePrimary;
  // The loop's current time, which advances while a call is under way.
  std::function<Instant()> now;
  // Any 64 bits: names of holds.
  std::function<uint64_t()> random;
  // Runs work when the loop has handled everything that arrived in this turn.
  std::function<void(std::function<void()>)> at_turn_end;
  // A counter has been reset, or may have been: others that remember anything about it should be told. May be empty.
  std::function<void(std::string_view key)> on_reset = {};
  // Decide at the time that the caller gives instead of Redis's own: for tests and replays.
  bool times_are_callers = false;
};

// Read by any thread.
struct RedisStoreFigures {
  Counter checks;      // limits asked for
  Counter remembered;  // of those: refused without a call
  Counter calls;       // scripts sent
  Counter failures;    // of those: without a usable answer
  // Of those: answered with an error, by its index in redis::kKnownErrors.
  std::array<Counter, redis::kKnownErrors.size()> errors;
};

// On its loop's thread. `client` outlives it, and the loop outlives both.
class RedisStore final : public RemoteStore {
 public:
  RedisStore(redis::RedisClient& client, RedisStoreOptions options);
  ~RedisStore() override;

  void charge(std::span<ChargeGroup> groups, Now now, Done done) override;
  void reset(std::string_view key, const Terms& terms, Instant now,
             std::move_only_function<void(ResetResult)> done) override;
  void release(const HoldId& hold, Instant now, std::move_only_function<void(ReleaseResult)> done) override;
  void tick(Instant) override {}
  // Whether charges can be made: writes to a key of its own.
  void probe(std::move_only_function<void(bool works)> done);

  // Another instance has reset this counter.
  void forget(std::string_view key) { refusals_.forget(key); }
  void forget_all() { refusals_.forget_all(); }

  const RedisStoreFigures& figures() const { return figures_; }
  // Why the last call failed; empty if it did not.
  const std::string& problem() const { return problem_; }
  // Why the last failed call failed; empty if none has.
  const std::string& last_problem() const { return last_problem_; }

 private:
  struct Asking;   // a charge() under way
  struct Batch;    // checks of a turn that go in one call
  struct Several;  // a group that goes alone

  void add_to_turn(Charge& charge, Asking* asking, Instant now);
  void ask_alone(ChargeGroup group, Asking* asking, Now now);
  Batch& batch_for(HashTag tag);
  void send_turn();
  void send(std::unique_ptr<Batch> batch);
  void take_answer(Batch& batch, const redis::CommandResult& answer);
  void send_alone(std::unique_ptr<Several> several);
  CallOptions options_of(const Several& several) const;
  void eval(const ScriptCall& call, Instant asked_at, redis::ResultHandler done);
  Duration patience_since(Instant asked_at) const;
  void finish(Asking* asking);
  // Whether the answer is a script's text; otherwise records why not.
  bool is_good(const redis::CommandResult& answer);
  void note_problem(std::string problem);
  // Whether it could be decoded; otherwise records why not.
  template <typename T>
  bool record_fault_of(const Result<T>& decoded);
  HashTag tag_of(std::string_view key, KeyOffset hash_tag_from) const;

  redis::RedisClient& client_;
  RedisStoreOptions options_;
  RefusalMemory refusals_;
  RedisStoreFigures figures_;
  std::string problem_;
  std::string last_problem_;

  std::vector<std::unique_ptr<Batch>> turn_;      // not sent yet; at most one if there is one primary
  std::unordered_map<uint16_t, Batch*> by_tag_;   // of turn_, in a cluster
  size_t calls_under_way_ = 0;                    // of scripts
  bool turn_ends_ = false;                        // at_turn_end has been called
  std::vector<std::unique_ptr<Batch>> batches_;   // unused, for reuse
  std::vector<std::unique_ptr<Asking>> askings_;  // as many as were ever under way at once
  std::vector<Asking*> idle_askings_;

  ScriptCall call_;
  std::vector<std::string_view> keys_;
  std::vector<std::string_view> arguments_;
  std::vector<AskedCounter> asked_;
  std::shared_ptr<RedisStore*> self_;  // for deferred work: null once the store is destroyed
};

}  // namespace rateguard::redis_store
