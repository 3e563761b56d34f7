// How checks are served from wallets and by calls.
//
// A counter has at most one call under way: `state` is kNone without one, kSent inside RemoteStore::charge(),
// kAnsweredAtOnce if the answer came before that returned, kAwaited afterwards. `waiting` holds the checks that the
// wallet cannot serve, oldest first; it is empty whenever `state` is kNone, outside serve_waiting(). The call is for
// the first `covered` of them plus `extra` units for the wallet; `part`, if not 0, is what the wallet adds to the
// first. A charge and its Asking belong to the caller of LeaseStore::charge() and live until Askings::decided() for the
// last of that call's charges, so no charge is touched after it is decided. A counter is dropped only in state kNone,
// since its call borrows its key and its limit.
#include "store/lease/leased_counters.h"

#include <algorithm>
#include <utility>

namespace rateguard {
namespace {

// The part of the table that one tick examines: 65,536 counters in about two seconds of ticks every 10 ms.
constexpr size_t kBucketsPerTick = 512;
// A counter is dropped after this long without a check: its demand has decayed by then.
constexpr Duration kIdle = Duration::seconds(1);

}  // namespace

LeasedCounters::LeasedCounters(RemoteStore& remote, Askings& askings, Duration life_max, size_t counters_max,
                               std::function<Instant()> time)
    : remote_(remote), askings_(askings), life_max_(life_max), counters_max_(counters_max), time_(std::move(time)) {}

Taken LeasedCounters::charge(Charge& charge, Instant now, Asking& asking) {
  now_ = std::max(now_, now);
  Counter* found = counter_for(charge);
  if (found == nullptr) return Taken::kNotHere;
  Counter& counter = *found;
  if (charge.cost.units > counter.terms.charged.capacity) return Taken::kNotHere;
  counter.demand.record_demand(charge.cost, now_, counter.terms.life);
  if (counter.waiting.empty() && take_from_wallet(counter, charge, now_)) return Taken::kDecided;
  counter.waiting.push_back({.charge = &charge, .since = now_, .asking = &asking});
  if (counter.state == CallState::kNone) serve_waiting(counter);
  return Taken::kWaits;
}

// Null if the charge is to be decided without a wallet.
LeasedCounters::Counter* LeasedCounters::counter_for(const Charge& charge) {
  auto it = counters_.find(charge.key);
  if (it != counters_.end() && it->second.limit == *charge.limit) return &it->second;
  // An edited limit starts a new counter, once the checks that wait under the old one have been answered.
  if (it != counters_.end() && it->second.state != CallState::kNone) return nullptr;
  const auto terms = lease_terms(*charge.limit, life_max_);
  if (!terms) return nullptr;
  if (it == counters_.end()) {
    if (counters_.size() >= counters_max_) return nullptr;
    it = counters_.try_emplace(std::string(charge.key)).first;
  }
  Counter& counter = it->second;
  counter.owner = this;
  counter.limit = *charge.limit;
  counter.terms = *terms;
  counter.wallet = {};
  counter.remaining.reset();
  counter.demand = {.since = now_};
  counter.call = {.key = it->first};
  return &counter;
}

uint64_t LeasedCounters::held(std::string_view key, Instant now) const {
  const auto it = counters_.find(key);
  return it == counters_.end() ? 0 : it->second.wallet.at(now);
}

// Giving back returns at most what is used, and for the remote store a wallet's units are used. If more was given back
// than was used otherwise, the wallet's units are in the remote store again, and must not be used twice.
void LeasedCounters::learn(const Charge& charge, uint64_t remaining) {
  const auto it = counters_.find(charge.key);
  if (it == counters_.end() || it->second.limit != *charge.limit) return;
  Counter& counter = it->second;
  counter.remaining = remaining;
  if (charge.cost.movement != Movement::kGiveBack) return;
  const uint64_t capacity = counter.terms.charged.capacity;
  counter.wallet.units = std::min(counter.wallet.units, capacity - std::min(capacity, remaining));
}

void LeasedCounters::forget(std::string_view key) {
  const auto it = counters_.find(key);
  if (it == counters_.end()) return;
  it->second.wallet = {};
  it->second.remaining.reset();
  it->second.is_forgotten = true;
}

void LeasedCounters::forget_all() {
  for (auto& [key, counter] : counters_) {
    counter.wallet = {};
    counter.remaining.reset();
    counter.is_forgotten = true;
  }
}

void LeasedCounters::tick(Instant now) {
  now_ = std::max(now_, now);
  for (size_t i = 0; i < std::min(kBucketsPerTick, counters_.bucket_count()); ++i) {
    if (sweep_at_ >= counters_.bucket_count()) sweep_at_ = 0;
    for (auto it = counters_.begin(sweep_at_); it != counters_.end(sweep_at_);) {
      const Counter& counter = it->second;
      const std::string& key = it->first;
      ++it;
      const bool is_idle = counter.state == CallState::kNone && now_ - counter.demand.since > kIdle;
      if (is_idle) counters_.erase(key);
    }
    ++sweep_at_;
  }
}

void LeasedCounters::Demand::record_demand(Cost cost, Instant now, Duration life) {
  // A unit that weighs 2^-64 weighs nothing.
  const int64_t lives = std::min<int64_t>((now - since).us / life.us, 64);
  if (lives > 0) {
    average = (average + current) / 2;
    average = lives == 64 ? 0 : average >> (lives - 1);
    current = 0;
    since = now;
  }
  current += cost.units;
}

// Serves waiting checks until there are none, or a call is under way for the first of them.
void LeasedCounters::serve_waiting(Counter& counter) {
  while (true) {
    serve_from_wallet(counter);
    if (counter.waiting.empty()) {
      counter.state = CallState::kNone;
      return;
    }
    size_call(counter);
    send(counter);
    if (counter.state != CallState::kAnsweredAtOnce) return;
    take_answer(counter);
  }
}

void LeasedCounters::serve_from_wallet(Counter& counter) {
  size_t served = 0;
  for (const Waiting& waiting : counter.waiting) {
    if (!take_from_wallet(counter, *waiting.charge, waiting.since)) break;
    ++served;
  }
  drop_waiting(counter, served);
}

// The call is for the first waiting check in any case, and for more if they are likely to fit.
void LeasedCounters::size_call(Counter& counter) {
  if (counter.part != 0) {
    counter.covered = 1;
    counter.extra = 0;
    counter.call.cost = {counter.waiting.front().charge->cost.units - counter.part};
    return;
  }
  const uint64_t room = std::min(counter.remaining.value_or(0), counter.terms.charged.capacity);
  uint64_t units = counter.waiting.front().charge->cost.units;
  counter.covered = 1;
  if (counter.refused < 2) {
    while (counter.covered < counter.waiting.size()) {
      const uint64_t more = units + counter.waiting[counter.covered].charge->cost.units;
      if (more > room) break;
      units = more;
      ++counter.covered;
    }
  }
  const uint64_t next = counter.demand.next();
  const bool takes_more = counter.refused == 0 && counter.covered == counter.waiting.size();
  counter.extra = takes_more && next > units && room > units ? std::min(next - units, (room - units) / 2) : 0;
  counter.call.cost = {units + counter.extra};
}

void LeasedCounters::send(Counter& counter) {
  const Waiting& first = counter.waiting.front();
  Charge& call = counter.call;
  call.limit = &counter.terms.charged;
  call.mode = first.charge->mode;
  call.terms = first.charge->terms;
  call.basis = Basis::kCounter;
  call.decision = {};
  counter.group = {std::span(&call, 1)};
  counter.asked_at = now_;
  counter.is_forgotten = false;
  counter.state = CallState::kSent;
  calls_.add();
  // With the time at which the first waiting check arrived: the remote store's deadline counts from there.
  remote_.charge(std::span(&counter.group, 1), first.since, [&counter] { counter.owner->on_answer(counter); });
  if (counter.state == CallState::kSent) counter.state = CallState::kAwaited;
}

void LeasedCounters::on_answer(Counter& counter) {
  if (counter.state == CallState::kSent) {
    counter.state = CallState::kAnsweredAtOnce;
    return;
  }
  take_answer(counter);
  serve_waiting(counter);
  askings_.tell();
}

void LeasedCounters::take_answer(Counter& counter) {
  const Charge& call = counter.call;
  if (call.basis != Basis::kCounter && call.basis != Basis::kLocalShare) return pass_to_all(counter);
  counter.remaining = call.decision.remaining;
  counter.told_limit = call.basis == Basis::kCounter ? counter.limit.capacity : call.decision.limit;
  counter.unused_at = counter.asked_at + call.decision.reset_after;
  if (!call.decision.allowed()) return take_refusal(counter);
  counter.refused = 0;
  if (counter.part != 0) return take_rest(counter, std::exchange(counter.part, 0));
  if (counter.extra != 0 && !counter.is_forgotten) add_to_wallet(counter);
  for (size_t i = 0; i < counter.covered; ++i) {
    admit(counter, *counter.waiting[i].charge, counter.waiting[i].since, call.basis);
  }
  drop_waiting(counter, counter.covered);
}

void LeasedCounters::add_to_wallet(Counter& counter) {
  const Wallet more = {.units = counter.extra,
                       .end = counter.asked_at + life_of_units(counter.terms, counter.call.decision),
                       .basis = counter.call.basis};
  Wallet& wallet = counter.wallet;
  const uint64_t old = wallet.at(counter.asked_at);
  // A few old units are not worth an earlier expiry.
  if (wallet.basis != more.basis || old <= more.units) {
    wallet = more;
  } else {
    wallet = {.units = old + more.units, .end = std::min(wallet.end, more.end), .basis = more.basis};
  }
}

bool LeasedCounters::take_from_wallet(Counter& counter, Charge& charge, Instant since) {
  if (charge.cost.units > counter.wallet.at(since)) return false;
  counter.wallet.units -= charge.cost.units;
  admit(counter, charge, since, counter.wallet.basis);
  from_wallets_.add();
  return true;
}

void LeasedCounters::take_refusal(Counter& counter) {
  ++counter.refused;
  if (counter.covered > 1 || counter.extra != 0) return;  // ask again, for less
  counter.refused = 0;
  const Cost cost = counter.waiting.front().charge->cost;
  Decision refusal = counter.call.decision;
  if (std::exchange(counter.part, 0) != 0) {  // others have taken the rest meanwhile
    refusal = counter.refusal;
    refusal.remaining = counter.call.decision.remaining;
  } else if (can_add_wallet(counter)) {
    counter.part = counter.wallet.units;
    counter.refusal = refusal;
    return;
  }
  // It holds for all waiting checks of that cost.
  for (Waiting& waiting : counter.waiting) {
    if (waiting.charge->cost != cost) continue;
    Charge& charge = *waiting.charge;
    charge.basis = counter.call.basis;
    charge.decision = refusal;
    charge.decision.limit = counter.told_limit;
    charge.decision.remaining = refusal.remaining + counter.wallet.at(waiting.since);
    askings_.decided(*waiting.asking);
  }
  std::erase_if(counter.waiting, [cost](const Waiting& waiting) { return waiting.charge->cost == cost; });
}

// Whether the wallet and the remote store together can serve the first waiting check.
bool LeasedCounters::can_add_wallet(const Counter& counter) const {
  const uint64_t held = counter.wallet.basis == counter.call.basis ? counter.wallet.at(time_()) : 0;
  return held != 0 && held + counter.call.decision.remaining >= counter.waiting.front().charge->cost.units;
}

// The call has brought what the wallet lacks. Both are used now, so both have to be available.
void LeasedCounters::take_rest(Counter& counter, uint64_t part) {
  const Instant now = time_();
  if (counter.wallet.at(now) >= part && counter.wallet.basis == counter.call.basis) {
    counter.wallet.units -= part;
    admit(counter, *counter.waiting.front().charge, now, counter.call.basis);
    return drop_waiting(counter, 1);
  }
  counter.extra = counter.call.cost.units;
  if (!counter.is_forgotten) add_to_wallet(counter);
}

// The remote store could not be asked, or was not: the call's decision applies to all checks that the wallet cannot
// serve.
void LeasedCounters::pass_to_all(Counter& counter) {
  counter.refused = 0;
  counter.part = 0;
  for (const Waiting& waiting : counter.waiting) {
    Charge& charge = *waiting.charge;
    if (take_from_wallet(counter, charge, waiting.since)) continue;
    charge.basis = counter.call.basis;
    charge.decision = counter.call.decision;
    charge.decision.limit = counter.limit.capacity;
    if (charge.basis == Basis::kAllowed) charge.decision.remaining = counter.limit.capacity;
  }
  drop_waiting(counter, counter.waiting.size());
}

void LeasedCounters::admit(Counter& counter, Charge& charge, Instant since, Basis basis) {
  charge.basis = basis;
  const uint64_t left = counter.remaining.value_or(0) + counter.wallet.at(since);
  charge.decision = {.limit = counter.told_limit,
                     .remaining = std::min(left, counter.told_limit),
                     .reset_after = std::max(counter.unused_at - since, Duration{1})};
}

void LeasedCounters::drop_waiting(Counter& counter, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    askings_.decided(*counter.waiting[i].asking);
  }
  counter.waiting.erase(counter.waiting.begin(), counter.waiting.begin() + static_cast<ptrdiff_t>(count));
}

}  // namespace rateguard
