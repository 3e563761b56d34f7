// In front of a remote store: limits that need not be asked for at every check. What a charge's `consistency` says is
// done here; the stores behind decide every charge exactly.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>

#include "store/lease/asking.h"
#include "store/lease/leased_counters.h"
#include "store/lease/synced_counters.h"
#include "store/remote_store.h"

namespace rateguard {

struct LeaseOptions {
  // How long units that were taken ahead may be used, at most. The same on every instance: what a counter is held to
  // follows from it (lease_terms.h).
  Duration life_max = Duration::millis(100);
  Duration sync_interval = Duration::millis(100);
  // Keys that are leased, and as many that are synced. Beyond, checks are exact.
  size_t counters_max = 65'536;
  // The loop's time now: what passes while a call is under way.
  std::function<Instant()> now = {};
};

struct LeaseStats {
  uint64_t wallets = 0;       // keys that are leased
  uint64_t synced = 0;        // keys that are synced
  uint64_t from_wallets = 0;  // checks decided by units taken ahead
  uint64_t lease_calls = 0;   // calls of the remote store for wallets
  uint64_t reports = 0;       // calls of the remote store to reconcile
  uint64_t lost_units = 0;    // of reports that failed
};

// Leased and synced are requests of one limit that takes a cost above 0, where it can be (lease_terms(), can_sync()).
// Others are passed on, what is given back too, but for units of a synced limit that nobody has been told of: exact,
// and held to the lease's terms where their consistency is kLease, so that they count with the leased. A look (cost 0)
// tells what the remote store has left, and the wallet.
//
// What a leased limit admits never exceeds the limit (lease_terms.h says why). It may be less: a bucket of capacity C
// admits no single check of more than C', and units that nobody used in time are charged all the same. What a synced
// one may admit beyond is bounded (synced_counters.h).
//
// Where the remote store fails, wallets go on until their end and synced counters by their own count. A store that
// decides in its place (store/fallback) stands behind this one: only there does its breaker see which calls the remote
// store itself has answered.
class LeaseStore final : public RemoteStore {
 public:
  // Both stores outlive it; `local` is for its own use. It is destroyed only when no call of its caller's is under way.
  LeaseStore(RemoteStore& remote, Store& local, const LeaseOptions& options);

  // Allocates nothing for a key that has a wallet, nor for one that is synced, once it is known.
  void charge(std::span<ChargeGroup> groups, Now now, Done done) override;
  void reset(std::string_view key, const Terms& terms, Instant now,
             std::move_only_function<void(ResetResult)> done) override;
  void release(const HoldId& hold, Instant now, std::move_only_function<void(ReleaseResult)> done) override;
  // Reconciles where it is time. To be called every 10 ms.
  void tick(Instant now) override;

  // Another instance has reset this counter.
  void forget(std::string_view key);
  void forget_all();

  // On any thread.
  LeaseStats stats() const;

 private:
  bool is_taken(ChargeGroup group, Instant now, Asking& asking);
  void pass_on(ChargeGroup group, Asking& asking);
  void send_passed(Asking& asking, Now now);
  void on_passed(Asking& asking);
  void note_stats();

  RemoteStore& remote_;
  const Duration life_max_;
  Askings askings_;
  LeasedCounters leased_;
  SyncedCounters synced_;
  Instant now_ = {};  // the latest

  // Written on the loop's thread only.
  std::atomic<uint64_t> wallets_ = 0;
  std::atomic<uint64_t> synced_keys_ = 0;
  std::atomic<uint64_t> from_wallets_ = 0;
  std::atomic<uint64_t> lease_calls_ = 0;
  std::atomic<uint64_t> reports_ = 0;
  std::atomic<uint64_t> lost_units_ = 0;
};

}  // namespace rateguard
