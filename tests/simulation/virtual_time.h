// Time that passes as fast as what happens in it, and chance that repeats.
#pragma once

#include <cstdint>
#include <functional>
#include <queue>
#include <random>
#include <utility>
#include <vector>

#include "model/instant.h"

namespace rateguard::simulation {

// The same numbers from the same seed, with every compiler.
class Random {
 public:
  explicit Random(uint64_t seed) : engine_(seed) {}

  uint64_t bits() { return engine_(); }
  // From `low` to `high`, both included.
  int64_t between(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(engine_() % static_cast<uint64_t>(high - low + 1));
  }
  Duration between(Duration low, Duration high) { return Duration{between(low.us, high.us)}; }
  bool chance(int64_t percent) { return between(1, 100) <= percent; }
  template <typename T>
  T one_of(std::initializer_list<T> values) {
    return values.begin()[between(0, static_cast<int64_t>(values.size()) - 1)];
  }

 private:
  std::mt19937_64 engine_;
};

// What will happen, and when. Events of one instant happen in the order in which they were put in.
class Timeline {
 public:
  using Event = std::move_only_function<void()>;

  explicit Timeline(Instant start) : now_(start) {}

  Instant now() const { return now_; }
  void at(Instant t, Event event) { queue_.push({std::max(t, now_), next_++, std::move(event)}); }
  void after(Duration span, Event event) { at(now_ + span, std::move(event)); }
  // Until nothing is left to happen.
  void run() {
    while (!queue_.empty()) {
      // The queue hands out no mutable element; the one that is moved from is dropped at once.
      auto& next = const_cast<Entry&>(queue_.top());
      now_ = next.time;
      Event event = std::move(next.event);
      queue_.pop();
      event();
    }
  }

 private:
  struct Entry {
    Instant time;
    uint64_t order = 0;
    Event event;

    bool operator<(const Entry& other) const { return time != other.time ? time > other.time : order > other.order; }
  };

  Instant now_;
  uint64_t next_ = 0;
  std::priority_queue<Entry> queue_;
};

}  // namespace rateguard::simulation
