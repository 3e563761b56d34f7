// Counters of which units are taken ahead, into wallets, and used at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/counter.h"
#include "store/lease/asking.h"
#include "store/lease/lease_terms.h"
#include "store/remote_store.h"

namespace rateguard {

// What happens with a charge that was offered to a part of the store.
enum class Taken : uint8_t {
  kDecided,
  kWaits,   // the Asking is told later
  kNotHere  // the caller passes it on
};

// Lets strings be found by string_views.
struct StringHash {
  using is_transparent = void;
  size_t operator()(std::string_view key) const { return std::hash<std::string_view>{}(key); }
};

// A key's first check takes only its own cost. From then on a call takes what the waiting checks need plus what recent
// demand suggests will be needed within a wallet's life: beyond the waiting checks at most half of what remains, so
// that other instances find some. A wallet expires unused: its units stay charged. A cost that neither the wallet nor
// the remote store can cover alone is taken from both.
//
// There is one call under way for a key; checks that its wallet cannot serve wait for it in their order. The checks
// that the call was made for are admitted by it, however late its answer is; the rest serves checks that came before it
// ended.
class LeasedCounters {
 public:
  // `time` returns the loop's current time, which advances while a call is under way.
  LeasedCounters(RemoteStore& remote, Askings& askings, Duration life_max, size_t counters_max,
                 std::function<Instant()> time);

  // REQUIRES: the charge's cost is above 0.
  Taken charge(Charge& charge, Instant now, Asking& asking);
  // The units in the key's wallet.
  uint64_t held(std::string_view key, Instant now) const;
  // Tells that the remote store has answered another charge of this counter, under the same terms.
  void learn(const Charge& charge, uint64_t remaining);
  // Forgets a key's wallet: its units, and those under way, are not used any more.
  void forget(std::string_view key);
  void forget_all();
  // Drops some idle counters.
  void tick(Instant now);

  size_t size() const { return counters_.size(); }
  // On any thread.
  uint64_t from_wallets() const { return from_wallets_.value(); }
  uint64_t calls() const { return calls_.value(); }

 private:
  // Units that may be used before `end`.
  struct Wallet {
    uint64_t units = 0;
    Instant end = {};
    Basis basis = Basis::kCounter;  // on which they were charged

    uint64_t at(Instant t) const { return t <= end ? units : 0; }
  };
  struct Waiting {
    Charge* charge = nullptr;
    Instant since = {};
    Asking* asking = nullptr;
  };
  // Recent demand: exponentially weighted, in units per wallet's life.
  struct Demand {
    uint64_t average = 0;
    uint64_t current = 0;
    Instant since = {};  // of `current`

    void record_demand(Cost cost, Instant now, Duration life);
    uint64_t next() const { return current > average ? current : average; }
  };
  enum class CallState : uint8_t { kNone, kSent, kAnsweredAtOnce, kAwaited };
  struct Counter {
    LeasedCounters* owner = nullptr;
    Limit limit;  // as configured
    LeaseTerms terms;
    Wallet wallet;
    Demand demand;
    std::optional<uint64_t> remaining;  // in the remote store, at its last answer
    Instant unused_at = {};             // when, by that answer, the counter equals one never used
    uint64_t told_limit = 0;            // `limit` of answers: the configured one's, or of the share in its place
    std::vector<Waiting> waiting;

    CallState state = CallState::kNone;
    Charge call;
    ChargeGroup group;
    Instant asked_at = {};
    size_t covered = 0;     // how many of the waiting checks the call is for
    uint64_t extra = 0;     // beyond those
    uint32_t refused = 0;   // calls in a row
    uint64_t part = 0;      // what the wallet adds to the call for the first waiting check
    Decision refusal = {};  // the refusal of the whole cost, if the call is for the rest of it
    bool is_forgotten = false;
  };
  using Counters = std::unordered_map<std::string, Counter, StringHash, std::equal_to<>>;

  Counter* counter_for(const Charge& charge);
  void serve_waiting(Counter& counter);
  void size_call(Counter& counter);
  void send(Counter& counter);
  void on_answer(Counter& counter);
  void take_answer(Counter& counter);
  void take_refusal(Counter& counter);
  bool can_add_wallet(const Counter& counter) const;
  void take_rest(Counter& counter, uint64_t part);
  void serve_from_wallet(Counter& counter);
  void pass_to_all(Counter& counter);
  void add_to_wallet(Counter& counter);
  bool take_from_wallet(Counter& counter, Charge& charge, Instant since);
  void admit(Counter& counter, Charge& charge, Instant since, Basis basis);
  void drop_waiting(Counter& counter, size_t count);

  RemoteStore& remote_;
  Askings& askings_;
  const Duration life_max_;
  const size_t counters_max_;
  const std::function<Instant()> time_;
  Counters counters_;
  Instant now_ = {};     // the latest
  size_t sweep_at_ = 0;  // the bucket that tick() examines next
  rateguard::Counter from_wallets_;
  rateguard::Counter calls_;
};

}  // namespace rateguard
