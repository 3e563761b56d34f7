#include <rateguard/limiter.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <utility>

#include "base/mutex.h"
#include "config/config.h"
#include "event/recorder.h"
#include "library/convert.h"
#include "library/limiter_access.h"
#include "library/limiter_pool.h"
#include "library/wall_clock.h"
#include "rules/cost_table.h"
#include "store/counter_key.h"
#include "store/memory/key_hash.h"
#include "store/memory/memory_store.h"
#include "store/memory/snapshot.h"
#include "store/settlement.h"

namespace rateguard::api {
namespace {

// The rules and the identity settings of a configuration, ready for use.
core::Result<Policy> compile(core::Result<config::Config> parsed) {
  if (!parsed) return std::unexpected(parsed.error());
  auto rules = rules::RuleSet::compile(std::move(parsed->rules));
  if (!rules) return std::unexpected(rules.error());
  auto identifier = identify::Identifier::create(std::move(parsed->identity));
  if (!identifier) return std::unexpected(identifier.error());
  return Policy{.rules = *std::move(rules), .identifier = *std::move(identifier)};
}

core::Result<Policy> initial_policy(const Options& options) {
  if (!options.rules_yaml.empty() && !options.rules_file.empty()) {
    return core::invalid("rules_yaml and rules_file are both given; expected at most one of them");
  }
  if (!options.rules_file.empty()) return compile(config::load(options.rules_file));
  if (!options.rules_yaml.empty()) return compile(config::parse(options.rules_yaml, "rules"));
  return compile(config::Config{});
}

// The counter of a limit that came with the call.
core::Result<std::string_view> ad_hoc_key(std::string_view key, const Limit& limit, std::string& out) {
  if (key.empty() || key.size() > core::kSubjectPartMax) {
    return core::invalid("key must be from 1 to 1024 bytes, not " + std::to_string(key.size()));
  }
  core::CounterKey::begin_ad_hoc(out, LimitAccess::algorithm(limit));
  core::CounterKey::append_part(out, key);
  return out;
}

// The answer to a request, with the names of the rules that gave it.
Answer to_answer(const core::Outcome& outcome, const rules::RuleSet& rules) {
  Answer answer = {.allowed = outcome.allowed()};
  for (const core::Outcome::Judged& judged : outcome.judged) {
    answer.limits.push_back({.name = rules.rules()[judged.rule].name,
                             .shadow = judged.mode == core::Mode::kShadow,
                             .decision = from_core(judged.decision)});
  }
  if (outcome.rejected_by) {
    // Waiting does not help a request without the identity that the rule counts by.
    answer.name = rules.rules()[*outcome.rejected_by].name;
    answer.missing = outcome.missing_part;
    answer.decision = {.allowed = false, .retry_after = kNever};
  } else if (outcome.deciding) {
    const NamedDecision& deciding = answer.limits[*outcome.deciding];
    answer.name = deciding.name;
    answer.decision = deciding.decision;
  } else if (outcome.exempted_by) {
    answer.name = rules.rules()[*outcome.exempted_by].name;
  }
  return answer;
}

// Errors: kInvalid for a cost out of bounds, or one that gives back to a limit of holds.
core::Result<core::Cost> cost_of(const core::Limit& limit, int64_t units) {
  const auto cost = to_core_cost(units);
  if (!cost) return cost;
  if (limit.algorithm == core::Algorithm::kConcurrency && cost->movement == core::Movement::kGiveBack) {
    return core::invalid("a negative cost frees no hold of a concurrency limit; release() does");
  }
  return core::cost_on(limit, *cost);
}

Error too_much(uint64_t units) {
  return {.code = Error::Code::kInvalid,
          .message = "a charge has at most " + std::to_string(kUnitsMax) + " units, not " + std::to_string(units)};
}

// What Options::on_decision hears.
class HookRecorder final : public core::event::Recorder {
 public:
  explicit HookRecorder(std::function<void(const DecisionReport&)> hook) : hook_(std::move(hook)) {}

 private:
  void record(const core::event::Decided& decided) override {
    hook_({.name = decided.rule,
           .allowed = decided.verdict == core::Verdict::kAdmitted,
           .cost = decided.cost,
           .at = TimePoint(Duration(decided.at.us))});
  }

  const std::function<void(const DecisionReport&)> hook_;
};

// A look is no decision.
enum class Intent : uint8_t { kDecide, kLook };

int64_t signed_units(core::Cost cost) {
  const auto units = static_cast<int64_t>(cost.units);
  return cost.movement == core::Movement::kGiveBack ? -units : units;
}

// `verdict`: of all limits of the request together; one that would have admitted it is charged only if all do.
core::event::ChargedLimit charged_of(const core::Charge& charge, std::string_view rule, core::Verdict verdict) {
  const bool takes = charge.cost.movement == core::Movement::kTake;
  const bool is_held_back = charge.mode == core::Mode::kEnforce && verdict == core::Verdict::kRefused;
  const bool is_charged = !takes || (charge.decision.allowed() && !is_held_back);
  core::event::ChargedLimit charged{.rule = rule,
                                    .counter = charge.key,
                                    .limit = charge.limit,
                                    .mode = charge.mode,
                                    .verdict = charge.decision.verdict,
                                    .basis = charge.basis,
                                    .asked = signed_units(charge.cost),
                                    .charged = is_charged ? signed_units(charge.cost) : 0};
  charged.used_before = core::event::used_before(charge.decision, charged.asked);
  return charged;
}

// REQUIRES: charges and judged are as long as each other.
void charge_all(core::Store& store, std::span<core::Charge> charges, core::Now now,
                std::vector<core::Outcome::Judged>& judged) {
  store.charge({charges}, now);
  for (const core::Charge& charge : charges) judged.push_back({.mode = charge.mode, .decision = charge.decision});
}

}  // namespace

struct Limiter::Impl {
  Impl(std::unique_ptr<core::MemoryStore> memory, uint64_t random)
      : store(std::move(memory)), limiters(*store), charges_of(random) {}

  Result<Decision> charge(std::string_view key, const Limit& limit, int64_t cost, core::Now now);
  Result<Decision> move(std::string_view key, const Limit& limit, core::Cost cost, core::Now now, Intent intent);
  Result<Charged> charge_metered(std::string_view key, const Limit& limit, uint64_t estimate, core::Now now);
  Result<Settlement> settle(const Charge& charge, uint64_t actual, core::Now now);
  std::array<char, 16> next_charge_id();
  Result<Answer> charge_several(std::span<const Ask> asks, core::Now now);
  Result<Answer> charge_rule(std::string_view rule, std::span<const std::string_view> parts, const RuleOptions& options,
                             core::Now now);
  Result<Answer> decide(const Request& request, core::Now now);
  // The one place that every decision passes, once.
  void record(core::event::Decided decided) const {
    if (recorder == nullptr) return;
    decided.door = core::event::Door::kLibrary;
    recorder->tell(decided);
  }
  // The limit that decides alone, or with others in `charges`.
  void record(const core::Charge& charge, std::string_view rule, core::Instant now,
              std::span<const core::event::ChargedLimit> charges = {}) const {
    if (recorder == nullptr) return;
    const core::event::ChargedLimit alone = charged_of(charge, rule, charge.decision.verdict);
    record({.at = now,
            .verdict = charge.decision.verdict,
            .rule = rule,
            .counter = charge.key,
            .cost = signed_units(charge.cost),
            .charges = charges.empty() ? std::span(&alone, 1) : charges});
  }
  void record_several(std::span<const core::Charge> charges, size_t deciding, core::Instant now) const {
    if (recorder == nullptr) return;
    std::vector<core::event::ChargedLimit> charged;
    for (const core::Charge& one : charges) {
      charged.push_back(charged_of(one, {}, charges[deciding].decision.verdict));
    }
    record(charges[deciding], {}, now, charged);
  }
  void record_rules(const core::event::Decided& decided, const core::Limiter& limiter, const rules::RuleSet& rules,
                    const core::Outcome& outcome) const;
  Result<uint64_t> put_in_force(core::Result<Policy> policy);
  Result<uint64_t> save(const std::string& path, core::Instant now);

  // Only calendar windows need the wall clock.
  core::Now now_for(const Limit& limit) const {
    return LimitAccess::to_core(limit).is_of_calendar() ? clock.read() : core::Now(clock.now());
  }

  WallClock clock;
  Mutex saving;  // a path may be written by one thread at a time
  std::unique_ptr<core::MemoryStore> store;
  LimiterPool limiters;
  std::unique_ptr<core::event::Recorder> recorder;  // null: nobody listens
  const uint64_t charges_of;                        // random: distinguishes the charges of this process
  std::atomic<uint64_t> charges_made = 0;
};

Result<Decision> Limiter::Impl::charge(std::string_view key, const Limit& limit, int64_t cost, core::Now now) {
  const auto moved = cost_of(LimitAccess::to_core(limit), cost);
  if (!moved) return from_core(moved.error());
  return move(key, limit, *moved, now, Intent::kDecide);
}

Result<Decision> Limiter::Impl::move(std::string_view key, const Limit& limit, core::Cost cost, core::Now now,
                                     Intent intent) {
  thread_local std::string key_bytes;  // kept from call to call, so that a check allocates nothing
  const auto counter = ad_hoc_key(key, limit, key_bytes);
  if (!counter) return from_core(counter.error());
  const core::Limit figures = LimitAccess::to_core(limit);
  core::Charge charge{.key = *counter, .limit = &figures, .cost = cost};
  store->charge({std::span(&charge, 1)}, now);
  if (intent == Intent::kDecide) record(charge, {}, now);
  return from_core(charge.decision);
}

std::array<char, 16> Limiter::Impl::next_charge_id() {
  const std::array<uint64_t, 2> parts = {charges_of, charges_made.fetch_add(1, std::memory_order_relaxed)};
  return std::bit_cast<std::array<char, 16>>(parts);
}

Result<Charged> Limiter::Impl::charge_metered(std::string_view key, const Limit& limit, uint64_t estimate,
                                              core::Now now) {
  std::string key_bytes;
  const auto counter = ad_hoc_key(key, limit, key_bytes);
  if (!counter) return from_core(counter.error());
  if (estimate > kUnitsMax) return too_much(estimate);
  const core::Limit figures = LimitAccess::to_core(limit);
  core::Charge charge{.key = *counter, .limit = &figures, .cost = core::cost_on(figures, {estimate})};
  store->charge({std::span(&charge, 1)}, now);
  record(charge, {}, now);
  Charged charged = {.decision = from_core(charge.decision)};
  const auto receipt = core::receipt_of(charge, now, next_charge_id());
  if (receipt) charged.charge = ChargeAccess::from_core(*counter, limit, *receipt);
  return charged;
}

Result<Settlement> Limiter::Impl::settle(const Charge& charge, uint64_t actual, core::Now now) {
  if (!charge.is_set()) return Error{.code = Error::Code::kInvalid, .message = "this charge took nothing"};
  if (actual > kUnitsMax) return too_much(actual);
  const core::Limit figures = LimitAccess::to_core(ChargeAccess::limit(charge));
  const core::Charge settled{.key = ChargeAccess::counter(charge), .limit = &figures};
  return from_core(core::settle(*store, settled, ChargeAccess::receipt(charge), actual, now));
}

Result<Answer> Limiter::Impl::charge_several(std::span<const Ask> asks, core::Now now) {
  std::vector<std::string> keys(asks.size());
  std::vector<core::Limit> limits;
  std::vector<core::Charge> charges;
  limits.reserve(asks.size());  // charges point into it
  for (size_t i = 0; i < asks.size(); ++i) {
    const auto counter = ad_hoc_key(asks[i].key, asks[i].limit, keys[i]);
    if (!counter) return from_core(counter.error());
    if (std::find(keys.begin(), keys.begin() + static_cast<ptrdiff_t>(i), keys[i]) !=
        keys.begin() + static_cast<ptrdiff_t>(i)) {
      return Error{
          .code = Error::Code::kInvalid,
          .message = "two limits of one algorithm on the key '" + std::string(asks[i].key) + "'; give each its own"};
    }
    limits.push_back(LimitAccess::to_core(asks[i].limit));
    const auto moved = cost_of(limits[i], asks[i].cost);
    if (!moved) return from_core(moved.error());
    charges.push_back({.key = *counter, .limit = &limits[i], .cost = *moved});
  }
  std::vector<core::Outcome::Judged> judged;
  charge_all(*store, charges, now, judged);

  Answer answer;
  for (size_t i = 0; i < asks.size(); ++i) {
    answer.limits.push_back({.name = std::string(asks[i].key), .decision = from_core(judged[i].decision)});
  }
  if (const auto deciding = core::deciding_limit(judged)) {
    answer.name = answer.limits[*deciding].name;
    answer.decision = answer.limits[*deciding].decision;
    answer.allowed = answer.decision.allowed;
    record_several(charges, *deciding, now);
  } else {
    record({.at = now});
  }
  return answer;
}

Result<Answer> Limiter::Impl::charge_rule(std::string_view rule, std::span<const std::string_view> parts,
                                          const RuleOptions& options, core::Now now) {
  const auto pooled = limiters.borrow();
  const Policy& policy = pooled->policy;
  const auto matched =
      policy.rules->lookup(rule, parts, options.plan, policy.identifier->settings().prefix_v6, pooled->key);
  if (!matched) return from_core(matched.error());
  if (matched->limit == nullptr) {  // the rule, the plan or the subject is unlimited
    record({.at = now});
    return Answer{};
  }

  const auto moved = cost_of(*matched->limit, options.cost);
  if (!moved) return from_core(moved.error());
  core::Charge charge{.key = matched->key,
                      .limit = matched->limit,
                      .cost = core::rules::weighed(*moved, matched->cost.units),
                      .mode = matched->mode};
  core::Outcome outcome;
  charge_all(*store, std::span(&charge, 1), now, outcome.judged);
  outcome.judged[0].rule = matched->rule;
  outcome.deciding = core::deciding_limit(outcome.judged);
  if (outcome.deciding) outcome.verdict = charge.decision.verdict;
  // A rule in shadow mode decides nothing.
  const core::event::ChargedLimit shadow = charged_of(charge, rule, core::Verdict::kAdmitted);
  outcome.deciding ? record(charge, rule, now) : record({.at = now, .charges = {&shadow, 1}});
  return to_answer(outcome, *policy.rules);
}

Result<Answer> Limiter::Impl::decide(const Request& request, core::Now now) {
  const auto cost = to_core_cost(request.cost);
  if (!cost) return from_core(cost.error());
  core::RequestFacts facts{.method = request.method,
                           .path = request.path,
                           .host = request.host,
                           .user = request.user,
                           .api_key = request.api_key,
                           .workspace = request.workspace,
                           .plan = request.plan,
                           .cost = *cost};
  if (!request.ip.empty()) {
    facts.peer = core::IpAddress::parse(request.ip);
    if (!facts.peer) {
      return Error{.code = Error::Code::kInvalid,
                   .message = "ip '" + std::string(request.ip) + "' is not an IPv4 or IPv6 address"};
    }
  }
  const auto pooled = limiters.borrow();
  pooled->headers.clear();
  for (const Header& header : request.headers) pooled->headers.push_back({.name = header.name, .value = header.value});
  facts.headers = pooled->headers;
  const core::Outcome& outcome = pooled->limiter.check(pooled->policy, facts, now);
  const rules::RuleSet& rules = *pooled->policy.rules;
  core::event::Decided decided{.at = now, .verdict = outcome.verdict};
  if (outcome.rejected_by || outcome.exempted_by) {
    decided.rule = rules.rules()[outcome.rejected_by ? *outcome.rejected_by : *outcome.exempted_by].name;
  }
  if (outcome.deciding) {
    const auto& matched = pooled->limiter.matches().limits()[*outcome.deciding];
    decided.rule = rules.rules()[matched.rule].name;
    decided.counter = matched.key;
    decided.cost = signed_units(core::cost_on(*matched.limit, matched.cost));
  }
  record_rules(decided, pooled->limiter, rules, outcome);
  return to_answer(outcome, rules);
}

void Limiter::Impl::record_rules(const core::event::Decided& decided, const core::Limiter& limiter,
                                 const rules::RuleSet& rules, const core::Outcome& outcome) const {
  if (recorder == nullptr) return;
  std::vector<core::event::ChargedLimit> charged;
  const auto matched = limiter.matches().limits();
  for (size_t i = 0; i < outcome.judged.size(); ++i) {
    const core::Outcome::Judged& judged = outcome.judged[i];
    const core::Charge charge{.key = matched[i].key,
                              .limit = matched[i].limit,
                              .cost = core::cost_on(*matched[i].limit, matched[i].cost),
                              .mode = judged.mode,
                              .basis = judged.basis,
                              .decision = judged.decision};
    charged.push_back(charged_of(charge, rules.rules()[judged.rule].name, outcome.verdict));
  }
  core::event::Decided with_charges = decided;
  with_charges.charges = charged;
  record(with_charges);
}

Result<uint64_t> Limiter::Impl::put_in_force(core::Result<Policy> policy) {
  if (!policy) return from_core(policy.error());
  const uint64_t count = policy->rules->rules().size();
  limiters.publish(*std::move(policy));
  return count;
}

Result<uint64_t> Limiter::Impl::save(const std::string& path, core::Instant now) {
  const HeldLock lock(saving);
  const auto saved = core::save_snapshot(*store, path, now);
  if (!saved) return from_core(saved.error());
  return saved->records;
}

Limiter::Limiter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Limiter::Limiter(Limiter&&) noexcept = default;
Limiter& Limiter::operator=(Limiter&&) noexcept = default;
Limiter::~Limiter() = default;

Result<Limiter> Limiter::create(Options options) {
  std::unique_ptr<core::event::Recorder> recorder;
  if (options.on_decision) recorder = std::make_unique<HookRecorder>(std::exchange(options.on_decision, {}));
  return LimiterAccess::create(options, std::move(recorder));
}

Result<Limiter> LimiterAccess::create(const Options& options, std::unique_ptr<core::event::Recorder> recorder) {
  auto policy = initial_policy(options);
  if (!policy) return from_core(policy.error());
  auto store = core::MemoryStore::create(
      {.max_keys = options.max_keys,
       .when_full = options.when_full == WhenFull::kEvict ? core::FullPolicy::kEvict : core::FullPolicy::kRefuse});
  if (!store) return from_core(store.error());
  const auto random = core::memory::HashKey::random();
  if (!random) return from_core(random.error());
  auto impl = std::make_unique<Limiter::Impl>(*std::move(store), std::bit_cast<std::array<uint64_t, 2>>(*random)[0]);
  if (!options.snapshot.empty()) {
    const auto loaded = core::load_snapshot(*impl->store, options.snapshot, impl->clock.now());
    if (!loaded && loaded.error().code != core::ErrorCode::kNotFound) return from_core(loaded.error());
  }
  impl->recorder = std::move(recorder);
  impl->limiters.publish(*std::move(policy));
  return Limiter(std::move(impl));
}

Result<Decision> Limiter::check(std::string_view key, const Limit& limit, int64_t cost) {
  return impl_->charge(key, limit, cost, impl_->now_for(limit));
}

Result<Decision> Limiter::check(std::string_view key, const Limit& limit, int64_t cost, TimePoint now) {
  return at(now, [&](core::Instant instant) { return impl_->charge(key, limit, cost, instant); });
}

Result<Charged> Limiter::charge(std::string_view key, const Limit& limit, uint64_t estimate) {
  return impl_->charge_metered(key, limit, estimate, impl_->now_for(limit));
}

Result<Charged> Limiter::charge(std::string_view key, const Limit& limit, uint64_t estimate, TimePoint now) {
  return at(now, [&](core::Instant instant) { return impl_->charge_metered(key, limit, estimate, instant); });
}

Result<Settlement> Limiter::settle(const Charge& charge, uint64_t actual) {
  return impl_->settle(charge, actual, impl_->clock.read());
}

Result<Settlement> Limiter::settle(const Charge& charge, uint64_t actual, TimePoint now) {
  return at(now, [&](core::Instant instant) { return impl_->settle(charge, actual, instant); });
}

Result<Decision> Limiter::peek(std::string_view key, const Limit& limit) {
  return impl_->move(key, limit, core::Cost{0}, impl_->now_for(limit), Intent::kLook);
}

Result<Decision> Limiter::peek(std::string_view key, const Limit& limit, TimePoint now) {
  return at(now, [&](core::Instant instant) { return impl_->move(key, limit, core::Cost{0}, instant, Intent::kLook); });
}

Result<Answer> Limiter::check_all(std::span<const Ask> asks) {
  return impl_->charge_several(asks, impl_->clock.read());
}

Result<Answer> Limiter::check_all(std::span<const Ask> asks, TimePoint now) {
  return at(now, [&](core::Instant instant) { return impl_->charge_several(asks, instant); });
}

Result<Answer> Limiter::check_rule(std::string_view rule, std::initializer_list<std::string_view> parts,
                                   const RuleOptions& options) {
  return impl_->charge_rule(rule, parts, options, impl_->clock.read());
}

Result<Answer> Limiter::check_rule(std::string_view rule, std::initializer_list<std::string_view> parts,
                                   const RuleOptions& options, TimePoint now) {
  return at(now, [&](core::Instant instant) { return impl_->charge_rule(rule, parts, options, instant); });
}

Result<Answer> Limiter::check(const Request& request) {
  return impl_->decide(request, impl_->clock.read());
}

Result<Answer> Limiter::check(const Request& request, TimePoint now) {
  return at(now, [&](core::Instant instant) { return impl_->decide(request, instant); });
}

Result<bool> Limiter::reset(std::string_view key, const Limit& limit) {
  std::string key_bytes;
  const auto counter = ad_hoc_key(key, limit, key_bytes);
  if (!counter) return from_core(counter.error());
  return impl_->store->reset(*counter, {}) == core::ResetResult::kForgotten;
}

Result<bool> Limiter::reset_rule(std::string_view rule, std::initializer_list<std::string_view> parts,
                                 const RuleOptions& options) {
  const auto pooled = impl_->limiters.borrow();
  const Policy& policy = pooled->policy;
  const auto matched =
      policy.rules->lookup(rule, parts, options.plan, policy.identifier->settings().prefix_v6, pooled->key);
  if (!matched) return from_core(matched.error());
  return matched->limit != nullptr &&
         impl_->store->reset(matched->key, matched->terms) == core::ResetResult::kForgotten;
}

bool Limiter::release(const Hold& hold) {
  return impl_->store->release({.bytes = hold.bytes}, impl_->clock.now()) == core::ReleaseResult::kReleased;
}

bool Limiter::release(const Hold& hold, TimePoint now) {
  const auto instant = to_core(now);
  return instant && impl_->store->release({.bytes = hold.bytes}, *instant) == core::ReleaseResult::kReleased;
}

Result<uint64_t> Limiter::load_rules(std::string_view yaml) {
  return impl_->put_in_force(compile(config::parse(yaml, "rules")));
}

Result<uint64_t> Limiter::load_rules_file(const std::string& path) {
  return impl_->put_in_force(compile(config::load(path)));
}

Result<uint64_t> Limiter::save_snapshot(const std::string& path) {
  return impl_->save(path, impl_->clock.now());
}

Result<uint64_t> Limiter::save_snapshot(const std::string& path, TimePoint now) {
  return at(now, [&](core::Instant instant) { return impl_->save(path, instant); });
}

void Limiter::tick(uint32_t slots) {
  impl_->store->tick(impl_->clock.now(), {.slots = slots});
}

void Limiter::tick(uint32_t slots, TimePoint now) {
  if (const auto instant = to_core(now)) impl_->store->tick(*instant, {.slots = slots});
}

Stats Limiter::stats() const {
  return from_core(impl_->store->stats());
}

}  // namespace rateguard::api
