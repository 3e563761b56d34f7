// Several stores as one: each limit is kept in the store that its rule names, and a request may meet limits in more
// than one of them: a region's own and one for all regions, or this process's and one that instances share.
//
// The limits that one store has are charged together, all or nothing, as ever. Nothing can hold that over two stores,
// so a request goes from store to store and ends at the first that refuses: the others are not asked, and their limits
// say Basis::kNotAsked. What an earlier store has charged stays charged, but for holds, which are given back. To keep
// that rare, a store whose limit refused when it was last asked goes first, and otherwise the nearest. No limit ever
// admits more than it says: what passes has been charged everywhere. Shadow limits are charged whatever the others say.
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

// One of the stores, which outlives their SplitStore.
struct StorePart {
  RemoteStore* store = nullptr;
  Duration distance = {};  // how long an answer may take
};

class SplitStore final : public RemoteStore {
 public:
  // By their place in `parts` they have their StoreNumber. `now` is the time of those who ask: each store has its whole
  // deadline, whenever its turn comes. It is destroyed only when no call is under way.
  SplitStore(std::vector<StorePart> parts, std::function<Now()> now);
  ~SplitStore() override;

  // Requests with limits in several stores are each on a way of their own, and may be decided after those that come
  // behind them in `groups`. REQUIRES: the store that every charge names is a part.
  void charge(std::span<ChargeGroup> groups, Now now, Done done) override;
  void reset(std::string_view key, const Terms& terms, Instant now,
             std::move_only_function<void(ResetResult)> done) override;
  // A hold does not say who gave it: they are asked in turn, from the nearest, until one knows it. kUnavailable where
  // none does and one could not be asked.
  void release(const HoldId& hold, Instant now, std::move_only_function<void(ReleaseResult)> done) override;
  void tick(Instant now) override;

 private:
  struct Asking;
  struct Request;

  // Counters are told apart by as much of a hash. Where two are not, one may be asked in a worse order.
  static constexpr size_t kRemembered = 16'384;

  static size_t place_of(const Charge& charge);  // in refused_last_
  void begin(ChargeGroup group, std::shared_ptr<Asking> asking, Now now);
  void go_on(Request& request);
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
