// From limits to counts: the store's part in a decision.
#include <algorithm>
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

bool counts_refusals(Counting counting, bool is_window) {
  return counting != Counting::kAdmitted && is_window;
}

}  // namespace

std::string_view Decider::key_of(const Job& job) const {
  return std::string_view(key_bytes_).substr(job.key_begin, job.key_end - job.key_begin);
}

void Decider::charge(Counting counting, bool atomic, Now now) {
  for (Job& job : jobs_) {
    if (!job.is_limited) continue;
    job.until_reset = whole_seconds(rest_of_window(job.period, now), job.period);
    job.most = job.is_window() ? job.current.requests_per_unit : job.own.capacity;
    const bool has_key = job.key_end != job.key_begin;
    if (counts_refusals(counting, job.is_window()) && has_key) continue;
    job.is_impossible = job.is_impossible || job.hits > UINT32_MAX || (job.most == 0 && job.hits > 0);
    job.over = job.is_impossible;
  }
  is_atomic_ = atomic;
  if (atomic) return charge_atomically(now);
  if (counting == Counting::kEveryRequestOnce) count_before(now);
  const bool spare_others = counting == Counting::kEveryRequestOnce &&
                            std::ranges::any_of(jobs_, [](const Job& job) { return job.is_limited && job.over; });
  charges_.clear();
  charged_.clear();
  for (size_t i = 0; i < jobs_.size(); ++i) {
    Job& job = jobs_[i];
    if (!job.is_limited || job.is_impossible) continue;
    const bool counts = counts_refusals(counting, job.is_window());
    if (job.most == 0 && !counts) continue;  // a ban that is only looked at
    const Cost cost = counts && spare_others && !job.over ? Cost{0} : job.cost();
    add_charge(i, counts ? job.counting : job.own, cost);
  }
  ask_each(now);
  for (size_t i = 0; i < charges_.size(); ++i) {
    Job& job = jobs_[charged_[i]];
    take_decision(job, charges_[i], counts_refusals(counting, job.is_window()));
  }
}

void Decider::add_charge(size_t job, const Limit& limit, Cost cost) {
  const RateLimit* const configured = jobs_[job].limit;
  charges_.push_back({.key = key_of(jobs_[job]),
                      .limit = &limit,
                      .cost = cost,
                      .mode = jobs_[job].mode(),
                      .on_failure = configured != nullptr ? configured->spec.on_store_failure : on_failure_,
                      .place_from = is_atomic_ ? kOnePlace : KeyOffset{0}});
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
}

void Decider::take_decision(Job& job, const Charge& charge, bool counts_refusals) {
  const Decision& decision = charge.decision;
  const uint64_t left = decision.remaining;
  const uint64_t taken = decision.allowed() ? charge.cost.units : 0;
  if (counts_refusals) {
    // The limit asked is as wide as a counter: what it has left says the count, and the configured limit is compared
    // here.
    job.before = uint64_t{UINT32_MAX} - left - taken;
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

// What the counters hold before anything is added: a counter that this request overruns is marked as over.
void Decider::count_before(Now now) {
  charges_.clear();
  charged_.clear();
  for (size_t i = 0; i < jobs_.size(); ++i) {
    const Job& job = jobs_[i];
    if (job.is_limited && !job.is_impossible && job.is_window()) add_charge(i, job.counting, Cost{0});
  }
  ask_each(now);
  for (size_t i = 0; i < charges_.size(); ++i) {
    Job& job = jobs_[charged_[i]];
    const uint64_t count = uint64_t{UINT32_MAX} - charges_[i].decision.remaining;
    job.over = count + job.hits > job.most;
  }
}

// All charges of the request in one group. A group's keys are distinct: descriptors that share a counter are one charge
// of the sum, against the narrower of their limits.
void Decider::charge_atomically(Now now) {
  // A charge that no store can admit: it holds the whole group back and is never kept.
  static const Limit kNever;  // a capacity of 1
  constexpr Cost kTooMuch{2};

  order_.clear();
  bool impossible = false;
  for (size_t i = 0; i < jobs_.size(); ++i) {
    const Job& job = jobs_[i];
    if (!job.is_limited) continue;
    if (job.is_impossible) {
      impossible = impossible || job.mode() == Mode::kEnforce;
    } else if (job.most != 0) {
      order_.push_back(i);
    }
  }
  // By key, then in their own order.
  std::ranges::sort(order_, [&](size_t a, size_t b) {
    const int compared = key_of(jobs_[a]).compare(key_of(jobs_[b]));
    return compared != 0 ? compared < 0 : a < b;
  });
  charges_.clear();
  charged_.clear();
  for (const size_t i : order_) {
    const Job& job = jobs_[i];
    const bool shares = !charges_.empty() && charges_.back().key == key_of(job);
    if (!shares) {
      add_charge(i, job.own, job.cost());
    } else {
      Charge& charge = charges_.back();
      const uint64_t sum = uint64_t{charge.cost.units} + job.hits;
      impossible = impossible || sum > UINT32_MAX;
      charge.cost.units = static_cast<uint32_t>(std::min<uint64_t>(sum, UINT32_MAX));
      if (job.own.capacity < charge.limit->capacity) charge.limit = &job.own;
      if (job.mode() == Mode::kEnforce) charge.mode = Mode::kEnforce;
    }
  }
  if (impossible) charges_.push_back({.key = "E", .limit = &kNever, .cost = kTooMuch, .place_from = kOnePlace});
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
    // Held back by another: nothing was taken after all.
    if (!admitted && charges_[at].mode == Mode::kEnforce && !job.over) job.after = job.before;
  }
}

}  // namespace rateguard::envoy
