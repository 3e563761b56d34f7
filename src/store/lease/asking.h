// Calls of charge() that are under way.
#pragma once

#include <cstddef>
#include <deque>
#include <utility>
#include <vector>

#include "store/remote_store.h"

namespace rateguard {

// One call: it is complete when none of its parts is undecided.
struct Asking {
  size_t undecided = 0;
  RemoteStore::Done done = {};
  Asking* next = nullptr;  // in the list of unused or of ready ones

  // The charges that are passed on, with the limits that apply to them. Cleared, not freed.
  std::vector<Charge*> passed;  // whose decisions the next ones make
  std::vector<Charge> charges;
  std::vector<Limit> limits;
  std::vector<size_t> ends;  // of each group, in charges
  std::vector<ChargeGroup> groups;
};

// Callbacks are called only at the end, when no work is in progress, since a callback may make the next call.
class Askings {
 public:
  Asking& take(RemoteStore::Done done) {
    Asking& asking = idle_ == nullptr ? all_.emplace_back() : *std::exchange(idle_, idle_->next);
    asking.done = std::move(done);
    return asking;
  }
  // One more part has been decided.
  void decided(Asking& asking) {
    if (--asking.undecided != 0) return;
    asking.next = nullptr;
    (ready_ == nullptr ? ready_ : last_ready_->next) = &asking;
    last_ready_ = &asking;
  }
  // Calls back those that are complete, in their order.
  void tell() {
    while (ready_ != nullptr) {
      Asking& asking = *std::exchange(ready_, ready_->next);
      RemoteStore::Done done = std::exchange(asking.done, {});
      asking.next = std::exchange(idle_, &asking);
      done();
    }
  }

 private:
  std::deque<Asking> all_;
  Asking* idle_ = nullptr;
  Asking* ready_ = nullptr;
  Asking* last_ready_ = nullptr;
};

}  // namespace rateguard
