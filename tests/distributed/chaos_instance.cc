#include "distributed/chaos_instance.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <future>
#include <utility>

#include "store/fallback/share.h"

namespace rateguard::test {
namespace {

using std::chrono::steady_clock;

constexpr Duration kAskEvery = Duration::millis(2);
// Answers of the counter in a row after which all is well.
constexpr uint32_t kWellAfter = 10;
// A unit comes back after 15 minutes at the soonest, and kLimit of them within the time that a limit may take to fill.
constexpr Duration kUnitTime = Duration::seconds(900);

size_t index_of(Rule rule) {
  return static_cast<size_t>(rule);
}

OnStoreFailure policy_of(Rule rule) {
  if (rule == Rule::kDeny) return OnStoreFailure::kDeny;
  return rule == Rule::kLocal ? OnStoreFailure::kLocal : OnStoreFailure::kAllow;
}

// What is wrong with an answer; empty: nothing.
std::string fault_of(Rule rule, const Charge& charge) {
  const Decision& decision = charge.decision;
  const OnStoreFailure policy = policy_of(rule);
  const auto wrong = [&](std::string_view what) {
    return fmt::format("{}: {}; basis {}, limit {}, remaining {}", to_string(rule), what,
                       static_cast<int>(charge.basis), decision.limit, decision.remaining);
  };
  switch (charge.basis) {
    case Basis::kCounter:
      if (decision.limit != charge.limit->capacity) return wrong("another limit's answer");
      return decision.allowed() ? "" : wrong("refused by a counter that has enough");
    case Basis::kUnavailable:
    case Basis::kNotAsked:
      return wrong("not decided");
    case Basis::kAllowed:
      return policy == OnStoreFailure::kAllow && decision.allowed() ? "" : wrong("not its policy");
    case Basis::kDenied:
      if (policy != OnStoreFailure::kDeny || decision.allowed()) return wrong("not its policy");
      return decision.retry_after > Duration() ? "" : wrong("denied without a wait");
    case Basis::kLocalShare:
      if (policy != OnStoreFailure::kLocal) return wrong("not its policy");
      return decision.limit == share_of(*charge.limit, ChaosInstance::kInstances).capacity ? ""
                                                                                           : wrong("not its share");
  }
  return wrong("no basis");
}

}  // namespace

std::string to_string(Rule rule) {
  return std::array{"allow", "deny", "local", "pair"}[index_of(rule)];
}

ChaosInstance::ChaosInstance(const redis::Deployment& target, redis_store::Topology topology, Duration deadline)
    : deadline_(deadline),
      limits_{Limit::token_bucket(kLimit, {1, kUnitTime}).value(),
              Limit::fixed_window_from_first_request(kLimit, kPeriodMax).value(),
              Limit::gcra(kLimit, {1, kUnitTime}).value(), Limit::leaky_bucket(kLimit, {1, kUnitTime}).value()} {
  client_ = redis::make_client(*loop_, target,
                               {.random = [this] { return random_(); },
                                .on_change =
                                    [this] {
                                      if (store_ != nullptr && client_->is_ready()) store_->end_wait(loop_->now());
                                    }});
  local_ = MemoryStore::create({.max_keys = 1'000}).value();
  remote_ = std::make_unique<redis_store::RedisStore>(
      *client_, redis_store::RedisStoreOptions{.deadline = deadline,
                                               .topology = topology,
                                               .now = [this] { return loop_->now(); },
                                               .random = [this] { return random_(); },
                                               .at_turn_end = [this](auto work) { loop_->post(std::move(work)); }});
  store_ =
      std::make_unique<FallbackStore>(*remote_, *local_,
                                      FallbackOptions{.instances = [] { return kInstances; },
                                                      .random = [this] { return static_cast<uint32_t>(random_()); }});
  client_->start();
  asking_ = loop_->every(kAskEvery, [this] { ask_all(); });
  thread_ = std::thread([this] {
    schedule_figures_ = ::open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
    loop_->run();
    if (schedule_figures_ >= 0) ::close(schedule_figures_);
  });
}

ChaosInstance::~ChaosInstance() {
  loop_->post([this] {
    asking_.cancel();
    client_->stop();
    loop_->stop();
  });
  thread_.join();
}

// "123 456 7": nanoseconds on a processor, nanoseconds of waiting for one, time slices.
std::chrono::nanoseconds ChaosInstance::waited_for_processor() const {
  std::array<char, 80> text = {};
  if (schedule_figures_ < 0 || ::pread(schedule_figures_, text.data(), text.size() - 1, 0) <= 0) return {};
  const char* const second = std::strchr(text.data(), ' ');
  return std::chrono::nanoseconds(second == nullptr ? 0 : std::strtoll(second, nullptr, 10));
}

Tally ChaosInstance::tally(Rule rule) const {
  const std::lock_guard lock(mutex_);
  return tallies_[index_of(rule)];
}

std::array<Tally, kRules.size()> ChaosInstance::tallies() const {
  const std::lock_guard lock(mutex_);
  return tallies_;
}

bool ChaosInstance::is_well() const {
  return std::ranges::all_of(tallies(), [](const Tally& tally) { return tally.counter_streak >= kWellAfter; });
}

bool ChaosInstance::is_degraded_since(const std::array<Tally, kRules.size()>& before, uint64_t times) const {
  const auto now = tallies();
  for (size_t i = 0; i < now.size(); ++i) {
    if (now[i].by_policy < before[i].by_policy + times) return false;
  }
  return true;
}

void ChaosInstance::on_loop(const std::function<void(std::function<void()> done)>& work) {
  auto told = std::make_shared<std::promise<void>>();
  auto heard = told->get_future();
  loop_->post([&work, told] { work([told] { told->set_value(); }); });
  heard.get();
}

bool ChaosInstance::stop_asking() {
  on_loop([this](auto done) {
    asking_.cancel();
    done();
  });
  for (int i = 0; i < 1'000; ++i) {
    if (std::ranges::all_of(tallies(), [](const Tally& tally) { return tally.sent == tally.answered; })) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

int64_t ChaosInstance::units(Rule rule) {
  for (int i = 0; i < 1'000; ++i) {
    Charge charge = charge_of(rule, 0);
    charge.cost = {0};
    ChargeGroup group{{&charge, 1}};
    on_loop([&](auto done) { store_->charge({&group, 1}, loop_->now(), std::move(done)); });
    if (charge.basis == Basis::kCounter) return int64_t{kLimit} - charge.decision.remaining;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return -1;
}

int64_t ChaosInstance::local_units(Rule rule) {
  Charge charge = charge_of(rule, 0);
  const Limit share = share_of(*charge.limit, kInstances);
  charge.limit = &share;
  charge.cost = {0};
  on_loop([&](auto done) {
    local_->charge({{&charge, 1}}, loop_->now());
    done();
  });
  return static_cast<int64_t>(share.capacity) - charge.decision.remaining;
}

std::string ChaosInstance::problem() {
  std::string text;
  on_loop([&](auto done) {
    text = client_->problem() + " / " + remote_->problem();
    done();
  });
  return text;
}

void ChaosInstance::ask_all() {
  for (const Rule rule : kRules) ask(rule);
}

Charge ChaosInstance::charge_of(Rule rule, size_t which) const {
  static constexpr std::array<std::string_view, kRules.size() + 1> kKeys = {"allow", "deny", "local", "pair", "pair 2"};
  return {.key = kKeys[index_of(rule) + which],
          .limit = &limits_[index_of(rule)],
          .terms = {.on_failure = policy_of(rule), .hash_tag_from = rule == Rule::kPair ? kOneHashTag : KeyOffset{0}}};
}

void ChaosInstance::ask(Rule rule) {
  if (at_rest_.empty()) at_rest_.push_back(&askeds_.emplace_back());
  Asked* const asked = at_rest_.back();
  at_rest_.pop_back();
  asked->rule = rule;
  asked->charges = {charge_of(rule, 0), charge_of(rule, rule == Rule::kPair ? 1 : 0)};
  asked->group = {std::span(asked->charges).first(rule == Rule::kPair ? 2 : 1)};
  asked->since = steady_clock::now();
  asked->waited_before = waited_for_processor();
  {
    const std::lock_guard lock(mutex_);
    ++tallies_[index_of(rule)].sent;
  }
  store_->charge({&asked->group, 1}, loop_->now(), [this, asked] { on_answer(asked); });
}

void ChaosInstance::on_answer(Asked* asked) {
  const auto waited = waited_for_processor() - asked->waited_before;
  const auto took = std::chrono::duration_cast<std::chrono::microseconds>(steady_clock::now() - asked->since - waited);
  {
    const std::lock_guard lock(mutex_);
    Tally& tally = tallies_[index_of(asked->rule)];
    ++tally.answered;
    tally.latest = std::max(tally.latest, took);
    for (const Charge& charge : asked->group.charges) {
      if (tally.wrong.empty()) tally.wrong = fault_of(asked->rule, charge);
    }
    if (asked->charges[0].basis == Basis::kCounter) {
      ++tally.by_counter;
      ++tally.counter_streak;
    } else {
      ++tally.by_policy;
      tally.counter_streak = 0;
      // An open breaker does not ask, and counts no failure.
      const uint64_t failures = store_->stats().failures;
      if (std::exchange(failures_seen_, failures) != failures) ++tally.problems[remote_->problem()];
    }
  }
  at_rest_.push_back(asked);
}

}  // namespace rateguard::test
