// Counters that each instance decides by its own count, and reconciles with the shared one at intervals.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/counter.h"
#include "store/lease/leased_counters.h"
#include "store/remote_store.h"

namespace rateguard {

// Every `interval` what was admitted since the last time is charged in the remote store, in one call for all counters
// that were used, and its own count is set to what remains there. If the remote store has less left than that, it is
// charged what it has; the rest is owed, and nothing is admitted here until it is paid. Other instances do not know of
// the debt: a unit that becomes available goes to the first that reports. A call that fails is not sent again: the
// others may not know what it carried.
//
// The bound: n of these, one for each event loop of each instance, admit in any interval in which the limit itself
// admits X at most
//   X + n * min(C, D) + lost
// where C is the capacity, D the demand at one of them within an interval, a tick and two round trips, and `lost` what
// failed calls carried or the remote store forgot: everything that one has admitted is either charged or not yet
// charged, and the latter is at most C. While the remote store cannot be asked at all, each enforces the whole limit by
// itself.
class SyncedCounters {
 public:
  // `local` is used by this object alone.
  SyncedCounters(RemoteStore& remote, Store& local, Duration interval, size_t counters_max);
  ~SyncedCounters();

  // Never kWaits. REQUIRES: the charge takes a cost above 0.
  Taken charge(Charge& charge, Instant now);
  // Whether at least as many units as the charge gives back have not been reported yet.
  bool has_unreported(const Charge& charge) const;
  // Puts the charge's units back into its own count, and answers it by that. Returns how many of them had not been
  // reported, and never will be; the rest has to be given back in the remote store.
  uint64_t give_back(Charge& charge, Instant now);
  void forget(std::string_view key);
  void forget_all();
  void tick(Instant now);

  size_t size() const { return counters_.size(); }
  // On any thread.
  uint64_t reports() const { return reports_.value(); }
  uint64_t lost_units() const { return lost_units_.value(); }

 private:
  // Units admitted here: `fresh` have not been reported; `sent` are in a call under way; for `owed` the remote store
  // had no room.
  struct Counter {
    Limit limit;
    Mode mode = Mode::kEnforce;
    Terms terms = {};
    uint64_t fresh = 0;
    uint64_t sent = 0;
    uint64_t owed = 0;
    bool is_blocked = false;    // something is owed, or was when the call under way was sent
    bool is_asked = false;      // since the last report
    bool is_forgotten = false;  // since the call under way was sent
    uint32_t idle_reports = 0;

    uint64_t uncharged() const { return fresh + sent + owed; }
    uint64_t unreported() const { return fresh + owed; }
  };
  using Counters = std::unordered_map<std::string, Counter, StringHash, std::equal_to<>>;
  struct Report;  // the call under way

  uint64_t left_here(Charge& charge);
  void refuse(const Counter& counter, Charge& charge);
  void send_report();
  void add_to_report(Counters::value_type& counter, Cost cost);
  void send(Report& report);
  void on_answer();
  void take_answer(Counters::value_type& counter, const Charge& call);
  void set_local(Counters::value_type& counter, uint64_t remaining);
  Charge look(std::string_view key, const Counter& counter) const;

  RemoteStore& remote_;
  Store& local_;
  const Duration interval_;
  const size_t counters_max_;
  Counters counters_;
  Instant now_ = {};       // the latest
  Instant reported_ = {};  // the last report
  std::shared_ptr<Report> report_;
  rateguard::Counter reports_;
  rateguard::Counter lost_units_;
};

}  // namespace rateguard
