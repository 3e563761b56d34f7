#include "server/rls/rate_limit_service.h"

#include <gtest/gtest.h>

#include "base/count_allocations_for_tests.h"
#include "config/config.h"
#include "config/envoy_reader.h"
#include "event/recorder_testing.h"
#include "net/clock.h"
#include "server/awaiting_store.h"
#include "server/late_store_for_tests.h"
#include "server/rls/rate_limit_desk.h"
#include "store/memory/memory_store.h"

namespace rateguard::rls {
namespace {

constexpr Instant kNow = Instant::from_seconds(86'400 * 100 + 20);

envoy::DescriptorPolicy policy_of(std::string_view yaml) {
  return {
      .limits =
          envoy::RateLimits::compile({config::parse_envoy(yaml, "f").value()}, envoy::SameDomain::kRejected).value()};
}

envoy::DescriptorRequest asking(std::string_view key, std::string_view value) {
  return {.domain = "d", .descriptors = {{.entries = {{key, value}}}}};
}

class RateLimitServiceTest : public testing::Test {
 protected:
  RateLimitServiceTest()
      : store_(MemoryStore::create({.max_keys = 1'000}).value()), shared_(*store_), service_(shared_, labels_) {}

  const DescriptorCounters& counters(std::string_view path) {
    return service_.metrics().descriptors[labels_.slot(path)];
  }

  std::unique_ptr<MemoryStore> store_;
  server::Service shared_;
  DescriptorLabels labels_;
  RateLimitService service_;
  RateLimitDesk decider_{service_};
};

TEST_F(RateLimitServiceTest, NothingIsLoadedUntilAPolicyComes) {
  EXPECT_FALSE(service_.has_policy());
  EXPECT_EQ(decider_.decide(asking("k", "v"), kNow).error().message, "no rate limit configuration loaded");
  EXPECT_EQ(service_.metrics().errors.value(), 1u);
  service_.set_policy(policy_of("domain: d"));
  EXPECT_TRUE(service_.has_policy());
  EXPECT_EQ((*decider_.decide(asking("k", "v"), kNow))->overall, envoy::Code::kOk);
  EXPECT_EQ(service_.metrics().ok.value(), 1u);
}

TEST_F(RateLimitServiceTest, CountsByPathAndKeepsItsCountersOverAReload) {
  const auto with_limit = [](int limit) {
    return policy_of("domain: d\ndescriptors:\n  - {key: k, rate_limit: {unit: day, requests_per_unit: " +
                     std::to_string(limit) + "}}");
  };
  service_.set_policy(with_limit(1));
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(decider_.decide(asking("k", "v"), kNow).has_value());
  EXPECT_EQ(counters("d.k").total_hits.value(), 3u);
  EXPECT_EQ(counters("d.k").within_limit.value(), 1u);
  EXPECT_EQ(counters("d.k").over_limit.value(), 2u);
  EXPECT_EQ(service_.metrics().over_limit.value(), 2u);
  service_.set_policy(with_limit(2));
  const auto response = decider_.decide(asking("k", "v"), kNow);
  EXPECT_EQ((*response)->overall, envoy::Code::kOk) << "a raised limit takes effect, and what was used is kept";
  EXPECT_EQ((*response)->statuses[0].limit_remaining, 0u);
  EXPECT_EQ(counters("d.k").total_hits.value(), 4u);
}

TEST_F(RateLimitServiceTest, LabelsOfRequestsAreBounded) {
  service_.set_policy(policy_of(
      "domain: d\ndescriptors:\n  - {key: k, detailed_metric: true, rate_limit: {unit: day, requests_per_unit: 5}}"));
  for (int i = 0; i < 2 * kLabelledDescriptorsMax; ++i) {
    const std::string value = std::to_string(i);
    ASSERT_TRUE(decider_.decide(asking("k", value), kNow).has_value());
  }
  ASSERT_TRUE(decider_.decide(asking("k", "7"), kNow).has_value());
  EXPECT_EQ(counters("d.k_7").total_hits.value(), 2u);
  EXPECT_EQ(labels_.names().size(), kDescriptorSlots);
  EXPECT_GT(service_.metrics().descriptors[kOtherDescriptorSlot].total_hits.value(), 900u);
  ASSERT_TRUE(decider_.decide(asking("k", std::string(300, 'x')), kNow).has_value());
}

TEST_F(RateLimitServiceTest, AllocatesNothingOnceItsBuffersHaveGrown) {
  service_.set_policy(policy_of(R"(
domain: d
descriptors:
  - {key: k, value: "*b*c", rate_limit: {unit: day, requests_per_unit: 5, name: n}}
  - {key: l, detailed_metric: true, rate_limit: {unit: day, requests_per_unit: 5, replaces: [{name: m}]}}
)"));
  envoy::DescriptorRequest request = asking("k", "a value that is longer than what strings hold within, b, c");
  request.descriptors.push_back(request.descriptors[0]);
  request.descriptors.push_back({.entries = {{"l", "another value that is longer than that"}}});
  request.descriptors.push_back({.entries = {{"nothing", "configured"}}});
  request.descriptors.push_back(
      {.entries = {{"own", "limit"}}, .limit = envoy::Override{.requests_per_unit = 3, .unit = envoy::Unit::kHour}});
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(decider_.decide(request, kNow).has_value());
  const size_t before = allocations;
  for (int i = 0; i < 100; ++i) {
    if (!decider_.decide(request, kNow).has_value()) break;
  }
  EXPECT_EQ(allocations, before);
  EXPECT_EQ(service_.metrics().over_limit.value() + service_.metrics().ok.value(), 103u);
}

TEST_F(RateLimitServiceTest, CountsTheDebtsThatWereCut) {
  service_.set_policy(policy_of(R"(
domain: d
descriptors:
  - {key: k, rate_limit: {unit: hour, requests_per_unit: 1, algorithm: token_bucket, overdraft: true}}
)"));
  envoy::DescriptorRequest report = asking("k", "v");
  report.descriptors[0].hits_addend = 1'000;
  ASSERT_TRUE(decider_.decide(report, kNow).has_value());
  EXPECT_EQ(counters("d.k").debts_cut.value(), 0u);
  report.descriptors[0].hits_addend = 400'000;  // more than comes back within 35 years
  ASSERT_TRUE(decider_.decide(report, kNow).has_value());
  EXPECT_EQ(counters("d.k").debts_cut.value(), 1u);
  EXPECT_EQ(counters("d.k").total_hits.value(), 401'000u);
}

std::string text_of(const server::DecisionNote& note) {
  std::string text = note.verdict == Verdict::kAdmitted ? "allowed" : "refused";
  text += " by " + note.rule + " cost " + (note.cost ? std::to_string(*note.cost) : "none");
  text += note.subject.empty() ? " of nobody" : " of somebody";
  return text + ", " + std::to_string(note.refused) + " of " + std::to_string(note.decisions);
}

TEST_F(RateLimitServiceTest, AnAccessLineNamesTheFirstDescriptorThatRefusesOrElseTheFirstThatIsLimited) {
  service_.set_policy(policy_of(R"(
domain: d
descriptors:
  - {key: free, rate_limit: {unlimited: true}}
  - {key: k, rate_limit: {unit: day, requests_per_unit: 5}}
  - {key: l, rate_limit: {unit: day, requests_per_unit: 1}}
)"));
  ASSERT_TRUE(decider_.decide(asking("k", "v"), kNow).has_value());
  EXPECT_EQ(decider_.take_note().decisions, 0) << "no access log is written";
  shared_.settings.access_log = true;
  envoy::DescriptorRequest request = {.domain = "d",
                                      .descriptors = {{.entries = {{"unknown", "x"}}},
                                                      {.entries = {{"k", "secret"}}, .hits_addend = 2},
                                                      {.entries = {{"l", "secret"}}}}};
  ASSERT_TRUE(decider_.decide(request, kNow).has_value());
  const server::DecisionNote first = decider_.take_note();
  EXPECT_EQ(text_of(first), "allowed by d.k cost 2 of somebody, 0 of 3");
  EXPECT_EQ(decider_.take_note().decisions, 0) << "it is told once";
  ASSERT_TRUE(decider_.decide(request, kNow).has_value());
  EXPECT_EQ(text_of(decider_.take_note()), "refused by d.l cost 1 of somebody, 1 of 3");
  request.descriptors = {{.entries = {{"k", "secret"}}, .hits_addend = 3, .is_negative_hits = true}};
  ASSERT_TRUE(decider_.decide(request, kNow).has_value());
  const server::DecisionNote given_back = decider_.take_note();
  EXPECT_EQ(text_of(given_back), "allowed by d.k cost -3 of somebody, 0 of 1");
  EXPECT_EQ(given_back.subject, first.subject);
  ASSERT_TRUE(decider_.decide(asking("free", "x"), kNow).has_value());
  EXPECT_EQ(text_of(decider_.take_note()), "allowed by d.free cost 1 of nobody, 0 of 1");
  ASSERT_TRUE(decider_.decide(asking("unknown", "x"), kNow).has_value());
  EXPECT_EQ(text_of(decider_.take_note()), "allowed by  cost none of nobody, 0 of 1");
}

TEST_F(RateLimitServiceTest, AnAccessLineHasTheOverallVerdict) {
  shared_.settings.access_log = true;
  const auto answering = std::make_shared<const envoy::Answering>(envoy::Answering{.shadow_mode = true});
  envoy::DescriptorPolicy policy =
      policy_of("domain: d\ndescriptors:\n  - {key: k, rate_limit: {unit: day, requests_per_unit: 0}}");
  policy.answering = answering;
  service_.set_policy(std::move(policy));
  ASSERT_TRUE(decider_.decide(asking("k", "v"), kNow).has_value());
  EXPECT_TRUE(text_of(decider_.take_note()).starts_with("allowed by d.k cost 1")) << "shadow_mode of the service";
}

Policy rules_of(std::string_view yaml) {
  const config::Config config = config::parse(yaml, "f").value();
  return {.rules = rules::RuleSet::compile(config.rules).value(),
          .identifier = identify::Identifier::create({}).value()};
}

constexpr std::string_view kRules = R"(
rules:
  - {name: login, per: ip, limit: 2/m}
  - {name: quota, per: [api_key, user], by_plan: {free: 1/h, pro: unlimited}}
  - {name: slots, per: user, algorithm: concurrency, limit: 3, hold: 10s}
  - {name: trial, per: ip, limit: 1/h, mode: shadow}
)";

envoy::DescriptorRequest asking_rule(std::vector<envoy::Entry> entries) {
  return {.domain = "rateguard", .descriptors = {{.entries = std::move(entries)}}};
}

TEST_F(RateLimitServiceTest, TheRulesDomainAsksRulesByTheirKey) {
  service_.set_rules(rules_of(kRules));
  const auto login = asking_rule({{"rule", "login"}, {"ip", "203.0.113.9"}});
  for (uint32_t left : {1U, 0U}) {
    const envoy::Response& response = **decider_.decide(login, kNow);
    EXPECT_EQ(response.overall, envoy::Code::kOk);
    ASSERT_EQ(response.statuses.size(), 1u);
    EXPECT_EQ(response.statuses[0].limit_remaining, left);
    EXPECT_EQ(response.statuses[0].current_limit->requests_per_unit, 2u);
    EXPECT_EQ(response.statuses[0].current_limit->unit, envoy::Unit::kMinute);
    EXPECT_EQ(response.statuses[0].current_limit->name, "login");
  }
  const envoy::Response& refused = **decider_.decide(login, kNow);
  EXPECT_EQ(refused.overall, envoy::Code::kOverLimit);
  EXPECT_EQ(refused.statuses[0].until_reset, Duration::seconds(30)) << "when one comes back";
  const auto other = asking_rule({{"rule", "login"}, {"ip", "203.0.113.10"}});
  EXPECT_EQ((*decider_.decide(other, kNow))->overall, envoy::Code::kOk);
}

TEST_F(RateLimitServiceTest, AnAccessLineNamesARuleThatIsAskedByItsDomain) {
  shared_.settings.access_log = true;
  service_.set_rules(rules_of(kRules));
  const auto login = asking_rule({{"rule", "login"}, {"ip", "203.0.113.9"}});
  for (const char* const text :
       {"allowed by login cost 1 of somebody, 0 of 1", "allowed by login cost 1 of somebody, 0 of 1",
        "refused by login cost 1 of somebody, 1 of 1"}) {
    ASSERT_TRUE(decider_.decide(login, kNow).has_value());
    EXPECT_EQ(text_of(decider_.take_note()), text);
  }
}

TEST_F(RateLimitServiceTest, RulesHavePlansCostsAndShadows) {
  service_.set_rules(rules_of(kRules));
  const auto pro = asking_rule({{"rule", "quota"}, {"plan", "pro"}, {"key", "k"}, {"user", "u"}});
  EXPECT_EQ((*decider_.decide(pro, kNow))->statuses[0].limit_remaining, UINT32_MAX);
  auto free = asking_rule({{"rule", "quota"}, {"plan", "free"}, {"key", "k"}, {"user", "u"}});
  free.descriptors[0].hits_addend = 2;
  EXPECT_EQ((*decider_.decide(free, kNow))->overall, envoy::Code::kOverLimit);
  EXPECT_FALSE((*decider_.decide(free, kNow))->statuses[0].until_reset) << "it never fits";
  free.descriptors[0].hits_addend = 0;
  EXPECT_EQ((*decider_.decide(free, kNow))->statuses[0].limit_remaining, 1u) << "a look";
  const auto trial = asking_rule({{"rule", "trial"}, {"ip", "203.0.113.9"}});
  for (int i = 0; i < 3; ++i) EXPECT_EQ((*decider_.decide(trial, kNow))->overall, envoy::Code::kOk);
}

// A store that cannot be asked, where on_store_failure is `allow`.
struct AllowingStore final : Store {
  void charge(ChargeGroup group, Now) override {
    for (Charge& charge : group.charges) {
      charge.basis = Basis::kAllowed;
      charge.decision = {.limit = charge.limit->capacity, .remaining = charge.limit->capacity};
    }
  }
  void charge_batch(std::span<ChargeGroup> groups, Now now) override {
    for (const ChargeGroup& group : groups) charge(group, now);
  }
  ResetResult reset(std::string_view, const Terms&) override { return ResetResult::kUnavailable; }
  ReleaseResult release(const HoldId&, Instant) override { return ReleaseResult::kUnavailable; }
  void tick(Instant, TickBudget) override {}
  StoreStats stats() const override { return {}; }
};

TEST_F(RateLimitServiceTest, AnAccessLineSaysThatTheStoreCouldNotBeAsked) {
  shared_.settings.access_log = true;
  AllowingStore away;
  RateLimitService service(shared_, {.store = away}, labels_);
  service.set_policy(policy_of("domain: d\ndescriptors:\n  - {key: k, rate_limit: {unit: day, requests_per_unit: 1}}"));
  service.set_rules(rules_of(kRules));
  RateLimitDesk decider(service);
  for (const envoy::DescriptorRequest& request :
       {asking("k", "v"), asking_rule({{"rule", "login"}, {"ip", "203.0.113.9"}})}) {
    ASSERT_TRUE(decider.decide(request, kNow).has_value());
    EXPECT_TRUE(decider.take_note().degraded);
  }
}

TEST_F(RateLimitServiceTest, TheRulesDomainExplainsErrors) {
  service_.set_rules(rules_of(kRules));
  const auto message = [&](const envoy::DescriptorRequest& request) {
    return decider_.decide(request, kNow).error().message;
  };
  EXPECT_TRUE(message(asking_rule({{"rule", "nobody"}})).contains("nobody"));
  EXPECT_TRUE(message(asking_rule({{"ip", "203.0.113.9"}})).contains("begins with the entry {rule: NAME}"));
  EXPECT_TRUE(message(asking_rule({{"rule", "slots"}, {"user", "u"}})).contains("ask over HTTP"));
  auto own = asking_rule({{"rule", "login"}, {"ip", "203.0.113.9"}});
  own.descriptors[0].limit = {.requests_per_unit = 1, .unit = envoy::Unit::kHour};
  EXPECT_TRUE(message(own).contains("its own limit"));
  std::vector<envoy::Entry> many = {{"rule", "login"}};
  for (int i = 0; i < 9; ++i) many.push_back({"part", "x"});
  EXPECT_TRUE(message(asking_rule(many)).contains("at most 8"));
}

TEST_F(RateLimitServiceTest, ADomainOfThatNameInEnvoysFilesGoesFirst) {
  service_.set_rules(rules_of(kRules));
  service_.set_policy(policy_of("domain: rateguard"));
  const auto response = decider_.decide(asking_rule({{"rule", "login"}, {"ip", "203.0.113.9"}}), kNow);
  EXPECT_FALSE((*response)->statuses[0].current_limit);
}

// Several questions under way at once, on a store that answers later.
TEST_F(RateLimitServiceTest, EachDecisionUsesThePolicyItBeganWith) {
  net::ManualClock clock;
  const auto loop = net::EventLoop::create(clock).value();
  net::Tasks tasks;
  server::LateStore late(*store_);
  server::AwaitingStore store(late, tasks, *loop);
  RateLimitService service(shared_, {.store = store, .tasks = &tasks}, labels_);
  const auto with_limit = [](std::string_view key, int limit) {
    return policy_of("domain: d\ndescriptors:\n  - {key: other}\n  - {key: " + std::string(key) +
                     ", rate_limit: {unit: day, requests_per_unit: " + std::to_string(limit) + "}}");
  };
  service.set_policy(with_limit("k", 5));
  service.set_rules(rules_of(kRules));
  std::vector<std::unique_ptr<RateLimitDesk>> deciders;
  std::vector<std::string> answers;
  const auto ask = [&](const envoy::DescriptorRequest& request) {
    RateLimitDesk& decider = *deciders.emplace_back(std::make_unique<RateLimitDesk>(service));
    tasks.run([&decider, &answers, request] {
      const auto response = decider.decide(request, kNow);
      const envoy::DescriptorStatus& status = (*response)->statuses.at(0);
      answers.push_back(std::to_string(status.current_limit->requests_per_unit) + " of " +
                        std::string(status.current_limit->name) + ", left " + std::to_string(status.limit_remaining));
    });
  };
  ask(asking("k", "v"));
  ask(asking_rule({{"rule", "login"}, {"ip", "203.0.113.9"}}));
  service.set_policy(with_limit("l", 9));
  service.set_rules(rules_of("rules:\n  - {name: login, per: ip, limit: 7/h}"));
  EXPECT_FALSE(deciders[0]->is_current());
  ask(asking("l", "v"));
  ask(asking_rule({{"rule", "login"}, {"ip", "203.0.113.10"}}));
  ASSERT_EQ(late.waiting(), 4u);
  for (size_t left = 4; left > 0; --left) late.answer(left - 1);
  EXPECT_EQ(answers,
            (std::vector<std::string>{"7 of login, left 6", "9 of , left 8", "2 of login, left 1", "5 of , left 4"}));
  const auto total = [&](std::string_view path) {
    return service.metrics().descriptors[labels_.slot(path)].total_hits.value();
  };
  EXPECT_EQ(total("d.k"), 1u);
  EXPECT_EQ(total("d.l"), 1u);
  EXPECT_EQ(service.metrics().ok.value(), 4u);
}

// Each descriptor that has a limit is a decision, whether Envoy's configuration has it or it names a rule.
TEST_F(RateLimitServiceTest, EveryDecisionPassesTheRecorderOnce) {
  event::KeepingRecorder recorder;
  RateLimitService service(shared_, {.store = *store_, .recorder = &recorder}, labels_);
  service.set_policy(policy_of("domain: d\ndescriptors:\n  - {key: k, rate_limit: {unit: day, requests_per_unit: 1}}"));
  service.set_rules(rules_of("rules: [{name: login, per: ip, limit: 5/m}]"));
  RateLimitDesk desk(service);
  const envoy::DescriptorRequest both = {
      .domain = "d", .descriptors = {{.entries = {{"k", "v"}}}, {.entries = {{"unlimited", "v"}}}}, .hits_addend = 2};
  ASSERT_TRUE(desk.decide(both, kNow));
  ASSERT_TRUE(desk.decide(
      {.domain = "rateguard", .descriptors = {{.entries = {{"rule", "login"}, {"ip", "192.0.2.1"}}}}}, kNow));
  EXPECT_FALSE(desk.decide({.domain = "d", .descriptors = {}}, kNow));
  const auto kept = recorder.take();
  EXPECT_EQ(event::lines_of(kept), (std::vector<std::string>{"grpc d.k 2 refused", "grpc login 1 admitted"}));
  for (const auto& one : kept) EXPECT_EQ(one.decided.at, kNow);
}

}  // namespace
}  // namespace rateguard::rls
