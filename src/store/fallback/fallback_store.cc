#include "store/fallback/fallback_store.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "store/fallback/share.h"

namespace rateguard {
namespace {

// The wait given if none is known: the breaker asks the store at least that often.
constexpr Duration kAskAgain = Breaker::kOpenMax;

bool is_unavailable(const ChargeGroup& group) {
  return !group.charges.empty() && group.charges.front().basis == Basis::kUnavailable;
}

void allow(Charge& charge) {
  const uint64_t capacity = charge.limit->capacity;
  charge.basis = Basis::kAllowed;
  charge.decision = {.limit = capacity, .remaining = capacity};
}

void deny(Charge& charge) {
  charge.basis = Basis::kDenied;
  charge.decision = {.verdict = Verdict::kRefused,
                     .limit = charge.limit->capacity,
                     .retry_after = kAskAgain,
                     .reset_after = kAskAgain};
}

}  // namespace

FallbackStore::FallbackStore(RemoteStore& remote, Store& local, FallbackOptions options)
    : remote_(remote),
      local_(local),
      instances_(std::move(options.instances)),
      breaker_(options.breaker, std::move(options.random),
               [this, told = std::move(options.on_change)](BreakerState state) {
                 state_.store(state, std::memory_order_relaxed);
                 if (state == BreakerState::kOpen) openings_.add();
                 if (told) told(state);
               }) {}

void FallbackStore::charge(std::span<ChargeGroup> groups, Now now, Done done) {
  advance_clock(now);
  if (groups.empty()) return done();
  const auto permit = breaker_.admits(now_);
  if (!permit) {
    for (const ChargeGroup& group : groups) decide(group);
    charge_local();
    return done();
  }
  Pending& pending = take_pending();
  pending.groups = groups;
  pending.permit = *permit;
  pending.done = std::move(done);
  // One pointer, which a Done holds without allocating.
  remote_.charge(groups, now, [&pending] { pending.owner->on_answer(pending); });
}

void FallbackStore::reset(std::string_view key, const Terms& terms, Instant now,
                          std::move_only_function<void(ResetResult)> done) {
  advance_clock(now);
  const bool was_here = local_.reset(key, terms) == ResetResult::kForgotten;
  const auto permit = breaker_.admits(now_);
  if (!permit) return done(ResetResult::kUnavailable);
  remote_.reset(key, terms, now,
                [this, permit = *permit, was_here, done = std::move(done)](ResetResult result) mutable {
                  note_end(permit, result != ResetResult::kUnavailable);
                  done(was_here && result == ResetResult::kNotThere ? ResetResult::kForgotten : result);
                });
}

void FallbackStore::release(const HoldId& hold, Instant now, std::move_only_function<void(ReleaseResult)> done) {
  advance_clock(now);
  if (local_.release(hold, now_) == ReleaseResult::kReleased) return done(ReleaseResult::kReleased);
  const auto permit = breaker_.admits(now_);
  if (!permit) return done(ReleaseResult::kUnavailable);
  remote_.release(hold, now, [this, permit = *permit, done = std::move(done)](ReleaseResult result) mutable {
    note_end(permit, result != ReleaseResult::kUnavailable);
    done(result);
  });
}

void FallbackStore::probe(Instant now, const std::function<void(Told told)>& ask) {
  advance_clock(now);
  const auto permit = breaker_.admits(now_);
  if (!permit) return;
  ask([this, permit = *permit](bool works) { note_end(permit, works); });
}

void FallbackStore::end_wait(Instant now) {
  advance_clock(now);
  breaker_.end_wait(now_);
}

void FallbackStore::tick(Instant now) {
  advance_clock(now);
  remote_.tick(now);
}

FallbackStats FallbackStore::stats() const {
  return {.groups = groups_.value(),
          .failures = failures_.value(),
          .openings = openings_.value(),
          .state = state_.load(std::memory_order_relaxed)};
}

void FallbackStore::advance_clock(Now now) {
  now_ = std::max(now_, now);
}

void FallbackStore::note_end(Breaker::Permit permit, bool good) {
  if (good) return breaker_.succeeded(permit, now_);
  failures_.add();
  breaker_.failed(permit, now_);
}

FallbackStore::Pending& FallbackStore::take_pending() {
  if (free_ == nullptr) return pendings_.emplace_back(Pending{.owner = this});
  return *std::exchange(free_, free_->next_free);
}

void FallbackStore::on_answer(Pending& pending) {
  bool good = true;
  for (const ChargeGroup& group : pending.groups) {
    if (!is_unavailable(group)) continue;
    good = false;
    decide(group);
  }
  charge_local();
  note_end(pending.permit, good);
  // The callback may make the next call.
  Done done = std::move(pending.done);
  pending.next_free = std::exchange(free_, &pending);
  done();
}

// Decides charges that need no counter, and collects the others for charge_local().
void FallbackStore::decide(ChargeGroup group) {
  const bool is_undecided = std::ranges::any_of(group.charges, [](const Charge& charge) {
    return charge.mode == Mode::kEnforce && charge.terms.on_failure == OnStoreFailure::kDeny;
  });
  for (Charge& charge : group.charges) {
    switch (charge.terms.on_failure) {
      case OnStoreFailure::kAllow:
        allow(charge);
        break;
      case OnStoreFailure::kDeny:
        deny(charge);
        break;
      case OnStoreFailure::kLocal:
        add_local(charge, is_undecided && charge.mode == Mode::kEnforce ? Cost{0} : charge.cost);
        break;
    }
  }
  if (shares_.size() != (share_ends_.empty() ? 0 : share_ends_.back())) share_ends_.push_back(shares_.size());
  groups_.add();
}

void FallbackStore::add_local(Charge& charge, Cost cost) {
  if (instances_now_ == 0) instances_now_ = std::max(instances_ ? instances_() : 1U, 1U);
  asked_.push_back(&charge);
  share_limits_.push_back(share_of(*charge.limit, instances_now_));
  shares_.push_back({.key = charge.key, .cost = cost, .mode = charge.mode, .terms = charge.terms});
}

void FallbackStore::charge_local() {
  if (shares_.empty()) return;
  for (size_t i = 0; i < shares_.size(); ++i) shares_[i].limit = &share_limits_[i];
  size_t begin = 0;
  for (const size_t end : share_ends_) {
    share_groups_.push_back({std::span(shares_).subspan(begin, end - begin)});
    begin = end;
  }
  local_.charge_batch(share_groups_, now_);
  for (size_t i = 0; i < shares_.size(); ++i) {
    Charge& charge = *asked_[i];
    charge.basis = Basis::kLocalShare;
    charge.decision = shares_[i].decision;
    // Too much for a share, but not for the limit: it will fit when the store is back.
    Duration& wait = charge.decision.retry_after;
    if (wait.is_never() && charge.cost.units <= charge.limit->capacity) wait = kAskAgain;
  }
  asked_.clear();
  shares_.clear();
  share_limits_.clear();
  share_ends_.clear();
  share_groups_.clear();
  instances_now_ = 0;
}

}  // namespace rateguard
