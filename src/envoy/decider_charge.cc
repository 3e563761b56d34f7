// From limits to counts: the store's part in a decision.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numeric>

#include "base/check.h"
#include "envoy/decider.h"

namespace rateguard::envoy {
namespace {

// Until the window that holds `now` ends. Windows begin with the Unix epoch.
Duration rest_of_window(Duration period, Instant now) {
  return {period.us - now.us % period.us};
}

Duration whole_seconds(Duration wait, Duration period) {
  return Duration::seconds((wait.is_never() ? period : wait).ceil_seconds());
}

// Whether limits are looked at first, so that a request that overruns one takes nothing from the others.
bool spares_others(Counting counting) {
  return counting == Counting::kAdmittedOnce || counting == Counting::kEveryRequestOnce;
}

}  // namespace

// In envoyproxy/ratelimit any descriptor that is over does, whatever its mode; here, one that refuses the request.
bool Decider::Job::holds_others_back(Counting how) const {
  const bool is_quota = limit != nullptr && limit->quota_mode;
  return how == Counting::kEveryRequestOnce || (mode() == Mode::kEnforce && !is_quota);
}

// A limit that takes debt counts refused requests anyway.
bool Decider::Job::counts_refusals(Counting how) const {
  const bool counts = how == Counting::kEveryRequest || how == Counting::kEveryRequestOnce;
  return counts && is_window() && !own.overdraft;
}

std::string_view Decider::key_of(const Job& job) const {
  return std::string_view(key_bytes_).substr(job.key_begin, job.key_end - job.key_begin);
}

void Decider::charge(Counting counting, bool atomic, Now now) {
  for (Job& job : jobs_) {
    if (!job.is_limited) continue;
    job.until_reset = whole_seconds(rest_of_window(job.period, now), job.period);
    job.most = job.is_window() ? job.current.requests_per_unit : job.own.capacity;
    const bool has_key = job.key_end != job.key_begin;
    if (job.counts_refusals(counting) && has_key) continue;
    const bool fits_never = job.hits > kUnitsMax || (job.most == 0 && job.hits > 0);
    job.is_impossible = job.is_impossible || (fits_never && !job.settles());
    job.over = job.is_impossible && !job.gives_back;
  }
  is_atomic_ = atomic;
  if (atomic) return charge_atomically(now);
  if (spares_others(counting)) look_before(counting, now);
  const bool spare_others = spares_others(counting) && std::ranges::any_of(jobs_, [counting](const Job& job) {
                              return job.is_limited && job.over && job.holds_others_back(counting);
                            });
  charges_.clear();
  charged_.clear();
  for (size_t i = 0; i < jobs_.size(); ++i) {
    Job& job = jobs_[i];
    if (!job.is_limited || job.is_impossible) continue;
    const bool counts = job.counts_refusals(counting);
    if (job.most == 0 && !counts) continue;  // a ban that is only looked at
    const Cost cost = spare_others && !job.over && !job.settles() ? Cost{0} : job.cost();
    add_charge(i, counts ? job.counting : job.own, cost);
  }
  ask_each(now);
  for (size_t i = 0; i < charges_.size(); ++i) {
    Job& job = jobs_[charged_[i]];
    take_decision(job, charges_[i], job.counts_refusals(counting));
  }
}

void Decider::add_charge(size_t job, const Limit& limit, Cost cost) {
  const RateLimit* const configured = jobs_[job].limit;
  charges_.push_back({.key = key_of(jobs_[job]),
                      .limit = &limit,
                      .cost = cost_on(limit, cost),
                      .mode = jobs_[job].mode(),
                      .terms = {.on_failure = configured != nullptr ? configured->spec.on_store_failure : on_failure_,
                                .hash_tag_from = is_atomic_ ? kOneHashTag : KeyOffset{0},
                                .store = jobs_[job].store}});
  charged_.push_back(job);
}

// Each charge on its own; one after the other, since two descriptors of a request may share a counter.
void Decider::ask_each(Now now) {
  groups_.clear();
  for (Charge& charge : charges_) groups_.push_back({{&charge, 1}});
  if (groups_.empty()) return;
  groups_.size() == 1 ? store_.charge(groups_.front(), now) : store_.charge_batch(groups_, now);
  note_undecided();
}

void Decider::note_undecided() {
  for (const Charge& charge : charges_) {
    is_undecided_ = is_undecided_ || (charge.basis == Basis::kDenied && charge.mode == Mode::kEnforce);
  }
  was_left_ =
      was_left_ || std::ranges::all_of(charges_, [](const Charge& charge) { return charge.basis == Basis::kNotAsked; });
}

void Decider::take_decision(Job& job, const Charge& charge, bool counts_refusals) {
  const Decision& decision = charge.decision;
  job.debt_is_cut = decision.debt_is_cut;
  job.degraded = charge.basis != Basis::kCounter;
  if (job.gives_back) return take_given_back(job, decision, counts_refusals);
  const uint64_t left = decision.remaining;
  const uint64_t taken = decision.allowed() ? charge.cost.units : 0;
  if (counts_refusals) {
    // The limit that is charged is as wide as a counter: what it has left gives the count, which is compared with the
    // configured limit here.
    job.before = kUnitsMax - left - taken;
    job.after = job.before + (charge.cost.units == 0 ? 0 : job.hits);
    job.over = job.after > job.most;
    return;
  }
  job.most = std::max<uint64_t>(job.most, decision.limit);
  job.over = !decision.allowed();
  job.after = job.most - std::min(job.most, left);
  job.before = job.after - std::min(job.after, taken);
  if (!job.is_window()) {
    job.until_reset = whole_seconds(job.over ? decision.retry_after : decision.reset_after, job.period);
  }
}

void Decider::take_given_back(Job& job, const Decision& decision, bool counts_refusals) {
  if (!counts_refusals) job.most = std::max<uint64_t>(job.most, decision.limit);
  const uint64_t most = counts_refusals ? kUnitsMax : job.most;
  job.over = false;
  job.after = job.before = most - std::min<uint64_t>(most, decision.remaining);
  if (!job.is_window()) job.until_reset = whole_seconds(decision.reset_after, job.period);
}

// Looks before anything is added, and marks limits that this request overruns as over.
void Decider::look_before(Counting counting, Now now) {
  charges_.clear();
  charged_.clear();
  for (size_t i = 0; i < jobs_.size(); ++i) {
    const Job& job = jobs_[i];
    if (!job.is_limited || job.is_impossible || job.gives_back) continue;
    const bool counts = job.counts_refusals(counting);
    if (job.most == 0 && !counts) continue;
    add_charge(i, counts ? job.counting : job.own, Cost{0});
    charges_.back().cost = Cost{0};  // not kTakeWhole, which a limit that takes debt might refuse
  }
  ask_each(now);
  for (size_t i = 0; i < charges_.size(); ++i) {
    Job& job = jobs_[charged_[i]];
    const uint64_t left = charges_[i].decision.remaining;
    job.over = job.counts_refusals(counting) ? kUnitsMax - left + job.hits > job.most : job.hits > left;
  }
}

// All charges of the request in one group. A group's keys are distinct: descriptors that share a counter are one charge
// of the sum, against the narrower of their limits.
void Decider::charge_atomically(Now now) {
  // A charge that no store can admit: it holds the whole group back and never gets a counter.
  static const Limit kNever;  // a capacity of 1
  constexpr Cost kTooMuch{2};

  order_.clear();
  bool impossible = false;
  for (size_t i = 0; i < jobs_.size(); ++i) {
    const Job& job = jobs_[i];
    if (!job.is_limited) continue;
    if (job.is_impossible) {
      impossible = impossible || (job.over && job.mode() == Mode::kEnforce);
    } else if (job.most != 0) {
      order_.push_back(i);
    }
  }
  // By key, then in their own order.
  std::ranges::sort(order_, [&](size_t a, size_t b) {
    const int compared = key_of(jobs_[a]).compare(key_of(jobs_[b]));
    return compared != 0 ? compared < 0 : a < b;
  });
  impossible = !merge_charges() || impossible;
  if (impossible)
    charges_.push_back({.key = "E", .limit = &kNever, .cost = kTooMuch, .terms = {.hash_tag_from = kOneHashTag}});
  if (charges_.empty()) return;
  store_.charge({charges_}, now);
  note_undecided();

  const bool admitted = !impossible && std::ranges::all_of(charges_, [](const Charge& charge) {
    return charge.mode == Mode::kShadow || charge.decision.allowed();
  });
  size_t at = 0;
  for (const size_t i : order_) {
    Job& job = jobs_[i];
    while (charges_[at].key != key_of(job)) ++at;
    take_decision(job, charges_[at], false);
    // Held back by another descriptor: nothing was taken after all.
    if (!admitted && is_held_back_by_others(charges_[at]) && !job.over) job.after = job.before;
  }
}

// One charge for each counter of `order_`. False if one of them would take more than any counter holds.
bool Decider::merge_charges() {
  charges_.clear();
  charged_.clear();
  sums_.clear();
  for (const size_t i : order_) {
    const Job& job = jobs_[i];
    const int64_t hits = static_cast<int64_t>(job.cost().units) * (job.gives_back ? -1 : 1);
    if (charges_.empty() || charges_.back().key != key_of(job)) {
      add_charge(i, job.own, {0});
      sums_.push_back(hits);
      continue;
    }
    Charge& charge = charges_.back();
    sums_.back() += hits;
    if (job.own.capacity < charge.limit->capacity) charge.limit = &job.own;
    if (job.mode() == Mode::kEnforce) charge.mode = Mode::kEnforce;
  }
  constexpr auto kMost = static_cast<int64_t>(kUnitsMax);
  bool fits = true;
  for (size_t i = 0; i < charges_.size(); ++i) {
    const auto units = static_cast<uint64_t>(std::min<int64_t>(std::abs(sums_[i]), kMost));
    Charge& charge = charges_[i];
    charge.cost = cost_on(*charge.limit, {units, sums_[i] < 0 ? Movement::kGiveBack : Movement::kTake});
    fits = fits && (sums_[i] <= kMost || charge.limit->overdraft);
  }
  return fits;
}

}  // namespace rateguard::envoy
