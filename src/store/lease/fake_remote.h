// For tests: a remote store that charges when a call is sent or when the test says so, and answers or fails.
#pragma once

#include <deque>
#include <memory>
#include <utility>
#include <vector>

#include "store/memory/memory_store.h"
#include "store/remote_store.h"

namespace rateguard::lease {

// Its counters are in a MemoryStore, with its own time.
class FakeRemote final : public RemoteStore {
 public:
  enum class State : uint8_t { kAnswers, kFails, kChargesAndFails, kAllows };

  void charge(std::span<ChargeGroup> groups, Now, Done done) override {
    ++calls;
    for (const ChargeGroup& group : groups) {
      for (const Charge& charge : group.charges) costs.push_back(charge.cost.units);
    }
    held.push_back({groups, std::move(done)});
    if (!holds_back) answer();
  }
  void reset(std::string_view key, const Terms& terms, Instant,
             std::move_only_function<void(ResetResult)> done) override {
    done(counters->reset(key, terms));
  }
  void release(const HoldId& hold, Instant, std::move_only_function<void(ReleaseResult)> done) override {
    done(counters->release(hold, now));
  }
  void tick(Instant) override {}

  // Decides the oldest call that is held back.
  void answer() {
    auto [groups, done] = std::move(held.front());
    held.pop_front();
    if (state == State::kAnswers || state == State::kChargesAndFails) counters->charge_batch(groups, now);
    if (state == State::kFails || state == State::kChargesAndFails) set_unavailable(groups);
    for (const ChargeGroup& group : groups) {
      if (state != State::kAllows) break;
      for (Charge& charge : group.charges) {
        charge.basis = Basis::kAllowed;
        charge.decision = {.limit = charge.limit->capacity, .remaining = charge.limit->capacity};
      }
    }
    done();
  }

  struct Held {
    std::span<ChargeGroup> groups;
    Done done;
  };

  Instant now = Instant::from_seconds(1'700'006'400);
  std::unique_ptr<MemoryStore> counters = MemoryStore::create({.max_keys = 100'000}).value();
  State state = State::kAnswers;
  bool holds_back = false;
  std::deque<Held> held;
  std::vector<uint64_t> costs;  // of every charge that was asked
  int calls = 0;
};

}  // namespace rateguard::lease
