// Whether a store that may be slow, wrong or gone is asked at all: a circuit breaker (Nygard, "Release It!", second
// edition, section 5.2). Closed, every call goes through. Repeated failures open it, and no call goes through. After a
// while it is half-open: one call at a time, the probe, is let through, and its outcome closes or opens the breaker.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>

#include "model/instant.h"

namespace rateguard {

enum class BreakerState : uint8_t { kClosed, kOpen, kHalfOpen };

struct BreakerSettings {
  // Consecutive failures after which it opens. 5 calls at the deadline of 10 ms are 50 ms, if they come one at a time;
  // fewer would open it whenever a server forks.
  uint32_t failures = 5;  // at least 1
  // How long it stays open, give or take a fifth, before a first probe. Each failed probe doubles it, up to a second,
  // or to open_for if that is longer.
  Duration open_for = Duration::millis(250);
};

// Not thread-safe. The caller supplies the instants; one before the latest is read as the latest.
class Breaker {
 public:
  // The right to make one call, for as long as the breaker stays in the state in which it was given.
  struct Permit {
    uint64_t period = 0;
  };

  // Besides failures in a row, it opens when at least half of this many calls or more within kWindow failed.
  static constexpr uint32_t kCallsMin = 20;
  static constexpr Duration kWindow = Duration::seconds(1);
  // The window moves on by this.
  static constexpr Duration kWindowStep = Duration::millis(100);
  // The most that open_for becomes by doubling, jitter included, so that a store that is back is asked within a second.
  static constexpr Duration kOpenMax = Duration::seconds(1);

  // `random` returns 32 random bits; each opening calls it once. `on_change` is called with each new state, and must
  // not use the breaker; it may be empty.
  Breaker(const BreakerSettings& settings, std::function<uint32_t()> random,
          std::function<void(BreakerState)> on_change = {});

  // Whether a call may be made now. If so, report its outcome once, with succeeded() or failed().
  std::optional<Permit> admits(Instant now);
  // The outcome of a call that began in an earlier state is ignored.
  void succeeded(Permit permit, Instant now);
  void failed(Permit permit, Instant now);

  // There is a sign that the store is back: the next call may be the probe, without further waiting.
  void end_wait(Instant now);

  BreakerState state() const { return state_; }
  // When it entered this state; the epoch if it was never in another.
  Instant since() const { return since_; }
  uint64_t openings() const { return openings_; }

 private:
  // Calls that ended within one step of the window.
  struct Step {
    int64_t number = -1;  // of the step, since the epoch
    uint32_t calls = 0;
    uint32_t failures = 0;
  };
  static constexpr size_t kSteps = static_cast<size_t>(kWindow.us / kWindowStep.us);

  Step& step();
  bool too_many_failed();
  void open();
  void change(BreakerState state);

  const BreakerSettings settings_;
  const std::function<uint32_t()> random_;
  const std::function<void(BreakerState)> on_change_;

  BreakerState state_ = BreakerState::kClosed;
  bool is_probing_ = false;  // half-open: a call is under way
  Instant now_;              // the latest
  Instant since_;
  Instant probe_at_;  // open: until when
  Duration open_for_;
  uint64_t period_ = 0;  // counts changes of state
  uint64_t openings_ = 0;
  uint32_t failed_in_a_row_ = 0;
  std::array<Step, kSteps> window_;
};

}  // namespace rateguard
