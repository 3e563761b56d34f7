#include "store/split/split_store.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "base/check.h"

namespace rateguard {
namespace {

bool is_of(std::span<const Charge> charges, StoreNumber store) {
  return std::ranges::all_of(charges, [&](const Charge& charge) { return charge.terms.store == store; });
}

}  // namespace

// One call of charge().
struct SplitStore::Asking {
  void answered() {
    if (--missing == 0) done();
  }

  size_t missing = 1;  // answers, plus one for the end of charge()
  Done done;
  std::vector<std::vector<ChargeGroup>> whole;  // by store: requests with all their limits there
};

// One request with limits in several stores, on its way from one to the next.
struct SplitStore::Request {
  ChargeGroup group;
  Now now;  // when the current store was asked
  std::shared_ptr<Asking> asking;
  std::vector<StoreNumber> route;  // the stores to ask, in this order
  size_t at = 0;                   // in `route`
  bool is_refused = false;         // by a store before `at`
  std::vector<Charge> charges;     // those asked now, copied because a group is contiguous
  std::vector<size_t> places;      // the index of each in `group`
  ChargeGroup asked;
};

SplitStore::SplitStore(std::vector<StorePart> parts, std::function<Now()> now)
    : parts_(std::move(parts)), now_(std::move(now)), by_distance_(parts_.size()) {
  std::iota(by_distance_.begin(), by_distance_.end(), StoreNumber{0});
  std::ranges::stable_sort(by_distance_, {}, [this](StoreNumber number) { return parts_[number].distance; });
}

SplitStore::~SplitStore() = default;

void SplitStore::charge(std::span<ChargeGroup> groups, Now now, Done done) {
  const auto first = std::ranges::find_if(groups, [](const ChargeGroup& group) { return !group.charges.empty(); });
  if (first == groups.end()) return done();
  const StoreNumber store = first->charges.front().terms.store;
  if (std::ranges::all_of(groups, [&](const ChargeGroup& group) { return is_of(group.charges, store); })) {
    return parts_[store].store->charge(groups, now, std::move(done));
  }
  const auto asking = std::make_shared<Asking>();
  asking->done = std::move(done);
  asking->whole.resize(parts_.size());
  for (const ChargeGroup& group : groups) {
    if (group.charges.empty()) continue;
    const StoreNumber its_first = group.charges.front().terms.store;
    if (is_of(group.charges, its_first)) {
      asking->whole[its_first].push_back(group);
    } else {
      ++asking->missing;
      begin_request(group, asking, now);
    }
  }
  for (StoreNumber number = 0; number < parts_.size(); ++number) {
    if (asking->whole[number].empty()) continue;
    ++asking->missing;
    parts_[number].store->charge(asking->whole[number], now, [asking] { asking->answered(); });
  }
  asking->answered();
}

void SplitStore::begin_request(ChargeGroup group, std::shared_ptr<Asking> asking, Now now) {
  if (idle_.empty()) idle_.push_back(requests_.emplace_back(std::make_unique<Request>()).get());
  Request& request = *idle_.back();
  idle_.pop_back();
  request.group = group;
  request.now = now;
  request.asking = std::move(asking);
  request.route.clear();
  request.at = 0;
  request.is_refused = false;
  const auto add = [&](bool refused_last) {
    for (const StoreNumber store : by_distance_) {
      const auto asks_it = [&](const Charge& charge) { return charge.terms.store == store; };
      const auto refuses = [&](const Charge& charge) { return asks_it(charge) && refused_last_[place_of(charge)]; };
      if (!std::ranges::any_of(group.charges, asks_it)) continue;
      if (std::ranges::any_of(group.charges, refuses) == refused_last) request.route.push_back(store);
    }
  };
  add(true);
  add(false);
  ask_next_store(request);
}

size_t SplitStore::place_of(const Charge& charge) {
  return std::hash<std::string_view>{}(charge.key) % kRemembered;
}

// Asks the next store that has something to decide.
void SplitStore::ask_next_store(Request& request) {
  for (; request.at < request.route.size(); ++request.at) {
    const StoreNumber store = request.route[request.at];
    request.charges.clear();
    request.places.clear();
    for (size_t i = 0; i < request.group.charges.size(); ++i) {
      Charge& charge = request.group.charges[i];
      if (charge.terms.store != store) continue;
      if (request.is_refused && is_held_back_by_others(charge)) {
        charge.basis = Basis::kNotAsked;
        charge.decision = {};
        continue;
      }
      request.charges.push_back(charge);
      request.places.push_back(i);
    }
    if (request.charges.empty()) continue;
    request.asked = {request.charges};
    return parts_[store].store->charge({&request.asked, 1}, request.now, [this, &request] { on_answer(request); });
  }
  const auto asking = std::exchange(request.asking, {});
  idle_.push_back(&request);
  asking->answered();
}

void SplitStore::on_answer(Request& request) {
  const bool was_refused = request.is_refused;
  for (size_t i = 0; i < request.charges.size(); ++i) {
    Charge& charge = request.group.charges[request.places[i]];
    charge.basis = request.charges[i].basis;
    charge.decision = request.charges[i].decision;
    if (charge.mode != Mode::kEnforce) continue;
    const bool refused = !charge.decision.allowed();
    if (is_held_back_by_others(charge) && charge.cost.units != 0) refused_last_[place_of(charge)] = refused;
    request.is_refused |= refused;
  }
  request.now = std::max(request.now, now_());
  if (request.is_refused && !was_refused) give_back_holds(request);
  ++request.at;
  ask_next_store(request);
}

// Releases the holds of the stores before the one that has just refused.
void SplitStore::give_back_holds(const Request& request) {
  for (size_t i = 0; i < request.at; ++i) {
    for (Charge& charge : request.group.charges) {
      if (charge.terms.store != request.route[i] || charge.mode != Mode::kEnforce || !charge.decision.hold.is_set())
        continue;
      // A hold that cannot be released now expires by itself.
      parts_[charge.terms.store].store->release(std::exchange(charge.decision.hold, {}), request.now,
                                                [](ReleaseResult) {});
    }
  }
}

void SplitStore::reset(std::string_view key, const Terms& terms, Instant now,
                       std::move_only_function<void(ResetResult)> done) {
  RG_CHECK(terms.store < parts_.size());
  parts_[terms.store].store->reset(key, terms, now, std::move(done));
}

void SplitStore::release(const HoldId& hold, Instant now, std::move_only_function<void(ReleaseResult)> done) {
  release_from(0, ReleaseResult::kUnknown, hold, now, std::move(done));
}

void SplitStore::release_from(size_t rank, ReleaseResult otherwise, const HoldId& hold, Instant now,
                              std::move_only_function<void(ReleaseResult)> done) {
  if (rank == by_distance_.size()) return done(otherwise);
  parts_[by_distance_[rank]].store->release(
      hold, now, [this, rank, otherwise, hold, now, done = std::move(done)](ReleaseResult result) mutable {
        if (result == ReleaseResult::kReleased) return done(result);
        if (result == ReleaseResult::kUnavailable) otherwise = result;
        release_from(rank + 1, otherwise, hold, std::max<Instant>(now, now_()), std::move(done));
      });
}

void SplitStore::tick(Instant now) {
  for (const StorePart& part : parts_) part.store->tick(now);
}

}  // namespace rateguard
