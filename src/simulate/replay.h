// Recorded traffic through the real limiter, in virtual time: the recorded time is the time at which each request is
// decided.
#pragma once

#include <span>

#include "limiter/limiter.h"
#include "simulate/progress.h"
#include "simulate/recording.h"
#include "store/store.h"

namespace rateguard::simulate {

// Sees every decision of a replay, in order.
class ReplayObserver {
 public:
  virtual ~ReplayObserver() = default;

  // Before the decision of the event number `index`. `store` holds what all events of earlier instants left, and maybe
  // some of this one.
  virtual void before(size_t index, const Event& event, Store& store) = 0;
  // After it. `matches` has one limit for each of the outcome's, in the same order. Both live until the next event.
  virtual void decided(size_t index, const Event& event, const rules::Matches& matches, const Outcome& outcome) = 0;
};

// Decides every event in order by `policy`, its counters in `store`. REQUIRES: the recording is sorted.
void replay(const Recording& recording, const Policy& policy, Store& store, const ProgressCallback& progress,
            std::span<ReplayObserver* const> observers);

}  // namespace rateguard::simulate
