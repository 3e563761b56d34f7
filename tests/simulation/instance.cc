#include "simulation/instance.h"

#include <algorithm>
#include <array>
#include <utility>

namespace rateguard::simulation {
namespace {

// As the event loop calls it.
constexpr Duration kTick = Duration::millis(10);

std::unique_ptr<MemoryStore> empty_counters() {
  return MemoryStore::create({.max_keys = 64, .hash_key = memory::HashKey{}}).value();
}

}  // namespace

void Host::at(Instant t, Timeline::Event event) {
  timeline_.at(t, [this, event = std::move(event)]() mutable {
    for (const Trouble& pause : plan_.pauses) {
      if (pause.holds(timeline_.now())) return timeline_.at(pause.to, std::move(event));
    }
    event();
  });
}

// Lives while anybody knows of it: its request may arrive when nobody waits any more.
struct Link::Call {
  std::span<ChargeGroup> asked;  // the caller's, while it waits
  Done done;                     // empty: it does not
  std::vector<Charge> charges;
  std::vector<Limit> limits;
  std::vector<ChargeGroup> groups;
};

Link::Link(const Scenario& scenario, size_t instance, Host& host, SharedStore& shared, uint64_t seed)
    : scenario_(scenario), instance_(instance), host_(host), shared_(shared), random_(seed) {}

void Link::charge(std::span<ChargeGroup> groups, Now now, Done done) {
  ++calls_;
  auto call = std::make_shared<Call>();
  call->asked = groups;
  call->done = std::move(done);
  for (const ChargeGroup& group : groups) {
    for (const Charge& charge : group.charges) {
      call->charges.push_back(charge);
      call->charges.back().key = own_key(charge.key);
      call->limits.push_back(*charge.limit);
    }
  }
  size_t next = 0;
  for (size_t i = 0; i < call->charges.size(); ++i) call->charges[i].limit = &call->limits[i];
  for (const ChargeGroup& group : groups) {
    call->groups.push_back({std::span(call->charges).subspan(next, group.charges.size())});
    next += group.charges.size();
  }
  Timeline& timeline = host_.timeline();
  const Duration patience = std::max(Duration{1}, now + scenario_.deadline - host_.clock());
  host_.at(timeline.now() + patience, [this, call] { give_up(*call); });
  if (is_lost()) return;
  timeline.after(random_.between(scenario_.delay_min, scenario_.delay_max), [this, call] { arrive(call); });
}

void Link::arrive(const std::shared_ptr<Call>& call) {
  if (!shared_.charge(call->groups, instance_) || is_lost()) return;
  const Instant there = host_.timeline().now() + random_.between(scenario_.delay_min, scenario_.delay_max);
  host_.at(there, [this, call] { answer(*call); });
}

void Link::answer(Call& call) {
  if (!call.done) return;
  for (size_t i = 0; i < call.groups.size(); ++i) {
    for (size_t j = 0; j < call.groups[i].charges.size(); ++j) {
      call.asked[i].charges[j].basis = Basis::kCounter;
      call.asked[i].charges[j].decision = call.groups[i].charges[j].decision;
    }
  }
  std::exchange(call.done, {})();
}

void Link::give_up(Call& call) {
  if (!call.done) return;
  ++failures_;
  set_unavailable(call.asked);
  std::exchange(call.done, {})();
}

bool Link::is_lost() {
  for (const Trouble& trouble : host_.plan().cut_off) {
    if (trouble.holds(host_.timeline().now())) return true;
  }
  return random_.chance(scenario_.loss_percent);
}

std::string_view Link::own_key(std::string_view key) const {
  return std::ranges::find(scenario_.keys, key, &KeyPlan::key)->key;
}

void Watch::charge(std::span<ChargeGroup> groups, Now now, Done done) {
  next_.charge(groups, now, [this, groups, done = std::move(done)]() mutable {
    for (const ChargeGroup& group : groups) {
      const Charge& first = group.charges.front();
      if (group.charges.size() != 1 || first.terms.consistency != Consistency::kSync) continue;
      if (first.basis == Basis::kCounter) continue;
      const auto key = std::ranges::find(scenario_.keys, first.key, &KeyPlan::key) - scenario_.keys.begin();
      unknown_units_[static_cast<size_t>(key)] += first.cost.units;
    }
    done();
  });
}

// A check, from when the instance reads it until it is answered.
struct Instance::Question {
  std::array<Charge, 2> charges;
  std::array<size_t, 2> keys = {};
  ChargeGroup group;
  Instant from = {};
  bool is_answered = false;
};

Instance::Instance(const Scenario& scenario, size_t index, Timeline& timeline, SharedStore& shared, History& history,
                   uint64_t seed)
    : scenario_(scenario),
      index_(index),
      history_(history),
      host_(scenario.instances[index], timeline),
      random_(seed),
      link_(scenario, index, host_, shared, random_.bits()),
      own_counts_(empty_counters()),
      shares_(empty_counters()),
      fallback_(link_, *shares_,
                {.instances = [n = scenario.instances.size()] { return static_cast<uint32_t>(n); },
                 .random = [this] { return static_cast<uint32_t>(random_.bits()); }}),
      watch_(scenario.has_fallback ? static_cast<RemoteStore&>(fallback_) : link_, scenario),
      lease_(watch_, *own_counts_,
             {.life_max = scenario.life_max, .sync_interval = scenario.sync_interval, .now = [this] {
                return host_.clock();
              }}) {
  tick();
  for (size_t key = 0; key < scenario.keys.size(); ++key) {
    ask_again(key, scenario.keys[key].checks);
    for (const Instant crowd : scenario.keys[key].crowds) {
      host_.at(crowd, [this, key] {
        const KeyPlan& plan = scenario_.keys[key];
        const int64_t times =
            static_cast<int64_t>(plan.limit.capacity) * 2 / (static_cast<int64_t>(plan.cost_max) + 1) + 1;
        for (int64_t i = 0; i < times; ++i) ask(key);
      });
    }
  }
}

Instance::~Instance() = default;

void Instance::tick() {
  Timeline& timeline = host_.timeline();
  lease_.tick(host_.clock());
  if (timeline.now() > scenario_.start + scenario_.length) return;
  host_.at(timeline.now() + kTick, [this] { tick(); });
}

// Gaps of any length up to twice the average; now and then many at once.
void Instance::ask_again(size_t key, int64_t checks) {
  if (checks <= 0) return;
  const KeyPlan& plan = scenario_.keys[key];
  Instant next = host_.timeline().now() + random_.between(Duration{1}, plan.gap * 2);
  const Duration cycle = plan.busy + plan.idle;
  const Duration into =
      Duration{(next - scenario_.start + Duration{cycle.us * static_cast<int64_t>(index_) * 2 / 3}).us % cycle.us};
  if (into >= plan.busy) next = next + (cycle - into);
  if (next > scenario_.start + scenario_.length) return;
  host_.at(next, [this, key, checks] {
    const int64_t times = random_.chance(2) ? random_.between(2, 20) : 1;
    for (int64_t i = 0; i < times; ++i) ask(key);
    ask_again(key, checks - times);
  });
}

void Instance::ask(size_t key) {
  const KeyPlan& plan = scenario_.keys[key];
  Question& question = questions_.emplace_back();
  question.from = host_.timeline().now();
  size_t size = 1;
  question.keys[0] = key;
  if (scenario_.keys.size() > 1 && random_.chance(5)) {
    question.keys[1] = (key + 1) % scenario_.keys.size();
    size = 2;
  }
  auto units = static_cast<uint64_t>(random_.between(1, static_cast<int64_t>(plan.cost_max)));
  if (random_.chance(2))
    units = static_cast<uint64_t>(random_.between(0, static_cast<int64_t>(plan.limit.capacity) + 1));
  for (size_t i = 0; i < size; ++i) {
    const KeyPlan& of = scenario_.keys[question.keys[i]];
    question.charges[i] = {.key = of.key,
                           .limit = &of.limit,
                           .cost = {units},
                           .terms = {.on_failure = scenario_.on_failure, .consistency = of.consistency}};
    history_.note_asked(question.keys[i], index_, question.from, Cost{units});
  }
  question.group = {std::span(question.charges).first(size)};
  ++asked_;
  lease_.charge({&question.group, 1}, host_.clock(), [this, &question] { on_answer(question); });
}

void Instance::on_answer(Question& question) {
  const Instant to = host_.timeline().now();
  if (question.is_answered) history_.fail("a check was answered twice");
  question.is_answered = true;
  ++answered_;
  // Answers are as late as a pause makes them; otherwise as the deadline, by a clock that may be off by a fiftieth.
  const bool was_paused = std::ranges::any_of(
      host_.plan().pauses, [&](const Trouble& pause) { return question.from <= pause.to && pause.from <= to; });
  const Duration latest = Duration{scenario_.deadline.us * 51 / 50} + Duration::millis(1);
  if (!was_paused && to - question.from > latest) history_.fail("a check was answered later than the deadline");
  bool is_admitted = true;
  for (const Charge& charge : question.group.charges) {
    if (charge.basis == Basis::kUnavailable && scenario_.has_fallback) history_.fail("a check was not decided");
    is_admitted = is_admitted && charge.basis != Basis::kUnavailable && charge.decision.allowed();
  }
  if (!is_admitted) return;
  for (size_t i = 0; i < question.group.charges.size(); ++i) {
    const Charge& charge = question.charges[i];
    if (charge.basis != Basis::kCounter || charge.cost.units == 0) continue;
    history_.note_admitted(question.keys[i], {.from = question.from, .to = to, .cost = charge.cost, .instance = index_},
                           question.group.charges.size() == 1 ? Alone::kYes : Alone::kNo);
  }
}

}  // namespace rateguard::simulation
