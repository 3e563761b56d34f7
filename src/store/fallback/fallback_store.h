// Stands in front of a remote store: charges that it cannot decide are decided here, by each limit's on_failure, and
// while it keeps failing it is not asked at all.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "base/counter.h"
#include "store/fallback/breaker.h"
#include "store/remote_store.h"
#include "store/store.h"

namespace rateguard {

struct FallbackOptions {
  BreakerSettings breaker = {};
  // The number of instances that share the limits, including this one: those last seen alive. Called when limits are
  // divided. Empty, or 0, means one.
  std::function<uint32_t()> instances = {};
  // Called with each new state of the breaker, on the loop's thread; must not use the store. May be empty.
  std::function<void(BreakerState)> on_change = {};
  std::function<uint32_t()> random = {};  // 32 random bits; required
};

struct FallbackStats {
  uint64_t groups = 0;    // decided here
  uint64_t failures = 0;  // calls of the remote store that failed
  uint64_t openings = 0;  // of the breaker
  BreakerState state = BreakerState::kClosed;
};

// A limit decided here has one of these bases, and never kUnavailable:
//   kAllowed     admitted, with the figures of a counter never used.
//   kDenied      refused; the caller may ask again in a second.
//   kLocalShare  decided by `local` against this instance's share of the limit (share_of()), which is the limit that
//                the decision names.
// All or nothing holds here too: if an enforced limit is denied, the enforced ones that have a share are only looked
// at; otherwise `local` charges them together. Shadow limits are charged on their own. A look (cost 0) takes nothing.
//
// A failed call may have been charged remotely nevertheless. It is decided here and never sent again, so it may count
// twice, once there and once here, but never twice in one place. Counts in `local` stay there when the remote store is
// back, and are forgotten as their windows pass.
//
// The breaker counts a call as failed if any of its groups is kUnavailable. Its clock is the latest `now` of any call,
// tick() included.
class FallbackStore final : public RemoteStore {
 public:
  // Both stores outlive it; `local` may be shared between loops. It is destroyed only when no call is under way.
  FallbackStore(RemoteStore& remote, Store& local, FallbackOptions options);

  // Allocates nothing once it has seen as many calls under way and as many charges in one.
  void charge(std::span<ChargeGroup> groups, Now now, Done done) override;
  // Forgets the counter in `local` too. kUnavailable immediately if the breaker is open.
  void reset(std::string_view key, const Terms& terms, Instant now,
             std::move_only_function<void(ResetResult)> done) override;
  // A hold given by `local` is released there, any other remotely; kUnavailable immediately if the breaker is open.
  void release(const HoldId& hold, Instant now, std::move_only_function<void(ReleaseResult)> done) override;
  // Forwarded to the remote store; the owner of `local` sweeps that.
  void tick(Instant now) override;

  // Finds out whether the remote store works when no caller asks it: `ask` makes a request with the effects of a
  // charge, and reports whether it succeeded. Like a call it is made only if the breaker admits one, and its outcome
  // counts.
  using Told = std::move_only_function<void(bool works)>;
  void probe(Instant now, const std::function<void(Told told)>& ask);

  // A connection to the remote store is open again: the next call asks it even if the breaker is open.
  void end_wait(Instant now);

  // On the loop's thread.
  const Breaker& breaker() const { return breaker_; }
  // On any thread.
  FallbackStats stats() const;

 private:
  // A call to the remote store that is under way, or a free place for one.
  struct Pending {
    FallbackStore* owner = nullptr;
    std::span<ChargeGroup> groups = {};
    Breaker::Permit permit = {};
    Done done = {};
    Pending* next_free = nullptr;
  };

  void advance_clock(Now now);
  void note_end(Breaker::Permit permit, bool good);
  Pending& take_pending();
  void on_answer(Pending& pending);
  void decide(ChargeGroup group);
  void add_local(Charge& charge, Cost cost);
  void charge_local();

  RemoteStore& remote_;
  Store& local_;
  const std::function<uint32_t()> instances_;
  Breaker breaker_;
  Now now_;  // the latest

  std::deque<Pending> pendings_;
  Pending* free_ = nullptr;

  // The charges for `local`, over all groups of a call. Cleared, not freed.
  std::vector<Charge*> asked_;  // whose decisions the next two make
  std::vector<Charge> shares_;
  std::vector<Limit> share_limits_;
  std::vector<size_t> share_ends_;  // of each group, in shares_
  std::vector<ChargeGroup> share_groups_;
  uint32_t instances_now_ = 0;  // 0 if not yet asked in this call

  // Written on the loop's thread only.
  Counter groups_;
  Counter failures_;
  Counter openings_;
  std::atomic<BreakerState> state_ = BreakerState::kClosed;
};

}  // namespace rateguard
