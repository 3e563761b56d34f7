#include "simulate/simulate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "config/config.h"

namespace rateguard::simulate {
namespace {

Scenario scenario_of(const std::string& yaml) {
  auto config = config::parse(yaml, "rules.yaml").value();
  return {.name = "rules.yaml",
          .policy = {.rules = rules::RuleSet::compile(config.rules).value(),
                     .identifier = identify::Identifier::create(config.identity).value()}};
}

constexpr int64_t kStart = 1'700'000'000;

// `count` requests of one client, a second apart.
void add(Recording& recording, int count, LogEntry entry) {
  for (int i = 0; i < count; ++i) {
    entry.time = Instant::from_seconds(kStart + i);
    recording.add(entry);
  }
}

Report report_of(Recording& recording, const std::string& yaml, Detail detail = Detail::kRules) {
  return simulate(recording, scenario_of(yaml), nullptr, detail, {});
}

TEST(Simulate, CountsEachRuleAndTheAnswer) {
  Recording recording;
  add(recording, 5, {.client = "10.0.0.1", .path = "/login", .cost = {2}});
  add(recording, 3, {.client = "10.0.0.2", .path = "/"});
  const Report report = report_of(recording, R"(
rules:
  - {name: login, match: {path: /login}, per: ip, limit: 6, window: 1h, algorithm: sliding_window_log}
  - {name: all, per: ip, limit: 100/h}
  - {name: tight, per: ip, limit: 1/h, mode: shadow}
  - {name: "off", per: ip, limit: 1/h, mode: "off"}
)");
  EXPECT_EQ(report.rules.totals.requests, 8u);
  EXPECT_EQ(report.rules.totals.admitted, 6u);
  EXPECT_EQ(report.rules.totals.refused, 2u);
  ASSERT_EQ(report.rules.rules.size(), 4u);

  const RuleReport& login = report.rules.rules[0];
  EXPECT_EQ(login.figures.requests, 5u);
  EXPECT_EQ(login.figures.admitted, 3u);
  EXPECT_EQ(login.figures.refused, 2u);
  EXPECT_EQ(login.figures.cost_admitted, 6u);
  EXPECT_EQ(login.figures.longest_wait, Duration::seconds(3600 - 3));
  EXPECT_EQ(login.subjects, 1u);
  EXPECT_EQ(login.subjects_refused, 1u);
  ASSERT_EQ(login.most_refused.size(), 1u);
  EXPECT_EQ(login.most_refused[0].name, "10.0.0.1");
  EXPECT_EQ(login.most_refused[0].refused, 2u);

  const RuleReport& all = report.rules.rules[1];
  EXPECT_EQ(all.figures.requests, 8u);
  EXPECT_EQ(all.figures.admitted, 6u);
  EXPECT_EQ(all.figures.refused, 0u);
  EXPECT_EQ(all.figures.refused_by_others, 2u);
  EXPECT_EQ(all.subjects, 2u);
  EXPECT_EQ(all.subjects_refused, 0u);

  const RuleReport& tight = report.rules.rules[2];
  EXPECT_EQ(tight.mode, "shadow");
  EXPECT_EQ(tight.figures.admitted, 6u);
  EXPECT_EQ(tight.figures.refused, 0u);
  EXPECT_EQ(tight.figures.refused_by_others, 2u);
  EXPECT_EQ(tight.figures.shadow_refused, 5u + 2u);  // a cost of 2 never fits a limit of 1
  EXPECT_EQ(tight.figures.refused_for_ever, 5u);
  EXPECT_EQ(tight.subjects_refused, 2u);

  EXPECT_EQ(report.rules.rules[3].mode, "off");
  EXPECT_EQ(report.rules.rules[3].figures.requests, 0u);
}

TEST(Simulate, ARequestThatLacksWhatARuleCountsByIsThatRulesRefusal) {
  Recording recording;
  add(recording, 2, {.client = "10.0.0.1"});
  add(recording, 1, {.client = "10.0.0.1", .api_key = "sk_live_0123456789abcdefghij"});
  const Report report = report_of(recording, R"(
rules:
  - {name: key, per: api_key, limit: 5/m, missing: reject}
  - {name: ip, per: ip, limit: 5/m}
)");
  const RuleReport& key = report.rules.rules[0];
  EXPECT_EQ(key.figures.requests, 3u);
  EXPECT_EQ(key.figures.refused, 2u);
  EXPECT_EQ(key.figures.refused_for_missing, 2u);
  EXPECT_EQ(key.subjects, 1u);
  EXPECT_EQ(key.subjects_refused, 0u);
  EXPECT_TRUE(key.most_refused.empty());
  EXPECT_EQ(report.rules.rules[1].figures.refused_by_others, 2u);
}

TEST(Simulate, ARuleWhoseSubjectIsMissingCountsTheRequestThoughAnEarlierRuleLackedItsOwn) {
  Recording recording;
  add(recording, 3, {.client = "10.0.0.1"});
  const Report report = report_of(recording, R"(
rules:
  - {name: users, per: user, limit: 100/m}
  - {name: keys, per: api_key, limit: 100/m}
  - {name: ips, per: ip, limit: 100/m}
  - {name: tried, per: workspace, limit: 100/m, mode: shadow}
  - {name: plans, per: user, limit: 100/m, missing: skip}
)");
  for (const size_t lacking : {0, 1}) {
    const RuleReport& rule = report.rules.rules[lacking];
    EXPECT_EQ(rule.figures.requests, 3u) << rule.name;
    EXPECT_EQ(rule.figures.refused, 3u) << rule.name;
    EXPECT_EQ(rule.figures.refused_for_missing, 3u) << rule.name;
    EXPECT_EQ(std::accumulate(rule.timeline.refused.begin(), rule.timeline.refused.end(), uint64_t{0}), 3u);
  }
  const RuleReport& ips = report.rules.rules[2];
  EXPECT_EQ(ips.figures.requests, 3u);
  EXPECT_EQ(ips.figures.refused_by_others, 3u);

  const RuleReport& tried = report.rules.rules[3];
  EXPECT_EQ(tried.figures.requests, 3u);
  EXPECT_EQ(tried.figures.shadow_refused, 3u);
  EXPECT_EQ(tried.figures.refused, 0u);
  EXPECT_EQ(tried.figures.refused_by_others, 3u);

  const RuleReport& plans = report.rules.rules[4];
  EXPECT_EQ(plans.figures.requests, 0u);
  EXPECT_EQ(plans.figures.skipped_for_missing, 3u);
}

TEST(Simulate, RequestsWithoutAnyRuleAreUnlimited) {
  Recording recording;
  add(recording, 3, {.client = "10.0.0.1", .path = "/b"});
  const Report report = report_of(recording, "rules: [{name: a, match: {path: /a}, per: ip, limit: 1/m}]");
  EXPECT_EQ(report.rules.totals.admitted, 3u);
  EXPECT_EQ(report.rules.totals.unlimited, 3u);
  EXPECT_EQ(report.rules.rules[0].figures.requests, 0u);
}

TEST(Simulate, AnEmptyRecordingIsAReportOfZeros) {
  Recording recording;
  const Report report = report_of(recording, "rules: [{name: a, per: ip, limit: 1/m}]", Detail::kPlots);
  EXPECT_EQ(report.requests, 0u);
  EXPECT_FALSE(report.first);
  EXPECT_TRUE(report.rules.quotas.empty());
}

TEST(Simulate, TheTimelineAddsUpToTheFigures) {
  Recording recording;
  add(recording, 500, {.client = "10.0.0.1"});
  const Report report = report_of(recording, "rules: [{name: a, per: ip, limit: 60/m}]");
  const auto sum = [](const std::vector<uint64_t>& counts) {
    return std::accumulate(counts.begin(), counts.end(), uint64_t{0});
  };
  const RuleReport& rule = report.rules.rules[0];
  EXPECT_EQ(sum(rule.timeline.admitted), rule.figures.admitted);
  EXPECT_EQ(sum(rule.timeline.refused), rule.figures.refused);
  EXPECT_EQ(sum(report.rules.timeline.admitted), report.rules.totals.admitted);
  EXPECT_LE(report.grid.pieces, 160u);
  EXPECT_LE(report.grid.begin, *report.first);
  EXPECT_GT(report.grid.end_of(report.grid.pieces - 1), *report.last);
}

TEST(Simulate, FollowsTheRemainingQuotaAndItsRecovery) {
  Recording recording;
  for (const int second : {0, 0, 0, 1, 100})
    recording.add({.time = Instant::from_seconds(kStart + second), .client = "10.0.0.1"});
  const Report report = report_of(
      recording, "rules: [{name: a, per: ip, algorithm: token_bucket, capacity: 3, refill: 6/m}]", Detail::kPlots);
  ASSERT_EQ(report.rules.quotas.size(), 1u);
  const QuotaReport& quota = report.rules.quotas[0];
  EXPECT_EQ(quota.subject, "10.0.0.1");
  EXPECT_EQ(quota.series.limit, 3u);
  EXPECT_EQ(report.grid.step, Duration::seconds(1));
  EXPECT_EQ(quota.series.lowest[0], 0u);
  EXPECT_EQ(quota.series.refused[1], 1u);
  EXPECT_EQ(quota.series.lowest[10], 1u);  // a token every 10 s, with no request to show it
  EXPECT_EQ(quota.series.lowest[50], 3u);
  EXPECT_EQ(quota.series.lowest[100], 2u);
}

TEST(Simulate, PlotsTheQuotaOfASubjectOverTheTimeInWhichItWasActive) {
  Recording recording;
  constexpr int kHour = 3600;
  for (int i = 0; i < 48; ++i) recording.add({.time = Instant::from_seconds(kStart + i * kHour), .client = "10.0.0.1"});
  for (int i = 0; i < 120; ++i) {
    recording.add({.time = Instant::from_seconds(kStart + 20 * kHour + i), .client = "10.0.0.2"});
  }
  const Report report = report_of(
      recording, "rules: [{name: a, per: ip, algorithm: token_bucket, capacity: 10, refill: 1/10s}]", Detail::kPlots);
  ASSERT_EQ(report.rules.quotas.size(), 2u);
  const QuotaSeries& busy = report.rules.quotas[0].series;
  EXPECT_EQ(report.rules.quotas[0].subject, "10.0.0.2");
  EXPECT_EQ(busy.grid.begin, Instant::from_seconds(kStart + 20 * kHour));
  EXPECT_EQ(busy.grid.step, Duration::seconds(1));
  EXPECT_GE(busy.grid.pieces, 210u) << "until the bucket is full again";
  EXPECT_LE(busy.grid.pieces, 240u);
  EXPECT_EQ(std::accumulate(busy.refused.begin(), busy.refused.end(), 0u), 120u - 10u - 11u);
  EXPECT_EQ(busy.refused[119], 1u);
  EXPECT_EQ(busy.lowest[0], 9u);
  EXPECT_EQ(busy.at_end.back(), 10u);

  const QuotaSeries& steady = report.rules.quotas[1].series;
  EXPECT_EQ(steady.grid.begin, Instant::from_seconds(kStart));
  EXPECT_GT(steady.grid.end_of(steady.grid.pieces - 1), Instant::from_seconds(kStart + 47 * kHour));
  EXPECT_LE(steady.grid.pieces, 240u);
  for (const auto& lowest : steady.lowest) EXPECT_TRUE(lowest.has_value()) << "recovered between its requests";
}

TEST(Simulate, APauseLongerThanACounterWasBusyIsNotClaimedToBeKnown) {
  Recording recording;
  for (const int second : {0, 1, 2000}) {
    recording.add({.time = Instant::from_seconds(kStart + second), .client = "10.0.0.1"});
  }
  const Report report =
      report_of(recording, "rules: [{name: a, per: ip, algorithm: fixed_window, limit: 5/1d}]", Detail::kPlots);
  const QuotaSeries& series = report.rules.quotas.at(0).series;
  EXPECT_TRUE(series.lowest.front().has_value());
  EXPECT_TRUE(std::ranges::any_of(series.lowest, [](const auto& lowest) { return !lowest.has_value(); }));
  EXPECT_EQ(series.lowest.size(), series.grid.pieces);
}

TEST(Simulate, ClientsThatAreOneSubjectAreCountedAsOneHoweverOftenTheyWereSeen) {
  Recording recording;
  // More than wait to be counted at a time; some name a host, which makes them no other subject.
  for (int i = 0; i < 120; ++i) {
    recording.add({.time = Instant::from_seconds(kStart + i),
                   .client = i % 2 == 0 ? "2001:db8::1" : "2001:db8::2",
                   .host = i % 3 == 0 ? "a.example" : ""});
    recording.add({.time = Instant::from_seconds(kStart + i), .client = "10.0.0.1", .user = i % 2 == 0 ? "ada" : ""});
  }
  const Report report = report_of(recording, R"(
rules:
  - {name: ips, per: ip, limit: 1000/h}
  - {name: all, per: global, limit: 1000/h}
  - {name: users, per: user, limit: 50/h, missing: ip}
)");
  EXPECT_EQ(report.rules.rules[0].subjects, 2u);
  EXPECT_EQ(report.rules.rules[0].figures.requests, 240u);
  EXPECT_EQ(report.rules.rules[1].subjects, 1u);
  EXPECT_EQ(report.rules.rules[2].subjects, 3u) << "ada, her address without her, and the other";
  ASSERT_EQ(report.rules.rules[2].most_refused.size(), 3u);
  EXPECT_EQ(report.rules.rules[2].most_refused[0].requests, 120u);
  EXPECT_EQ(report.rules.rules[2].most_refused[1].requests, 60u);
}

TEST(Simulate, CountsACallerOnceHoweverManyRulesAndRoutesCountIt) {
  Recording recording;
  for (const char* path : {"/a", "/b", "/c"}) {
    add(recording, 2, {.client = "10.0.0.1", .path = path});
    add(recording, 1, {.client = "10.0.0.2", .path = path});
  }
  const Report report = report_of(recording, R"(
rules:
  - {name: ips, per: ip, limit: 100/h}
  - {name: routes, per: [ip, route], limit: 1/h}
  - {name: everyone, per: global, limit: 1000/h}
  - {name: trial, per: ip, limit: 1/h, mode: shadow}
)",
                                  Detail::kCallers);
  ASSERT_TRUE(report.rules.callers.has_value());
  EXPECT_EQ(report.rules.callers->counted, 2u);
  EXPECT_EQ(report.rules.callers->refused, 1u);
  EXPECT_EQ(report.rules.callers->shadow_refused, 2u);
}

TEST(Simulate, ComparesTwoSetsOfRules) {
  Recording recording;
  add(recording, 10, {.client = "10.0.0.1", .path = "/a"});
  add(recording, 10, {.client = "10.0.0.2", .path = "/b"});
  const Scenario before = scenario_of(R"(
rules:
  - {name: a, match: {path: /a}, per: ip, limit: 4, window: 1h, algorithm: sliding_window_log}
)");
  const Scenario after = scenario_of(R"(
rules:
  - {name: a, match: {path: /a}, per: ip, limit: 7, window: 1h, algorithm: sliding_window_log}
  - {name: b, match: {path: /b}, per: ip, limit: 8, window: 1h, algorithm: sliding_window_log}
)");
  const Report report = simulate(recording, before, &after, Detail::kRules, {});
  ASSERT_TRUE(report.changes);
  EXPECT_EQ(report.changes->newly_refused, 2u);
  EXPECT_EQ(report.changes->newly_admitted, 3u);
  ASSERT_EQ(report.changes->most_newly_refused.size(), 1u);
  EXPECT_EQ(report.changes->most_newly_refused[0].subject, "10.0.0.2");
  EXPECT_EQ(report.changes->most_newly_refused[0].rule, "b");
  EXPECT_EQ(report.changes->most_newly_refused[0].requests, 2u);
  ASSERT_EQ(report.changes->most_newly_admitted.size(), 1u);
  EXPECT_EQ(report.changes->most_newly_admitted[0].subject, "10.0.0.1");
  EXPECT_EQ(report.changes->most_newly_admitted[0].requests, 3u);
  EXPECT_EQ(report.compared->rules[1].figures.refused, 2u);
}

TEST(Simulate, AComparisonNamesThoseWhoLackWhatTheNewRulesCountBy) {
  Recording recording;
  add(recording, 2, {.client = "10.0.0.1"});
  add(recording, 1, {.client = "10.0.0.1", .api_key = "sk_live_0123456789abcdefghij"});
  add(recording, 1, {.client = "10.0.0.2", .path = "/a"});
  const Scenario before = scenario_of("rules: [{name: ip, per: ip, limit: 100/m}]");
  const Scenario after = scenario_of(R"(
rules:
  - {name: ip, per: ip, limit: 100/m}
  - {name: a, match: {path: /a}, per: "header:X-Tenant", limit: 5/m, missing: reject}
  - {name: key, per: api_key, limit: 5/m, missing: reject}
)");
  const Report report = simulate(recording, before, &after, Detail::kRules, {});
  ASSERT_TRUE(report.changes);
  EXPECT_EQ(report.changes->newly_refused, 3u);
  ASSERT_EQ(report.changes->most_newly_refused.size(), 2u);
  EXPECT_EQ(report.changes->most_newly_refused[0].rule, "key");
  EXPECT_EQ(report.changes->most_newly_refused[0].subject, "requests without api_key");
  EXPECT_EQ(report.changes->most_newly_refused[0].requests, 2u);
  EXPECT_EQ(report.changes->most_newly_refused[1].rule, "a") << "the first in the file that lacks something";
  EXPECT_EQ(report.changes->most_newly_refused[1].subject, "requests without header:X-Tenant");
}

TEST(Simulate, NeverNamesAKey) {
  Recording recording;
  const std::string key = "sk_live_0123456789abcdefghij";
  const Header headers[] = {{"Cookie", "session=0123456789abcdef0123456789abcdef"}, {"X-Tenant", "acme\x1b[31m"}};
  add(recording, 3, {.client = "10.0.0.1", .api_key = key, .headers = headers});
  const Report report = report_of(recording, R"(
rules:
  - {name: key, per: api_key, limit: 1/h}
  - {name: short, per: "cookie:session", limit: 1/h}
  - {name: tenant, per: ["header:X-Tenant", ip], limit: 1/h}
)");
  EXPECT_EQ(report.rules.rules[0].most_refused.at(0).name, "api_key sk_live_... (#1)");
  EXPECT_EQ(report.rules.rules[1].most_refused.at(0).name, "cookie:session 01234567... (#2)");
  EXPECT_EQ(report.rules.rules[2].most_refused.at(0).name, "acme\\x1B[31m 10.0.0.1");
}

TEST(TimeGrid, CoversTheSpanInStepsThatPeopleCountIn) {
  const Instant first = Instant::from_seconds(kStart);
  for (const int64_t span_s : {0LL, 1LL, 59LL, 3'600LL, 86'400LL, 86'400LL * 30, 86'400LL * 365 * 30}) {
    const Instant last = first + Duration::seconds(span_s);
    const TimeGrid grid = TimeGrid::over(first, last, 160);
    EXPECT_LE(grid.pieces, 160u) << span_s;
    EXPECT_LE(grid.begin, first);
    EXPECT_GT(grid.end_of(grid.pieces - 1), last);
    EXPECT_LE(grid.end_of(grid.pieces - 1) - grid.step, last);
  }
}

TEST(ReportText, WritesForPeople) {
  EXPECT_EQ(duration_text(Duration::micros(1)), "1ms");
  EXPECT_EQ(duration_text(Duration::millis(250)), "250ms");
  EXPECT_EQ(duration_text(Duration::millis(1'500)), "2s");
  EXPECT_EQ(duration_text(Duration::seconds(90)), "1m30s");
  EXPECT_EQ(duration_text(Duration::seconds(3'600)), "1h");
  EXPECT_EQ(duration_text(Duration::seconds(86'400 + 59)), "1d");
  EXPECT_EQ(duration_text(Duration::seconds(187'200)), "2d4h");
  EXPECT_EQ(duration_text(Duration::never()), "never");
  EXPECT_EQ(instant_text(Instant::from_seconds(1'431'857'103)), "2015-05-17 10:05:03");
  EXPECT_EQ(count_text(0), "0");
  EXPECT_EQ(count_text(999), "999");
  EXPECT_EQ(count_text(1'234'567), "1,234,567");
}

TEST(Simulate, ExemptionsGroupsAndCostsAreThoseOfTheService) {
  Recording recording;
  const std::vector<Header> dear = {{.name = "x-cost", .value = "3"}};
  add(recording, 4, {.client = "10.0.0.1", .method = "GET", .path = "/api/a"});
  add(recording, 4, {.client = "192.0.2.1", .method = "GET", .path = "/api/a"});
  add(recording, 4, {.client = "192.0.2.1", .method = "PUT", .path = "/api/upload", .headers = dear});
  const Report report = report_of(recording, R"(
rules:
  - {name: office, match: {ip: 10.0.0.0/8}, limit: unlimited}
  - {name: api, group: g, match: {path: /api/*}, per: ip, limit: 2/h}
  - {name: upload, group: g, match: {path: /api/upload}, per: ip, limit: 10/h, cost: {header: X-Cost, max: 100}}
)");
  const auto& rules = report.rules.rules;
  ASSERT_EQ(rules.size(), 3u);
  EXPECT_EQ(rules[0].figures.requests, 4u);
  EXPECT_EQ(rules[0].figures.admitted, 4u);
  EXPECT_EQ(rules[0].limit, "unlimited");
  EXPECT_EQ(rules[1].figures.requests, 4u) << "uploads are the other rule's";
  EXPECT_EQ(rules[1].figures.admitted, 2u);
  EXPECT_EQ(rules[2].figures.requests, 4u);
  EXPECT_EQ(rules[2].figures.admitted, 3u) << "at 3 units each";
  EXPECT_EQ(rules[2].figures.cost_admitted, 9u);
}

}  // namespace
}  // namespace rateguard::simulate
