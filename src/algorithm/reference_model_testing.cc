#include "algorithm/reference_model_testing.h"

#include <algorithm>
#include <deque>
#include <map>
#include <vector>

#include "algorithm/calendar.h"
#include "base/check.h"

namespace rateguard::algorithm {

class ReferenceLimiter::Model {
 public:
  virtual ~Model() = default;
  // The largest cost that fits at `t`. It never falls while no request comes.
  virtual int64_t room(Instant t) const = 0;
  virtual void take(int64_t cost, Instant t) = 0;
  // From when the counter is as if never used; anything up to `now` means it already is.
  virtual Instant whole_at() const = 0;
  virtual Duration delay(Instant) const { return {}; }
  virtual bool release(size_t, Instant) { return false; }
  // Puts back what is in use, at most `units`.
  virtual void give_back(int64_t, Instant) {}

  // The first instant after `now` at which `cost` fits, by bisection.
  virtual Instant fits_at(int64_t cost, Instant now) const {
    Instant refused = now;
    Instant admitted = std::max(whole_at(), now + Duration{1});
    while (admitted - refused > Duration{1}) {
      const Instant middle = refused + Duration{(admitted - refused).us / 2};
      (room(middle) >= cost ? admitted : refused) = middle;
    }
    return admitted;
  }
};

namespace {

using Int128 = __int128;

int64_t signed_units(uint64_t units) {
  return static_cast<int64_t>(units);
}

Int128 ceil_div(Int128 a, Int128 b) {
  return (a + b - 1) / b;
}

// Water that drains by `units` every microsecond; one unit of cost is `period_us` of it. Nothing needs rounding.
class Bucket final : public ReferenceLimiter::Model {
 public:
  explicit Bucket(const Limit& limit) : limit_(limit) {}

  int64_t room(Instant t) const override {
    return static_cast<int64_t>((Int128{limit_.capacity} * limit_.rate.period.us - water(t)) / limit_.rate.period.us);
  }
  void take(int64_t cost, Instant t) override {
    water_ = water(t) + Int128{cost} * limit_.rate.period.us;
    last_ = std::max(last_, t);
  }
  Instant whole_at() const override {
    return last_ + Duration{static_cast<int64_t>(ceil_div(water_, limit_.rate.units))};
  }
  void give_back(int64_t units, Instant t) override {
    if (water(t) == 0) return;
    water_ = std::max(Int128{0}, water(t) - Int128{units} * limit_.rate.period.us);
    last_ = water_ == 0 ? Instant{} : std::max(last_, t);
  }
  Duration delay(Instant now) const override {
    if (limit_.algorithm != Algorithm::kLeakyBucket) return {};
    return std::max(Duration{}, whole_at() - now);
  }

 private:
  Int128 water(Instant t) const {
    const Int128 drained = Int128{std::max(t, last_).us - last_.us} * limit_.rate.units;
    return std::max(Int128{0}, water_ - drained);
  }

  Limit limit_;
  Int128 water_ = 0;
  Instant last_ = {};
};

// Counts by the start of their window, for every kind of window.
class Fixed final : public ReferenceLimiter::Model {
 public:
  explicit Fixed(const Limit& limit) : limit_(limit) {}

  int64_t room(Instant t) const override {
    const auto found = counts_.find(window(t).start);
    return signed_units(limit_.capacity) - (found == counts_.end() ? 0 : found->second);
  }
  void take(int64_t cost, Instant t) override {
    counts_[window(t).start] += cost;
    last_ = std::max(last_, t);
  }
  void give_back(int64_t units, Instant t) override {
    const auto found = counts_.find(window(t).start);
    if (found == counts_.end()) return;
    last_ = std::max(last_, t);
    found->second -= std::min(found->second, units);
    if (found->second == 0) counts_.clear(), last_ = {};  // like one never used
  }
  Instant whole_at() const override { return counts_.empty() ? Instant{} : window(last_).end; }

 private:
  Window window(Instant now) const {
    const Instant t = std::max(now, last_);
    if (limit_.anchor == Anchor::kEpoch) {
      const int64_t index = t.us / limit_.period().us;
      return {Instant{} + limit_.period() * index, Instant{} + limit_.period() * (index + 1)};
    }
    if (limit_.anchor != Anchor::kFirstRequest) return calendar_window(t, limit_.anchor, limit_.zone);
    if (counts_.empty() || t >= counts_.rbegin()->first + limit_.period()) return {t, t + limit_.period()};
    return {counts_.rbegin()->first, counts_.rbegin()->first + limit_.period()};
  }

  Limit limit_;
  std::map<Instant, int64_t> counts_;
  Instant last_ = {};
};

class SlidingCounter final : public ReferenceLimiter::Model {
 public:
  explicit SlidingCounter(const Limit& limit) : limit_(limit) {}

  int64_t room(Instant now) const override {
    const int64_t period = limit_.period().us;
    const Instant t = std::max(now, last_);
    const Int128 still_inside = period - t.us % period;
    const Int128 weight = Int128{count(t.us / period)} * period + Int128{count(t.us / period - 1)} * still_inside;
    return static_cast<int64_t>((Int128{limit_.capacity} * period - weight) / period);
  }
  void take(int64_t cost, Instant t) override {
    last_ = std::max(last_, t);
    counts_[last_.us / limit_.period().us] += cost;
  }
  void give_back(int64_t units, Instant t) override {
    const int64_t period = limit_.period().us;
    const int64_t index = std::max(last_, t).us / period;
    if (count(index) == 0) return;
    last_ = std::max(last_, t);
    counts_[index] -= std::min(count(index), units);
    std::erase_if(counts_, [&](const auto& window) { return window.second == 0 || window.first < index - 1; });
    if (counts_.empty()) last_ = {};
  }
  Instant whole_at() const override {
    return counts_.empty() ? Instant{} : Instant{} + limit_.period() * (counts_.rbegin()->first + 2);
  }

 private:
  int64_t count(int64_t index) const {
    const auto found = counts_.find(index);
    return found == counts_.end() ? 0 : found->second;
  }

  Limit limit_;
  std::map<int64_t, int64_t> counts_;  // by the window's number since the epoch
  Instant last_ = {};
};

class Log final : public ReferenceLimiter::Model {
 public:
  explicit Log(const Limit& limit) : limit_(limit) {}

  int64_t room(Instant now) const override {
    const Instant t = std::max(now, last_);
    int64_t used = 0;
    for (const Charge& charge : charges_) used += charge.time > t - limit_.period() ? charge.cost : 0;
    return signed_units(limit_.capacity) - used;
  }
  void take(int64_t cost, Instant t) override {
    last_ = std::max(last_, t);
    charges_.push_back({last_, cost});
    while (charges_.front().time <= last_ - limit_.period()) charges_.pop_front();
    if (room(t) >= 0 || charges_.size() == 1) return;
    // Debt: it joins the charge before it if that is less than a 1,024th of the period old.
    const Charge before = charges_[charges_.size() - 2];
    if ((last_ - before.time).us * 1024 >= limit_.period().us) return;
    charges_.back().time = last_ = before.time;
  }
  void give_back(int64_t units, Instant t) override {
    if (room(t) == signed_units(limit_.capacity)) return;
    while (!charges_.empty() && charges_.front().time <= std::max(last_, t) - limit_.period()) charges_.pop_front();
    for (; units > 0 && !charges_.empty(); charges_.pop_back()) {
      const int64_t taken = std::min(units, charges_.back().cost);
      units -= taken;
      charges_.back().cost -= taken;
      if (charges_.back().cost != 0) break;
    }
    last_ = charges_.empty() ? Instant{} : charges_.back().time;
  }
  Instant whole_at() const override { return charges_.empty() ? Instant{} : last_ + limit_.period(); }
  Instant fits_at(int64_t cost, Instant now) const override {
    int64_t fits = room(now);
    for (const Charge& charge : charges_) {
      if (charge.time <= std::max(now, last_) - limit_.period()) continue;
      fits += charge.cost;
      if (fits >= cost) return charge.time + limit_.period();
    }
    RG_CHECK(cost > signed_units(limit_.capacity));
    return now;
  }

 private:
  struct Charge {
    Instant time;
    int64_t cost = 0;
  };
  Limit limit_;
  std::deque<Charge> charges_;
  Instant last_ = {};
};

class Concurrency final : public ReferenceLimiter::Model {
 public:
  explicit Concurrency(const Limit& limit) : limit_(limit) {}

  int64_t room(Instant t) const override {
    int64_t held = 0;
    for (const Hold& hold : holds_) held += hold.expires > t ? hold.cost : 0;
    return signed_units(limit_.capacity) - held;
  }
  void take(int64_t cost, Instant t) override {
    std::erase_if(holds_, [&](const Hold& hold) { return hold.expires <= t; });
    holds_.push_back({admissions_++, t + limit_.period(), cost});
  }
  bool release(size_t admission, Instant now) override {
    const auto is_it = [&](const Hold& hold) { return hold.admission == admission && hold.expires > now; };
    if (std::erase_if(holds_, is_it) == 0) return false;
    std::erase_if(holds_, [&](const Hold& hold) { return hold.expires <= now; });
    return true;
  }
  Instant whole_at() const override {
    Instant last = {};
    for (const Hold& hold : holds_) last = std::max(last, hold.expires);
    return last;
  }

 private:
  struct Hold {
    size_t admission = 0;
    Instant expires;
    int64_t cost = 0;
  };
  Limit limit_;
  std::vector<Hold> holds_;
  size_t admissions_ = 0;
};

std::unique_ptr<ReferenceLimiter::Model> make_model(const Limit& limit) {
  switch (limit.algorithm) {
    case Algorithm::kTokenBucket:
    case Algorithm::kGcra:
    case Algorithm::kLeakyBucket:
      return std::make_unique<Bucket>(limit);
    case Algorithm::kFixedWindow:
      return std::make_unique<Fixed>(limit);
    case Algorithm::kSlidingWindowLog:
      return std::make_unique<Log>(limit);
    case Algorithm::kSlidingWindowCounter:
      return std::make_unique<SlidingCounter>(limit);
    case Algorithm::kConcurrency:
      return std::make_unique<Concurrency>(limit);
  }
  check_failed(__FILE__, __LINE__, "a known algorithm");
}

}  // namespace

ReferenceLimiter::ReferenceLimiter(const Limit& limit) : limit_(limit), model_(make_model(limit)) {}
ReferenceLimiter::ReferenceLimiter(ReferenceLimiter&&) noexcept = default;
ReferenceLimiter& ReferenceLimiter::operator=(ReferenceLimiter&&) noexcept = default;
ReferenceLimiter::~ReferenceLimiter() = default;

Decision ReferenceLimiter::decide(Cost cost, Instant now) {
  if (cost.movement == Movement::kGiveBack) {
    if (cost.units != 0) model_->give_back(signed_units(cost.units), now);
    return report(now);
  }
  if (cost.movement == Movement::kTakeWhole) return take_whole(cost, now);
  const int64_t units = signed_units(cost.units);
  Decision decision = {.limit = limit_.capacity};
  if (units > signed_units(limit_.capacity)) {
    decision.verdict = Verdict::kRefused;
    decision.retry_after = Duration::never();
  } else if (units > 0 && units > model_->room(now)) {
    decision.verdict = Verdict::kRefused;
    decision.retry_after = model_->fits_at(units, now) - now;
  } else if (units > 0) {
    decision.delay = model_->delay(now);
    model_->take(units, now);
  }
  decision.remaining = static_cast<uint64_t>(std::max<int64_t>(0, model_->room(now)));
  decision.reset_after = std::max(Duration{}, model_->whole_at() - now);
  return decision;
}

Decision ReferenceLimiter::report(Instant now) const {
  const int64_t room = model_->room(now);
  return {.limit = limit_.capacity,
          .remaining = static_cast<uint64_t>(std::max<int64_t>(0, room)),
          .reset_after = std::max(Duration{}, model_->whole_at() - now)};
}

Decision ReferenceLimiter::take_whole(Cost cost, Instant now) {
  const bool had_some = model_->room(now) >= 1;
  if (cost.units != 0) model_->take(signed_units(cost.units), now);
  Decision decision = report(now);
  if (had_some) return decision;
  decision.verdict = Verdict::kRefused;
  decision.retry_after = model_->fits_at(1, now) - now;
  return decision;
}

bool ReferenceLimiter::release(size_t admission, Instant now) {
  return model_->release(admission, now);
}

}  // namespace rateguard::algorithm
