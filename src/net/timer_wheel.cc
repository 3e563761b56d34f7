#include "net/timer_wheel.h"

#include <algorithm>

namespace rateguard::net {

TimerWheel::TimerWheel() {
  for (Head& head : slots_) head.next_ = head.previous_ = &head;
}

void TimerWheel::link(WheelEntry& entry, Tick slot_tick) {
  Head& head = slots_[slot_tick % kSlots];
  entry.slot_tick_ = slot_tick;
  entry.next_ = &head;
  entry.previous_ = head.previous_;
  head.previous_->next_ = &entry;
  head.previous_ = &entry;
}

void TimerWheel::unlink(WheelEntry& entry) {
  entry.next_->previous_ = entry.previous_;
  entry.previous_->next_ = entry.next_;
  entry.next_ = entry.previous_ = nullptr;
}

void TimerWheel::arm(WheelEntry& entry, Tick ticks) {
  // The current tick has partly passed already, so one more makes sure that no entry times out early.
  entry.deadline_ = now_ + ticks + 1;
  if (entry.armed()) {
    if (entry.slot_tick_ <= entry.deadline_) return;
    unlink(entry);
  }
  link(entry, std::min(entry.deadline_, now_ + kSlots - 1));
}

void TimerWheel::disarm(WheelEntry& entry) {
  if (entry.armed()) unlink(entry);
}

void TimerWheel::advance(Tick ticks) {
  for (Tick i = 0; i < ticks; ++i) {
    ++now_;
    expire_slot();
  }
}

void TimerWheel::expire_slot() {
  // Moved to a separate list first: a callback may arm, disarm or destroy any entry, the next one included.
  Head& slot = slots_[now_ % kSlots];
  Head due;
  if (slot.next_ == &slot) return;
  due.next_ = slot.next_;
  due.previous_ = slot.previous_;
  due.next_->previous_ = due.previous_->next_ = &due;
  slot.next_ = slot.previous_ = &slot;
  while (due.next_ != &due) {
    WheelEntry& entry = *due.next_;
    unlink(entry);
    if (entry.deadline_ > now_) {
      link(entry, std::min(entry.deadline_, now_ + kSlots - 1));
    } else {
      entry.on_timeout();
    }
  }
}

}  // namespace rateguard::net
