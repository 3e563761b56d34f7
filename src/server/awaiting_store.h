// A remote store as a task sees it: the task asks, and continues when the answer has arrived.
#pragma once

#include "net/event_loop.h"
#include "net/tasks.h"
#include "store/remote_store.h"
#include "store/store.h"

namespace rateguard::server {

// One per event loop, used on its thread only. The arguments of its constructor outlive it. REQUIRES: a task of `tasks`
// calls charge, charge_batch, reset and release. A cancelled task asks nothing any more: its charges have
// Basis::kNotAsked, and resets and releases are kUnavailable. A question that was asked before is still waited for.
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
