#include "store/lease/lease_store.h"

#include <algorithm>
#include <utility>

#include "store/lease/lease_terms.h"

namespace rateguard {

LeaseStore::LeaseStore(RemoteStore& remote, Store& local, const LeaseOptions& options)
    : remote_(remote),
      life_max_(options.life_max),
      leased_(remote, askings_, options.life_max, options.counters_max, options.now),
      synced_(remote, local, options.sync_interval, options.counters_max) {}

void LeaseStore::charge(std::span<ChargeGroup> groups, Now now, Done done) {
  now_ = std::max<Instant>(now_, now);
  Asking& asking = askings_.take(std::move(done));
  asking.undecided = 1;  // until all groups have been examined
  for (const ChargeGroup& group : groups) {
    if (!decides_ahead(group, now_, asking)) pass_to_remote(group, asking);
  }
  if (!asking.groups.empty() || !asking.ends.empty()) send_passed(asking, now);
  askings_.decided(asking);
  askings_.tell();
}

// Whether the group is decided here, or by a call on behalf of others too.
bool LeaseStore::decides_ahead(ChargeGroup group, Instant now, Asking& asking) {
  if (group.charges.size() != 1) return false;
  Charge& charge = group.charges.front();
  if (charge.terms.consistency == Consistency::kExact || charge.cost.units == 0) return false;
  if (charge.cost.movement == Movement::kGiveBack) {
    if (charge.terms.consistency != Consistency::kSync || !synced_.has_unreported(charge)) return false;
    synced_.give_back(charge, now);
    return true;
  }
  if (charge.cost.movement != Movement::kTake) return false;
  ++asking.undecided;
  const Taken taken = charge.terms.consistency == Consistency::kLease ? leased_.charge(charge, now, asking)
                                                                      : synced_.charge(charge, now);
  if (taken != Taken::kWaits) --asking.undecided;
  return taken != Taken::kNotHere;
}

void LeaseStore::pass_to_remote(ChargeGroup group, Asking& asking) {
  for (Charge& charge : group.charges) {
    const auto terms =
        charge.terms.consistency == Consistency::kLease ? lease_terms(*charge.limit, life_max_) : std::nullopt;
    asking.passed.push_back(&charge);
    asking.limits.push_back(terms ? terms->charged : *charge.limit);
    asking.charges.push_back(charge);
    if (charge.terms.consistency == Consistency::kSync && charge.cost.movement == Movement::kGiveBack) {
      asking.charges.back().cost.units -= synced_.give_back(charge, now_);
    }
  }
  asking.ends.push_back(asking.charges.size());
}

void LeaseStore::send_passed(Asking& asking, Now now) {
  for (size_t i = 0; i < asking.charges.size(); ++i) asking.charges[i].limit = &asking.limits[i];
  size_t begin = 0;
  for (const size_t end : asking.ends) {
    asking.groups.push_back({std::span(asking.charges).subspan(begin, end - begin)});
    begin = end;
  }
  ++asking.undecided;
  remote_.charge(asking.groups, now, [this, &asking] {
    on_passed(asking);
    askings_.decided(asking);
    askings_.tell();
  });
}

void LeaseStore::on_passed(Asking& asking) {
  for (size_t i = 0; i < asking.charges.size(); ++i) {
    Charge& charge = *asking.passed[i];
    charge.basis = asking.charges[i].basis;
    charge.decision = asking.charges[i].decision;
    if (charge.terms.consistency != Consistency::kLease || charge.basis != Basis::kCounter) continue;
    Decision& decision = charge.decision;
    leased_.learn(charge, decision.remaining);
    decision.limit = charge.limit->capacity;
    const uint64_t left = decision.remaining + leased_.held(charge.key, now_);
    decision.remaining = std::min(left, decision.limit);
  }
  asking.passed.clear();
  asking.charges.clear();
  asking.limits.clear();
  asking.ends.clear();
  asking.groups.clear();
}

void LeaseStore::reset(std::string_view key, const Terms& terms, Instant now,
                       std::move_only_function<void(ResetResult)> done) {
  forget(key);
  remote_.reset(key, terms, now, std::move(done));
}

void LeaseStore::release(const HoldId& hold, Instant now, std::move_only_function<void(ReleaseResult)> done) {
  remote_.release(hold, now, std::move(done));
}

void LeaseStore::tick(Instant now) {
  now_ = std::max(now_, now);
  leased_.tick(now_);
  synced_.tick(now_);
  remote_.tick(now);
  note_sizes();
}

void LeaseStore::forget(std::string_view key) {
  leased_.forget(key);
  synced_.forget(key);
}

void LeaseStore::forget_all() {
  leased_.forget_all();
  synced_.forget_all();
}

void LeaseStore::note_sizes() {
  wallets_.set(leased_.size());
  synced_keys_.set(synced_.size());
}

LeaseStats LeaseStore::stats() const {
  return {.wallets = wallets_.value(),
          .synced = synced_keys_.value(),
          .from_wallets = leased_.from_wallets(),
          .lease_calls = leased_.calls(),
          .reports = synced_.reports(),
          .lost_units = synced_.lost_units()};
}

}  // namespace rateguard
