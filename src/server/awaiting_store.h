// A remote store as work on a task sees it: it asks, and goes on when the answer has come.
#pragma once

#include "net/event_loop.h"
#include "net/tasks.h"
#include "store/remote_store.h"
#include "store/store.h"

namespace rateguard::server {

// One event loop's, on its thread only. What it is given outlives it. REQUIRES: a task of `tasks` calls charge,
// charge_batch, reset and release. A task that was cancelled asks nothing any more: its charges have Basis::kNotAsked,
// and resets and releases are kUnavailable. What had been asked before then is done, and its answer is waited for.
class AwaitingStore final : public Store {
 public:
  AwaitingStore(RemoteStore& remote, net::Tasks& tasks, const net::EventLoop& loop)
      : remote_(remote), tasks_(tasks), loop_(loop) {}

  void charge(ChargeGroup group, Now now) override;
  void charge_batch(std::span<ChargeGroup> groups, Now now) override;
  ResetResult reset(std::string_view key, const Terms& terms) override;
  ReleaseResult release(const HoldId& hold, Instant now) override;
  void tick(Instant now, TickBudget) override { remote_.tick(now); }
  // Its counters are elsewhere.
  StoreStats stats() const override { return {}; }

 private:
  RemoteStore& remote_;
  net::Tasks& tasks_;
  const net::EventLoop& loop_;
};

}  // namespace rateguard::server
