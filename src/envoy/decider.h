// ShouldRateLimit: the one function that answers a request of Envoy's rate limit service.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "envoy/policy.h"
#include "envoy/rate_limit.h"
#include "store/store.h"

namespace rateguard::envoy {

// The outcome for one descriptor with a limit, in hits: what its metrics count.
struct DescriptorTally {
  const RateLimit* limit = nullptr;  // null: a limit that came with the request
  // The label to count it under instead of limit->path, for detailed_metric and value_to_metric; otherwise empty. Valid
  // until the next decision.
  std::string_view path = {};
  std::string_view key = {};  // of its counter, valid as long; empty if it has none
  bool refuses = false;       // its status is OVER_LIMIT
  uint64_t total = 0;
  uint64_t within = 0;
  uint64_t near = 0;  // of those within and those beyond: the ones above four fifths of the limit
  uint64_t over = 0;
  uint64_t given_back = 0;
  uint64_t shadowed = 0;     // would have been refused without the descriptor's shadow_mode
  bool degraded = false;     // decided by on_store_failure
  bool debt_is_cut = false;  // a debt was kept in part (Decision::debt_is_cut)
};

// Errors: kExhausted if a request exceeds kDescriptorsMax or kEntriesMax, with its number and the bound.
Result<void> check_bounds(const DescriptorRequest& request);

// One per event loop: it owns the buffers that a decision needs, so that one allocates nothing once they have grown
// (header fields and dynamic metadata excepted). Not thread-safe; the store behind it is.
class Decider {
 public:
  // `on_failure` applies to limits that come with a request.
  explicit Decider(Store& store, OnStoreFailure on_failure = OnStoreFailure::kAllow)
      : store_(store), on_failure_(on_failure) {}

  // Decides `request` by `policy` at `now`. The response lives until the next call; names in it as long as
  // policy.limits. Errors: kInvalid with the text of envoyproxy/ratelimit (gRPC: UNKNOWN), in this order: an empty
  // domain, no descriptors, nothing loaded; a limit of the request with an invalid unit or too long a period.
  // kExhausted (gRPC: RESOURCE_EXHAUSTED): more descriptors or entries than the bounds. kUnavailable (gRPC:
  // UNAVAILABLE): the store could not be asked.
  Result<const Response*> decide(const DescriptorPolicy& policy, const DescriptorRequest& request, Now now);

  // For the last decision without an error: one for each descriptor that a limit applies to, in their order.
  std::span<const DescriptorTally> tallies() const { return tallies_; }
  // Whether the last decision was OK only because of Answering::shadow_mode.
  bool was_shadowed() const { return was_shadowed_; }
  // Whether the caller stopped waiting before the store was asked for everything: then nothing was decided, and the
  // response says nothing.
  bool was_left() const { return was_left_; }

 private:
  // One descriptor on its way through decide().
  struct Job {
    const RateLimit* limit = nullptr;  // the configured one; null if there is none, or the request brought its own
    bool is_limited = false;           // there is a limit to check, of either kind
    bool is_impossible = false;        // refused whatever was counted: a ban, more hits than any limit, too long a key
    CurrentLimit current = {};
    Limit own = {};       // what to charge if refusals take nothing
    Limit counting = {};  // what to charge if they do; windows only
    Duration period = {};
    uint64_t hits = 1;
    bool gives_back = false;
    StoreNumber store = 0;
    size_t key_begin = 0;  // in key_bytes_
    size_t key_end = 0;
    size_t path_begin = 0;  // in path_bytes_
    size_t path_end = 0;
    // The result.
    bool over = false;
    bool debt_is_cut = false;
    bool degraded = false;
    uint64_t most = 0;  // of the count below; a bucket's capacity, not its rate
    uint64_t before = 0;
    uint64_t after = 0;
    Duration until_reset = {};

    bool is_window() const { return own.algorithm == Algorithm::kFixedWindow; }
    // Whether its charge must not depend on what is left.
    bool settles() const { return gives_back || own.overdraft; }
    bool counts_refusals(Counting how) const;
    bool holds_others_back(Counting how) const;
    Mode mode() const { return limit != nullptr && limit->shadow_mode ? Mode::kShadow : Mode::kEnforce; }
    Cost cost() const { return {std::min(hits, kUnitsMax), gives_back ? Movement::kGiveBack : Movement::kTake}; }
    uint32_t remaining() const {  // of a limit of 32 bits
      return over || after >= most ? 0 : static_cast<uint32_t>(std::min<uint64_t>(most - after, UINT32_MAX));
    }
  };

  Result<void> find_limits(const RateLimits& limits, RateLimits::DomainId domain, const DescriptorRequest& request);
  Result<void> use_override(Job& job, const Override& given, std::string_view domain, const Descriptor& descriptor);
  void use_configured(Job& job, const RateLimit& limit, std::string_view domain, const Descriptor& descriptor);
  // Keys are written into key_bytes_; false: too long for a store.
  bool write_key(Job& job, std::string_view domain, std::span<const Entry> entries, bool share);
  void write_path(Job& job, std::string_view domain, std::span<const Entry> entries);
  void drop_replaced(const RateLimits& limits);

  // decider_charge.cc: from limits to counts.
  void charge(Counting counting, bool atomic, Now now);
  void charge_atomically(Now now);
  void look_before(Counting counting, Now now);
  void ask_each(Now now);
  void note_undecided();
  void add_charge(size_t job, const Limit& limit, Cost cost);
  bool merge_charges();
  static void take_decision(Job& job, const Charge& charge, bool counts_refusals);
  static void take_given_back(Job& job, const Decision& decision, bool counts_refusals);
  std::string_view key_of(const Job& job) const;

  void answer(const Answering& answering, const DescriptorRequest& request);
  void add_status(const Job& job);
  void tally(const Job& job, Counting counting);
  void add_headers(const HeaderNames& names);

  Store& store_;
  OnStoreFailure on_failure_;
  Response response_;
  std::vector<DescriptorTally> tallies_;
  bool was_shadowed_ = false;
  bool was_left_ = false;
  bool is_atomic_ = false;
  bool is_undecided_ = false;  // a limit could not be asked, and refuses for that reason

  std::vector<Job> jobs_;  // by descriptor
  std::vector<Charge> charges_;
  std::vector<size_t> charged_;  // the job of each charge
  std::vector<int64_t> sums_;    // by charge that several jobs share: hits minus those given back
  std::vector<ChargeGroup> groups_;
  std::vector<size_t> order_;
  std::vector<bool> is_replaced_;  // by name
  std::string key_bytes_;
  std::string path_bytes_;
  MatchScratch scratch_;
};

}  // namespace rateguard::envoy
