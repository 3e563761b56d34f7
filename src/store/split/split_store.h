// Several stores behind one interface: each limit is kept in the store that its rule names, and a request may have
// limits in more than one of them: a regional and a global one, or this process's and a shared one.
//
// The limits in one store are charged together, all or nothing. That cannot be done across two stores, so a request
// goes from store to store and ends at the first that refuses: the others are not asked, and their limits have
// Basis::kNotAsked. What an earlier store has charged stays charged, except for holds, which are released. To keep that
// rare, a store whose limit refused when it was last asked goes first, and otherwise the nearest one. No limit ever
// admits more than it says: an admitted request has been charged everywhere. Shadow limits are charged whatever the
// others say.
#pragma once

#include <bitset>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "store/remote_store.h"
#include "store/store.h"

namespace rateguard {

// One of the stores, which outlives the SplitStore.
struct StorePart {
  RemoteStore* store = nullptr;
  Duration distance = {};  // the longest time that an answer may take
};

class SplitStore final : public RemoteStore {
 public:
  // A store's StoreNumber is its index in `parts`. `now` returns the callers' time: each store has its full deadline,
  // counted from its turn. It is destroyed only when no call is under way.
  SplitStore(std::vector<StorePart> parts, std::function<Now()> now);
  ~SplitStore() override;

  // Requests with limits in several stores proceed independently, and may be decided after later ones in `groups`.
  // REQUIRES: every charge names a store that is a part.
  void charge(std::span<ChargeGroup> groups, Now now, Done done) override;
  void reset(std::string_view key, const Terms& terms, Instant now,
             std::move_only_function<void(ResetResult)> done) override;
  // A hold does not say which store gave it: they are asked in turn, from the nearest, until one knows it. kUnavailable
  // if none does and one could not be asked.
  void release(const HoldId& hold, Instant now, std::move_only_function<void(ReleaseResult)> done) override;
  void tick(Instant now) override;

 private:
  struct Asking;
  struct Request;

  // Counters are distinguished by this much of a hash. If two collide, one may be asked in a worse order.
  static constexpr size_t kRemembered = 16'384;

  static size_t place_of(const Charge& charge);  // in refused_last_
  void begin_request(ChargeGroup group, std::shared_ptr<Asking> asking, Now now);
  void ask_next_store(Request& request);
  void on_answer(Request& request);
  void give_back_holds(const Request& request);
  void release_from(size_t rank, ReleaseResult otherwise, const HoldId& hold, Instant now,
                    std::move_only_function<void(ReleaseResult)> done);

  std::vector<StorePart> parts_;
  std::function<Now()> now_;
  std::vector<StoreNumber> by_distance_;
  std::bitset<kRemembered> refused_last_;           // by a counter's hash
  std::vector<std::unique_ptr<Request>> requests_;  // as many as were ever under way at once
  std::vector<Request*> idle_;                      // of these
};

}  // namespace rateguard
