#include "limiter/limiter.h"

#include <gtest/gtest.h>

#include "store/memory/memory_store.h"

namespace rateguard {
namespace {

constexpr Instant kNow = Instant::from_seconds(1'700'000'000);

Limit per_minute(uint32_t limit) {
  return Limit::fixed_window(limit, Duration::seconds(60)).value();
}

rules::Rule rule(std::string name, std::vector<rules::Part> per, Limit limit) {
  return {.name = std::move(name), .per = std::move(per), .limit = limit};
}

const rules::Part kByIp{.kind = rules::PartKind::kIp};
const rules::Part kByKey{.kind = rules::PartKind::kApiKey};

class LimiterTest : public ::testing::Test {
 protected:
  Policy policy(std::vector<rules::Rule> rules) {
    return {.rules = rules::RuleSet::compile(std::move(rules)).value(),
            .identifier = identify::Identifier::create({}).value()};
  }
  RequestFacts from(std::string_view ip) { return {.path = "/", .peer = IpAddress::parse(ip)}; }

  std::unique_ptr<Store> store_ = MemoryStore::create({.max_keys = 1000}).value();
  Limiter limiter_{*store_};
};

TEST_F(LimiterTest, ARequestThatNoRuleMatchesIsAdmittedWithoutALimit) {
  const Policy none = policy({});
  const Outcome& outcome = limiter_.check(none, from("192.0.2.1"), kNow);
  EXPECT_TRUE(outcome.allowed());
  EXPECT_FALSE(outcome.deciding.has_value());
  EXPECT_EQ(store_->stats().keys, 0u);
}

TEST_F(LimiterTest, TheLimitWithTheLeastLeftInProportionSpeaksForAnAdmittedRequest) {
  const Policy two = policy({rule("wide", {kByIp}, per_minute(100)), rule("narrow", {}, per_minute(2))});
  const Outcome& outcome = limiter_.check(two, from("192.0.2.1"), kNow);
  ASSERT_EQ(outcome.judged.size(), 2u);
  EXPECT_TRUE(outcome.allowed());
  EXPECT_EQ(outcome.judged[*outcome.deciding].rule, 1u);
  EXPECT_EQ(outcome.judged[*outcome.deciding].decision.remaining, 1u);
}

TEST_F(LimiterTest, SharesLeftAreComparedWithoutOverflow) {
  const Limit budget = Limit::fixed_window(kUnitsMax, Duration::seconds(60)).value();
  const Policy two = policy({rule("budget", {kByIp}, budget), rule("narrow", {}, per_minute(4))});
  const Outcome& outcome = limiter_.check(two, from("192.0.2.1"), kNow);
  EXPECT_EQ(outcome.judged[*outcome.deciding].rule, 1u);
}

TEST_F(LimiterTest, TheLongestWaitSpeaksForARefusedRequestAndNothingIsCharged) {
  const Policy two = policy({rule("minute", {}, per_minute(1)),
                             rule("hour", {}, Limit::fixed_window(1, Duration::seconds(3600)).value()),
                             rule("open", {kByIp}, per_minute(10))});
  ASSERT_TRUE(limiter_.check(two, from("192.0.2.1"), kNow).allowed());
  const Outcome& refused = limiter_.check(two, from("192.0.2.1"), kNow);
  EXPECT_FALSE(refused.allowed());
  EXPECT_EQ(refused.judged[*refused.deciding].rule, 1u);
  EXPECT_TRUE(refused.judged[2].decision.allowed());

  RequestFacts look = from("192.0.2.1");
  look.cost = Cost{0};
  EXPECT_EQ(limiter_.check(two, look, kNow).judged[2].decision.remaining, 9u) << "the refused request was not charged";
}

TEST_F(LimiterTest, AShadowLimitIsChargedOnItsOwnAndNeverChangesTheAnswer) {
  rules::Rule shadow = rule("trial", {}, per_minute(1));
  shadow.mode = rules::RuleMode::kShadow;
  const Policy both = policy({shadow, rule("real", {}, per_minute(2))});
  EXPECT_TRUE(limiter_.check(both, from("192.0.2.1"), kNow).allowed());
  const Outcome& second = limiter_.check(both, from("192.0.2.1"), kNow);
  EXPECT_TRUE(second.allowed());
  EXPECT_FALSE(second.judged[0].decision.allowed());
  EXPECT_EQ(second.judged[*second.deciding].rule, 1u);
}

TEST_F(LimiterTest, ARequestWithoutWhatARuleCountsByIsRefusedAndChargesNoOtherRule) {
  const Policy both = policy({rule("by-ip", {kByIp}, per_minute(5)), rule("by-key", {kByKey}, per_minute(5))});
  const Outcome& refused = limiter_.check(both, from("192.0.2.1"), kNow);
  EXPECT_FALSE(refused.allowed());
  EXPECT_EQ(refused.rejected_by, 1u);
  EXPECT_EQ(refused.missing_part, "api_key");

  RequestFacts with_key = from("192.0.2.1");
  with_key.api_key = "k";
  const Outcome& admitted = limiter_.check(both, with_key, kNow);
  EXPECT_TRUE(admitted.allowed());
  EXPECT_EQ(admitted.judged[0].decision.remaining, 4u) << "the refused request was not charged";
}

TEST_F(LimiterTest, ARequestWhoseRulesAreFoundAlreadyIsDecidedAsAnyOther) {
  rules::Rule shadow = rule("trial", {}, per_minute(4));
  shadow.mode = rules::RuleMode::kShadow;
  const Policy rules = policy({shadow, rule("by-ip", {kByIp}, per_minute(3)), rule("all", {}, per_minute(20)),
                               rule("by-key", {kByKey}, per_minute(5))});
  const auto other = MemoryStore::create({.max_keys = 1000}).value();
  Limiter plain(*other);
  rules::Routed routed;
  rules.rules->route({}, routed);
  for (int i = 0; i < 80; ++i) {
    RequestFacts facts = from(i % 3 == 0 ? "192.0.2.1" : i % 3 == 1 ? "192.0.2.2" : "192.0.2.3");
    if (i % 7 != 0) facts.api_key = i % 2 == 0 ? "even" : "odd";  // without one the last rule refuses
    facts.cost = Cost{static_cast<uint32_t>(i % 4)};
    const Instant now = kNow + Duration::seconds(i / 40 * 45);
    const Outcome& expected = plain.check(rules, facts, now);
    const Outcome& outcome = limiter_.check(rules, facts, routed, now);
    EXPECT_EQ(outcome.verdict, expected.verdict) << i;
    EXPECT_EQ(outcome.deciding, expected.deciding) << i;
    EXPECT_EQ(outcome.rejected_by, expected.rejected_by) << i;
    EXPECT_EQ(outcome.missing_part, expected.missing_part) << i;
    ASSERT_EQ(outcome.judged.size(), expected.judged.size()) << i;
    for (size_t j = 0; j < outcome.judged.size(); ++j) {
      EXPECT_EQ(outcome.judged[j].rule, expected.judged[j].rule) << i;
      EXPECT_EQ(outcome.judged[j].decision, expected.judged[j].decision) << i;
      EXPECT_EQ(limiter_.matches().limits()[j].key, plain.matches().limits()[j].key) << i;
    }
  }
}

TEST_F(LimiterTest, EqualSharesAreBrokenByOrder) {
  EXPECT_EQ(deciding_limit({}), std::nullopt);
  const Decision half{.limit = 10, .remaining = 5};
  const Decision also_half{.limit = 2, .remaining = 1};
  const Outcome::Judged judged[] = {{.rule = 7, .decision = half}, {.rule = 8, .decision = also_half}};
  EXPECT_EQ(deciding_limit(judged), 0u);
}

TEST_F(LimiterTest, NeverIsTheLongestWait) {
  const Decision never{.verdict = Verdict::kRefused, .retry_after = Duration::never()};
  const Decision soon{.verdict = Verdict::kRefused, .retry_after = Duration::seconds(5)};
  const Outcome::Judged judged[] = {{.rule = 0, .decision = soon}, {.rule = 1, .decision = never}};
  EXPECT_EQ(deciding_limit(judged), 1u);
}

TEST_F(LimiterTest, HoursGoByTheWallClockNotByTheCountersTime) {
  rules::Rule work = rule("work", {}, per_minute(1));
  work.match.when = {{.begin_s = 9 * 3'600, .end_s = 18 * 3'600}};
  const Policy hours = policy({work});
  const Instant evening = Instant::from_seconds(1'704'067'200 + 19 * 3'600);  // 2024-01-01
  const auto judged = [&](Now now) { return limiter_.check(hours, from("192.0.2.1"), now).judged.size(); };
  EXPECT_EQ(judged(evening), 0u);
  EXPECT_EQ(judged(Now(evening, Duration::seconds(2 * 3'600))), 1u) << "the wall clock was set back to five";
}

}  // namespace
}  // namespace rateguard
