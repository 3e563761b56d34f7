// Stands in front of a remote store, for limits that need not ask it at every check. It implements a charge's
// `consistency`; the stores behind it decide every charge exactly.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>

#include "base/level.h"
#include "store/lease/asking.h"
#include "store/lease/leased_counters.h"
#include "store/lease/synced_counters.h"
#include "store/remote_store.h"

namespace rateguard {

struct LeaseOptions {
  // The longest time that units taken ahead may be used. The same on every instance: the limit that is charged follows
  // from it (lease_terms.h).
  Duration life_max = Duration::millis(100);
  Duration sync_interval = Duration::millis(100);
  // The most leased keys, and the most synced ones. Beyond that, checks are exact.
  size_t counters_max = 65'536;
  // The loop's current time, which advances while a call is under way.
  std::function<Instant()> now = {};
};

struct LeaseStats {
  uint64_t wallets = 0;       // keys that are leased
  uint64_t synced = 0;        // keys that are synced
  uint64_t from_wallets = 0;  // checks decided by units taken ahead
  uint64_t lease_calls = 0;   // calls to the remote store for wallets
  uint64_t reports = 0;       // calls to the remote store to reconcile
  uint64_t lost_units = 0;    // units of reports that failed
};

// Requests with one limit and a cost above 0 are leased or synced, if the limit permits it (lease_terms(), can_sync()).
// Others are passed on as exact, giving back included, except for units of a synced limit that have not been reported
// yet; they are held to the lease's terms if their consistency is kLease, so that they count together with the leased
// ones. A look (cost 0) reports what the remote store and the wallet have left.
//
// A leased limit never admits more than the limit (lease_terms.h says why). It may admit less: a bucket of capacity C
// admits no single check of more than C', and units that are not used in time stay charged. A synced limit may admit
// more, within a bound (synced_counters.h).
//
// When the remote store fails, wallets are used until they expire, and synced counters continue by their own count. A
// store that decides in its place (store/fallback) belongs behind this one: only there does its breaker see which calls
// the remote store itself has answered.
class LeaseStore final : public RemoteStore {
 public:
  // Both stores outlive it; `local` is used by it alone. It is destroyed only when no call of its user is under way.
  LeaseStore(RemoteStore& remote, Store& local, const LeaseOptions& options);

  // Allocates nothing for a key that has a wallet or is already synced.
  void charge(std::span<ChargeGroup> groups, Now now, Done done) override;
  void reset(std::string_view key, const Terms& terms, Instant now,
             std::move_only_function<void(ResetResult)> done) override;
  void release(const HoldId& hold, Instant now, std::move_only_function<void(ReleaseResult)> done) override;
  // Reconciles counts that are due. To be called every 10 ms.
  void tick(Instant now) override;

  // Another instance has reset this counter.
  void forget(std::string_view key);
  void forget_all();

  // On any thread.
  LeaseStats stats() const;

 private:
  bool decides_ahead(ChargeGroup group, Instant now, Asking& asking);
  void pass_to_remote(ChargeGroup group, Asking& asking);
  void send_passed(Asking& asking, Now now);
  void on_passed(Asking& asking);
  void note_sizes();

  RemoteStore& remote_;
  const Duration life_max_;
  Askings askings_;
  LeasedCounters leased_;
  SyncedCounters synced_;
  Instant now_ = {};  // the latest

  Level wallets_;
  Level synced_keys_;
};

}  // namespace rateguard
