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

#include "store/lease/asking.h"
#include "store/lease/lease_terms.h"
#include "store/remote_store.h"

namespace rateguard {

// What becomes of a charge that was given to a part of the store.
enum class Taken : uint8_t {
  kDecided,
  kWaits,   // the Asking hears of it
  kNotHere  // to be passed on
};

// So that strings are found by views of them.
struct KeyHash {
  using is_transparent = void;
  size_t operator()(std::string_view key) const { return std::hash<std::string_view>{}(key); }
};

// A key's first check costs what it asks for. From then on a call takes what the checks that wait need and what they
// are likely to need within a wallet's life, by the demand of late: beyond the checks that wait at most half of what
// remains, so that other instances find some. A wallet ends unused at its end: its units stay charged.
// A cost that neither the wallet nor the remote store can bear alone is taken from both.
//
// There is one call under way for a key; checks that its wallet cannot serve wait for it in their order. Those that the
// call was made for are admitted by it however late its answer is; what it brought beyond serves those that came
// before it ended.
class LeasedCounters {
 public:
  // `time` is the loop's now: what passes while a call is under way.
  LeasedCounters(RemoteStore& remote, Askings& askings, Duration life_max, size_t counters_max,
                 std::function<Instant()> time);

  // REQUIRES: the charge's cost is above 0.
  Taken charge(Charge& charge, Instant now, Asking& asking);
  // The units in the key's wallet.
  uint64_t held(std::string_view key, Instant now) const;
  // The remote store has answered another charge of this counter, by the same terms.
  void learn(const Charge& charge, uint64_t remaining);
  // Their units are not used any more, nor those that are under way.
  void forget(std::string_view key);
  void forget_all();
  // Drops some that have been idle.
  void tick(Instant now);

  size_t size() const { return counters_.size(); }
  uint64_t from_wallets() const { return from_wallets_; }
  uint64_t calls() const { return calls_; }

 private:
  // Units, each of them to be used before `end`.
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
  // What was asked for of late: exponentially weighted, in units per wallet's life.
  struct Demand {
    uint64_t average = 0;
    uint64_t current = 0;
    Instant since = {};  // of `current`

    void note(Cost cost, Instant now, Duration life);
    uint64_t next() const { return current > average ? current : average; }
  };
  enum class CallState : uint8_t { kNone, kSent, kAnsweredAtOnce, kAwaited };
  struct Counter {
    LeasedCounters* owner = nullptr;
    Limit limit;  // as configured
    LeaseTerms terms;
    Wallet wallet;
    Demand demand;
    std::optional<uint64_t> remaining;  // in the remote store, when it answered last
    Instant unused_at = {};             // when it said the counter would equal one never used
    uint64_t told_limit = 0;            // the configured one's, or of the share that decides in its place
    std::vector<Waiting> waiting;

    CallState state = CallState::kNone;
    Charge call;
    ChargeGroup group;
    Instant asked_at = {};
    size_t covered = 0;     // of those that wait: whom the call is for
    uint64_t extra = 0;     // beyond those
    uint32_t refused = 0;   // calls in a row
    uint64_t part = 0;      // what the wallet adds to the call for the first who waits
    Decision refusal = {};  // of the whole cost, where the call is for the rest of it
    bool is_forgotten = false;
  };
  using Counters = std::unordered_map<std::string, Counter, KeyHash, std::equal_to<>>;

  Counter* counter_for(const Charge& charge);
  void run(Counter& counter);
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
  size_t sweep_at_ = 0;  // the bucket that tick() looks at next
  uint64_t from_wallets_ = 0;
  uint64_t calls_ = 0;
};

}  // namespace rateguard
