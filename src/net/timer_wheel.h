// Timeouts of many connections at the cost of a store each: a hashed timing wheel (Varghese and Lauck 1987, scheme 6)
// whose entries are moved lazily, when their slot comes round, so that extending a deadline touches no list.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace rateguard::net {

// Counted in ticks since the wheel was made.
using Tick = uint64_t;

// What can time out. Not copied or moved while armed; its owner disarms it before destroying it.
class WheelEntry {
 public:
  WheelEntry() = default;
  WheelEntry(const WheelEntry&) = delete;
  WheelEntry& operator=(const WheelEntry&) = delete;

  // The deadline has passed; the entry is no longer armed. May arm itself again, and may disarm or destroy any entry.
  virtual void on_timeout() = 0;
  bool armed() const { return next_ != nullptr; }

 protected:
  virtual ~WheelEntry() = default;

 private:
  friend class TimerWheel;
  WheelEntry* next_ = nullptr;
  WheelEntry* previous_ = nullptr;
  Tick deadline_ = 0;
  Tick slot_tick_ = 0;  // when its slot is looked at: never later than the deadline
};

// One per event loop, on its thread only.
class TimerWheel {
 public:
  TimerWheel();
  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;

  // Times out after `ticks` full ticks, at most one tick later. Replaces an earlier deadline.
  void arm(WheelEntry& entry, Tick ticks);
  void disarm(WheelEntry& entry);
  // Advances the time and calls on_timeout() of the entries that are due, in the order of their deadlines.
  void advance(Tick ticks);
  Tick now() const { return now_; }

 private:
  // Slots of the wheel: with ticks of 100 ms one turn takes 51 s. Longer deadlines are looked at once a turn.
  static constexpr size_t kSlots = 512;

  struct Head final : WheelEntry {
    void on_timeout() override {}
  };

  void link(WheelEntry& entry, Tick slot_tick);
  static void unlink(WheelEntry& entry);
  void expire_slot();

  std::array<Head, kSlots> slots_;
  Tick now_ = 0;
};

}  // namespace rateguard::net
