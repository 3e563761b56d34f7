#include "store/fallback/breaker.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace rateguard {
namespace {

// A fifth more or less: instances that lost their store at the same instant should not all come back to it at the same
// instant.
constexpr int64_t kJitterFifths = 5;
// The most that doubling may reach so that a fifth more does not exceed kOpenMax.
constexpr Duration kDoubledMax = {Breaker::kOpenMax.us * kJitterFifths / (kJitterFifths + 1)};

Duration jittered(Duration span, uint32_t random) {
  const int64_t spread_us = 2 * span.us / kJitterFifths;
  const auto share_us = static_cast<int64_t>(static_cast<unsigned __int128>(spread_us) * random >> 32);
  return {span.us - span.us / kJitterFifths + share_us};
}

}  // namespace

Breaker::Breaker(const BreakerSettings& settings, std::function<uint32_t()> random,
                 std::function<void(BreakerState)> on_change)
    : settings_(settings), random_(std::move(random)), on_change_(std::move(on_change)), open_for_(settings.open_for) {
  RG_CHECK(settings_.failures > 0 && settings_.open_for > Duration{});
}

std::optional<Breaker::Permit> Breaker::admits(Instant now) {
  now_ = std::max(now_, now);
  if (state_ == BreakerState::kClosed) [[likely]]
    return Permit{period_};
  if (state_ == BreakerState::kOpen) {
    if (now_ < probe_at_) return std::nullopt;
    change(BreakerState::kHalfOpen);
  }
  if (is_probing_) return std::nullopt;
  is_probing_ = true;
  return Permit{period_};
}

void Breaker::succeeded(Permit permit, Instant now) {
  now_ = std::max(now_, now);
  if (permit.period != period_) return;
  failed_in_a_row_ = 0;
  if (state_ == BreakerState::kClosed) [[likely]] {
    ++step().calls;
    return;
  }
  open_for_ = settings_.open_for;
  window_ = {};
  change(BreakerState::kClosed);
}

void Breaker::failed(Permit permit, Instant now) {
  now_ = std::max(now_, now);
  if (permit.period != period_) return;
  if (state_ == BreakerState::kHalfOpen) {
    open_for_ = std::max(settings_.open_for, std::min(open_for_ * 2, kDoubledMax));
    return open();
  }
  Step& step = this->step();
  ++step.calls;
  ++step.failures;
  if (++failed_in_a_row_ >= settings_.failures || too_many_failed()) open();
}

void Breaker::end_wait(Instant now) {
  now_ = std::max(now_, now);
  probe_at_ = std::min(probe_at_, now_);
}

// The step of now_, reset if it belongs to an earlier round.
Breaker::Step& Breaker::step() {
  const int64_t number = now_.us / kWindowStep.us;
  Step& step = window_[static_cast<size_t>(number) % kSteps];
  if (step.number != number) step = {.number = number};
  return step;
}

bool Breaker::too_many_failed() {
  const int64_t last = now_.us / kWindowStep.us;
  uint64_t calls = 0;
  uint64_t failures = 0;
  for (const Step& step : window_) {
    if (step.number <= last - static_cast<int64_t>(kSteps)) continue;
    calls += step.calls;
    failures += step.failures;
  }
  return calls >= kCallsMin && failures * 2 >= calls;
}

void Breaker::open() {
  ++openings_;
  probe_at_ = now_ + jittered(open_for_, random_());
  change(BreakerState::kOpen);
}

void Breaker::change(BreakerState state) {
  state_ = state;
  since_ = now_;
  is_probing_ = false;
  failed_in_a_row_ = 0;
  ++period_;
  if (on_change_) on_change_(state);
}

}  // namespace rateguard
