#include "store/lease/synced_counters.h"

#include <algorithm>
#include <utility>

namespace rateguard {
namespace {

// A counter without a check during this many reports is not reported any more.
constexpr uint32_t kIdleReports = 10;

}  // namespace

// Outlives its owner if the answer does.
struct SyncedCounters::Report {
  SyncedCounters* owner = nullptr;
  bool is_under_way = false;
  std::vector<Counters::value_type*> counters;  // whose charges the next ones are
  std::vector<Charge> charges;
  std::vector<ChargeGroup> groups;
  std::vector<Counters::value_type*> owing;  // those that can pay a part now
  Counters left_behind;                      // those of a destroyed owner: the charges borrow their keys and limits
};

SyncedCounters::SyncedCounters(RemoteStore& remote, Store& local, Duration interval, size_t counters_max)
    : remote_(remote),
      local_(local),
      interval_(interval),
      counters_max_(counters_max),
      report_(std::make_shared<Report>()) {
  report_->owner = this;
}

SyncedCounters::~SyncedCounters() {
  report_->owner = nullptr;
  report_->left_behind = std::move(counters_);
}

Taken SyncedCounters::charge(Charge& charge, Instant now) {
  now_ = std::max(now_, now);
  auto it = counters_.find(charge.key);
  if (it == counters_.end() || it->second.limit != *charge.limit) {
    if (!can_sync(*charge.limit, interval_)) return Taken::kNotHere;
    if (it == counters_.end() && counters_.size() >= counters_max_) return Taken::kNotHere;
    if (it == counters_.end()) it = counters_.try_emplace(std::string(charge.key)).first;
    it->second.limit = *charge.limit;
  }
  Counter& counter = it->second;
  counter.mode = charge.mode;
  counter.terms = charge.terms;
  counter.terms.on_failure = OnStoreFailure::kAllow;  // a report must not be decided in the remote store's place
  counter.is_asked = true;
  charge.basis = Basis::kCounter;
  // If its own count refuses, that also says for how long. Units that are not charged yet might be admitted a second
  // time when a window has ended or a bucket has filled since.
  const bool exceeds = counter.uncharged() + charge.cost.units > counter.limit.capacity;
  if (counter.is_blocked || (exceeds && left_here(charge) >= charge.cost.units)) {
    refuse(counter, charge);
    return Taken::kDecided;
  }
  local_.charge({std::span(&charge, 1)}, now_);
  if (charge.decision.allowed()) counter.fresh += charge.cost.units;
  return Taken::kDecided;
}

bool SyncedCounters::has_unreported(const Charge& charge) const {
  const auto it = counters_.find(charge.key);
  return it != counters_.end() && it->second.limit == *charge.limit && it->second.unreported() >= charge.cost.units;
}

uint64_t SyncedCounters::give_back(Charge& charge, Instant now) {
  now_ = std::max(now_, now);
  const auto it = counters_.find(charge.key);
  if (it == counters_.end() || it->second.limit != *charge.limit) return 0;
  Counter& counter = it->second;
  charge.basis = Basis::kCounter;
  local_.charge({std::span(&charge, 1)}, now_);
  const uint64_t fresh = std::min(counter.fresh, charge.cost.units);
  const uint64_t owed = std::min(counter.owed, charge.cost.units - fresh);
  counter.fresh -= fresh;
  counter.owed -= owed;
  return fresh + owed;
}

// What its own count has left, by the charge's decision.
uint64_t SyncedCounters::left_here(Charge& charge) {
  const Cost cost = std::exchange(charge.cost, Cost{0});
  local_.charge({std::span(&charge, 1)}, now_);
  charge.cost = cost;
  return charge.decision.remaining;
}

// Owed units are paid when units come back: exactly when is unknown, but not before the next report.
void SyncedCounters::refuse(const Counter& counter, Charge& charge) {
  const uint64_t capacity = counter.limit.capacity;
  const uint64_t room = counter.is_blocked ? 0 : capacity - std::min(capacity, counter.uncharged());
  const uint64_t left = std::min<uint64_t>(left_here(charge), room);
  Decision& decision = charge.decision;
  decision.verdict = Verdict::kRefused;
  decision.remaining = left;
  decision.reset_after = std::max(decision.reset_after, interval_);
  decision.retry_after = charge.cost.units > capacity ? Duration::never() : interval_;
}

void SyncedCounters::forget(std::string_view key) {
  local_.reset(key, {});
  const auto it = counters_.find(key);
  if (it == counters_.end()) return;
  Counter& counter = it->second;
  counter.fresh = counter.owed = 0;
  counter.is_blocked = false;
  counter.is_forgotten = true;
}

void SyncedCounters::forget_all() {
  for (const auto& [key, counter] : counters_) forget(key);
}

void SyncedCounters::tick(Instant now) {
  now_ = std::max(now_, now);
  local_.tick(now_, {});
  if (report_->is_under_way || now_ - reported_ < interval_) return;
  reported_ = now_;
  send_report();
}

void SyncedCounters::send_report() {
  for (auto it = counters_.begin(); it != counters_.end();) {
    Counter& counter = it->second;
    if (!counter.is_asked && counter.uncharged() == 0 && ++counter.idle_reports > kIdleReports) {
      it = counters_.erase(it);
      continue;
    }
    if (counter.is_asked || counter.uncharged() != 0) {
      counter.idle_reports = 0;
      counter.is_asked = false;
      counter.sent = counter.fresh + counter.owed;
      counter.fresh = counter.owed = 0;
      add_to_report(*it, {counter.sent});
    }
    ++it;
  }
  if (!report_->charges.empty()) send(*report_);
}

void SyncedCounters::add_to_report(Counters::value_type& named, Cost cost) {
  Counter& counter = named.second;
  counter.is_forgotten = false;
  report_->counters.push_back(&named);
  Charge call = look(named.first, counter);
  call.cost = cost;
  report_->charges.push_back(call);
}

Charge SyncedCounters::look(std::string_view key, const Counter& counter) const {
  return {.key = key, .limit = &counter.limit, .cost = {0}, .mode = counter.mode, .terms = counter.terms};
}

void SyncedCounters::send(Report& report) {
  reports_.add();
  report.is_under_way = true;
  report.groups.clear();
  for (Charge& charge : report.charges) report.groups.push_back({std::span(&charge, 1)});
  remote_.charge(report.groups, now_, [report = report_] {
    if (report->owner != nullptr) report->owner->on_answer();
  });
}

void SyncedCounters::on_answer() {
  Report& report = *report_;
  for (size_t i = 0; i < report.charges.size(); ++i) take_answer(*report.counters[i], report.charges[i]);
  report.is_under_way = false;
  report.counters.clear();
  report.charges.clear();
  if (report.owing.empty()) return;
  for (Counters::value_type* named : report.owing) add_to_report(*named, {named->second.sent});
  report.owing.clear();
  send(report);
}

void SyncedCounters::take_answer(Counters::value_type& named, const Charge& call) {
  Counter& counter = named.second;
  const uint64_t sent = std::exchange(counter.sent, 0);
  if (counter.is_forgotten) return;
  if (call.basis != Basis::kCounter) {
    lost_units_.add(sent);
    counter.is_blocked = counter.owed != 0;
    return;
  }
  if (call.decision.allowed()) {
    counter.is_blocked = counter.owed != 0;
    if (!counter.is_blocked) set_local(named, call.decision.remaining);
    return;
  }
  counter.owed += sent;
  counter.is_blocked = true;
  const uint64_t payable = std::min(call.decision.remaining, counter.owed);
  if (payable == 0 || payable >= sent) return;  // others have taken them meanwhile: try at the next report
  counter.owed -= payable;
  counter.sent = payable;
  report_->owing.push_back(&named);
}

// Sets its own count so that `remaining` is left, less what has been admitted since that answer.
void SyncedCounters::set_local(Counters::value_type& named, uint64_t remaining) {
  const auto& [key, counter] = named;
  const uint64_t left = remaining - std::min(remaining, counter.fresh);
  Charge charge = look(key, counter);
  local_.charge({std::span(&charge, 1)}, now_);
  const uint64_t left_here = charge.decision.remaining;
  if (left == left_here) return;
  uint64_t used = left_here - std::min(left, left_here);
  if (left > left_here) {
    local_.reset(key, counter.terms);
    used = counter.limit.capacity - left;
  }
  if (used == 0) return;
  charge.cost = {used};
  charge.mode = Mode::kEnforce;
  local_.charge({std::span(&charge, 1)}, now_);
}

}  // namespace rateguard
