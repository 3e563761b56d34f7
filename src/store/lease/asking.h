// Calls of charge() that are under way.
#pragma once

#include <cstddef>
#include <deque>
#include <utility>
#include <vector>

#include "store/remote_store.h"

namespace rateguard {

// One call: it is over when none of its parts is undecided.
struct Asking {
  size_t undecided = 0;
  RemoteStore::Done done = {};
  Asking* next = nullptr;  // at rest, or ready

  // What is passed on, with the limits that it is held to. Emptied, not freed.
  std::vector<Charge*> passed;  // whose decision each of the next makes
  std::vector<Charge> charges;
  std::vector<Limit> limits;
  std::vector<size_t> ends;  // of each group, in charges
  std::vector<ChargeGroup> groups;
};

// They are told when nothing is in hand any more, since whoever is told may come back with the next call.
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
  // Tells those that are over, in their order.
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
