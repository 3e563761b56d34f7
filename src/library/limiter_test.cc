#include <gtest/gtest.h>
#include <rateguard/limiter.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace rateguard::api {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint kStart{std::chrono::seconds(1'700'000'000)};

Limiter make(Options options = {}) {
  return Limiter::create(std::move(options)).value();
}

constexpr const char* kRules = R"(
rules:
  - name: login
    match: {methods: [POST], path: /login}
    per: ip
    limit: 2/m
    algorithm: sliding_window_log
  - name: by-key
    match: {path: "/api/*"}
    per: api_key
    limit: 3/m
  - name: planned
    match: {path: /none}
    per: user
    by_plan: {free: 1/m, pro: 2/m, enterprise: unlimited}
  - name: watched
    match: {path: /login}
    per: global
    limit: 1/m
    mode: shadow
)";

TEST(LibraryLimiter, CountsAndSaysExactlyHowLongToWait) {
  Limiter limiter = make();
  const Limit limit = Limit::token_bucket(3, per_second(1)).value();
  for (uint32_t left : {2u, 1u, 0u}) {
    const Decision decision = limiter.check("user:1", limit, 1, kStart).value();
    EXPECT_TRUE(decision.allowed);
    EXPECT_EQ(decision.limit, 3u);
    EXPECT_EQ(decision.remaining, left);
    EXPECT_EQ(decision.retry_after, 0us);
  }
  const Decision refused = limiter.check("user:1", limit, 2, kStart).value();
  EXPECT_FALSE(refused.allowed);
  EXPECT_EQ(refused.retry_after, 2s);
  EXPECT_FALSE(limiter.check("user:1", limit, 2, kStart + refused.retry_after - 1us).value().allowed);
  EXPECT_TRUE(limiter.check("user:1", limit, 2, kStart + refused.retry_after).value().allowed);
  EXPECT_TRUE(limiter.check("user:2", limit, 3, kStart).value().allowed);
}

TEST(LibraryLimiter, ACostAboveTheLimitNeverFits) {
  Limiter limiter = make();
  const Limit limit = Limit::fixed_window(5, 1min).value();
  const Decision decision = limiter.check("k", limit, 6, kStart).value();
  EXPECT_FALSE(decision.allowed);
  EXPECT_EQ(decision.retry_after, kNever);
}

TEST(LibraryLimiter, EveryAlgorithmAdmitsItsLimitAndNoMore) {
  Limiter limiter = make();
  const Limit limits[] = {
      Limit::token_bucket(4, per_hour(1)).value(), Limit::gcra(4, per_hour(1)).value(),
      Limit::leaky_bucket(4, per_hour(1)).value(), Limit::fixed_window(4, 1h).value(),
      Limit::sliding_window_log(4, 1h).value(),    Limit::sliding_window_counter(4, 1h).value(),
      Limit::concurrency(4, 1h).value(),
  };
  // One key: the algorithm is part of a counter's name.
  for (const Limit& limit : limits) {
    int admitted = 0;
    for (int i = 0; i < 10; ++i) admitted += limiter.check("one key", limit, 1, kStart).value().allowed;
    EXPECT_EQ(admitted, 4);
  }
}

TEST(LibraryLimiter, CalendarWindowsFollowTheZone) {
  Limiter limiter = make();
  const Limit limit = Limit::calendar_window(1, CalendarUnit::kDay, "Europe/Berlin").value();
  // 2023-11-14 22:30 UTC is 23:30 in Berlin: half an hour to midnight.
  const TimePoint evening{std::chrono::seconds(1'700'001'000)};
  EXPECT_TRUE(limiter.check("k", limit, 1, evening).value().allowed);
  EXPECT_EQ(limiter.check("k", limit, 1, evening).value().retry_after, 30min);
  EXPECT_TRUE(limiter.check("k", limit, 1, evening + 30min).value().allowed);
  EXPECT_FALSE(Limit::calendar_window(1, CalendarUnit::kDay, "Europe/Nowhere").ok());
}

TEST(LibraryLimiter, LimitsOutOfBoundsSayTheBound) {
  EXPECT_EQ(Limit::token_bucket(0, per_second(1)).error().code, Error::Code::kInvalid);
  EXPECT_NE(Limit::fixed_window(1, 1us).error().message.find("1ms"), std::string::npos);
  EXPECT_FALSE(Limit::parse("five per minute").ok());
  Limiter limiter = make();
  const Limit parsed = Limit::parse("100/10s burst 20").value();
  EXPECT_EQ(limiter.peek("k", parsed, kStart).value().limit, 20u);
}

TEST(LibraryLimiter, KeysAndTimesOutOfBoundsAreErrors) {
  Limiter limiter = make();
  const Limit limit = Limit::fixed_window(5, 1min).value();
  EXPECT_EQ(limiter.check("", limit).error().code, Error::Code::kInvalid);
  EXPECT_EQ(limiter.check(std::string(1025, 'k'), limit).error().code, Error::Code::kInvalid);
  EXPECT_TRUE(limiter.check(std::string(1024, 'k'), limit).ok());
  EXPECT_EQ(limiter.check("k", limit, 1, TimePoint(-1us)).error().code, Error::Code::kInvalid);
  EXPECT_EQ(limiter.check("k", limit, 1, TimePoint::max()).error().code, Error::Code::kInvalid);
  EXPECT_FALSE(limiter.reset("", limit).ok());
}

TEST(LibraryLimiter, ANegativeCostGivesBack) {
  Limiter limiter = make();
  const Limit limit = Limit::fixed_window(10, 1h).value();
  EXPECT_EQ(limiter.check("k", limit, 4, kStart).value().remaining, 6u);
  EXPECT_EQ(limiter.check("k", limit, -3, kStart).value().remaining, 9u);
  EXPECT_EQ(limiter.check("k", limit, -3, kStart).value().remaining, 10u);
  EXPECT_FALSE(limiter.check("k", limit, -9'007'199'254'740'992, kStart).ok());
  EXPECT_FALSE(limiter.check("k", limit, 9'007'199'254'740'992, kStart).ok());
  EXPECT_FALSE(limiter.check("k", Limit::concurrency(5, 1min).value(), -1, kStart).ok()) << "a hold has an id";
}

TEST(LibraryLimiter, ALimitMayTakeDebt) {
  Limiter limiter = make();
  const Limit limit = Limit::token_bucket(10, per_hour(10)).value().with_overdraft().value();
  EXPECT_TRUE(limiter.check("k", limit, 0, kStart).value().allowed);
  EXPECT_TRUE(limiter.check("k", limit, 30, kStart).value().allowed) << "something was left before it";
  const Decision asked = limiter.check("k", limit, 0, kStart).value();
  EXPECT_FALSE(asked.allowed);
  EXPECT_EQ(asked.retry_after, 21 * 6min);
  EXPECT_TRUE(limiter.peek("k", limit, kStart).value().allowed) << "a look asks nothing";
  EXPECT_FALSE(Limit::leaky_bucket(10, per_hour(10)).value().with_overdraft().ok());
}

TEST(LibraryLimiter, PeekTakesNothing) {
  Limiter limiter = make();
  const Limit limit = Limit::fixed_window(2, 1min).value();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(limiter.peek("k", limit, kStart).value().remaining, 2u);
  EXPECT_EQ(limiter.stats().keys, 0u);
}

TEST(LibraryLimiter, SeveralLimitsAreAllOrNothing) {
  Limiter limiter = make();
  const Limit wide = Limit::fixed_window(10, 1min).value();
  const Limit narrow = Limit::sliding_window_log(1, 1min).value();
  const Ask asks[] = {{.key = "tenant", .limit = wide}, {.key = "user", .limit = narrow}};
  EXPECT_TRUE(limiter.check_all(asks, kStart).value().allowed);

  const Answer refused = limiter.check_all(asks, kStart).value();
  EXPECT_FALSE(refused.allowed);
  EXPECT_EQ(refused.name, "user");
  EXPECT_EQ(refused.decision.retry_after, 1min);
  ASSERT_EQ(refused.limits.size(), 2u);
  EXPECT_TRUE(refused.limits[0].decision.allowed);
  EXPECT_EQ(limiter.peek("tenant", wide, kStart).value().remaining, 9u);

  const Ask twice[] = {{.key = "tenant", .limit = wide}, {.key = "tenant", .limit = wide}};
  EXPECT_EQ(limiter.check_all(twice, kStart).error().code, Error::Code::kInvalid);
  EXPECT_TRUE(limiter.check_all({}, kStart).value().allowed);
}

TEST(LibraryLimiter, AHoldIsGivenBackOnce) {
  Limiter limiter = make();
  const Limit limit = Limit::concurrency(1, 10s).value();
  const Decision held = limiter.check("job", limit, 1, kStart).value();
  ASSERT_TRUE(held.hold.is_set());
  EXPECT_FALSE(limiter.check("job", limit, 1, kStart).value().allowed);
  EXPECT_TRUE(limiter.release(held.hold, kStart));
  EXPECT_FALSE(limiter.release(held.hold, kStart));
  EXPECT_TRUE(limiter.check("job", limit, 1, kStart).value().allowed);
  EXPECT_TRUE(limiter.check("job", limit, 1, kStart + 10s).value().allowed);
  EXPECT_FALSE(limiter.release(Hold{}, kStart));
}

TEST(LibraryLimiter, AnEstimateIsCorrectedOnce) {
  Limiter limiter = make();
  const Limit tokens = Limit::token_bucket(60'000, per_minute(400'000)).value();
  const Charged charged = limiter.charge("tenant", tokens, 20'000, kStart).value();
  EXPECT_EQ(charged.decision.remaining, 40'000u);
  const Settlement settled = limiter.settle(charged.charge, 1'500, kStart).value();
  EXPECT_EQ(settled.settled, Settled::kNow);
  EXPECT_EQ(settled.decision.remaining, 58'500u);
  EXPECT_EQ(limiter.settle(charged.charge, 0, kStart).value().settled, Settled::kBefore);
  EXPECT_EQ(limiter.peek("tenant", tokens, kStart).value().remaining, 58'500u);
}

TEST(LibraryLimiter, WhatWasUsedBeyondAnEstimateDelaysTheNext) {
  Limiter limiter = make();
  const Limit tokens = Limit::token_bucket(100, per_second(1)).value();
  const Charged charged = limiter.charge("tenant", tokens, 90, kStart).value();
  const Settlement settled = limiter.settle(charged.charge, 130, kStart).value();
  EXPECT_TRUE(settled.decision.allowed);
  EXPECT_EQ(limiter.check("tenant", tokens, 1, kStart).value().retry_after, 31s);
}

TEST(LibraryLimiter, ARefusedEstimateLeavesNothingToSettle) {
  Limiter limiter = make();
  const Limit limit = Limit::fixed_window(5, 1min).value();
  const Charged refused = limiter.charge("k", limit, 6, kStart).value();
  EXPECT_FALSE(refused.decision.allowed);
  EXPECT_FALSE(refused.charge.is_set());
  EXPECT_EQ(limiter.settle(refused.charge, 1, kStart).error().message, "this charge took nothing");
  const Charged charged = limiter.charge("k", limit, 1, kStart).value();
  EXPECT_EQ(limiter.settle(charged.charge, kUnitsMax + 1, kStart).error().code, Error::Code::kInvalid);
}

// A process that ends before it settles has charged its estimate; one that comes back may settle what it still knows,
// and what was settled before stays so.
TEST(LibraryLimiter, ACrashKeepsTheEstimateAndSettlesNothingTwice) {
  const std::string path = testing::TempDir() + "settled_after_a_crash.snap";
  const Limit limit = Limit::fixed_window_from_first_request(1'000'000'000'000, 24h).value();
  Charge open;
  Charge settled;
  {
    Limiter limiter = make();
    open = limiter.charge("budget", limit, 5'000'000'000).value().charge;
    settled = limiter.charge("budget", limit, 7'000'000'000).value().charge;
    limiter.settle(settled, 6'000'000'000).value();
    ASSERT_TRUE(limiter.save_snapshot(path).ok());
  }
  Limiter limiter = make({.snapshot = path});
  EXPECT_EQ(limiter.peek("budget", limit).value().remaining, 989'000'000'000u);
  EXPECT_EQ(limiter.settle(settled, 0).value().settled, Settled::kBefore);
  EXPECT_EQ(limiter.settle(open, 4'000'000'000).value().decision.remaining, 990'000'000'000u);
  EXPECT_EQ(limiter.settle(open, 0).value().settled, Settled::kBefore);
  std::remove(path.c_str());
}

TEST(LibraryLimiter, ResetForgets) {
  Limiter limiter = make({.rules_yaml = kRules});
  const Limit limit = Limit::fixed_window(1, 1min).value();
  EXPECT_TRUE(limiter.check("k", limit, 1, kStart).value().allowed);
  EXPECT_TRUE(limiter.reset("k", limit).value());
  EXPECT_FALSE(limiter.reset("k", limit).value());
  EXPECT_TRUE(limiter.check("k", limit, 1, kStart).value().allowed);

  EXPECT_TRUE(limiter.check_rule("login", {"203.0.113.9"}, {.cost = 2}, kStart).value().allowed);
  EXPECT_FALSE(limiter.check_rule("login", {"203.0.113.9"}, {}, kStart).value().allowed);
  EXPECT_TRUE(limiter.reset_rule("login", {"203.0.113.9"}).value());
  EXPECT_TRUE(limiter.check_rule("login", {"203.0.113.9"}, {}, kStart).value().allowed);
}

TEST(LibraryLimiter, RequestsMeetTheRulesThatMatch) {
  Limiter limiter = make({.rules_yaml = kRules});
  const Request login{.method = "POST", .path = "/login", .ip = "203.0.113.9"};
  const Answer first = limiter.check(login, kStart).value();
  EXPECT_TRUE(first.allowed);
  EXPECT_EQ(first.name, "login");
  EXPECT_EQ(first.decision.remaining, 1u);
  EXPECT_EQ(first.limits.size(), 2u);

  // The shadow rule would refuse by now, and changes nothing.
  const Answer second = limiter.check(login, kStart).value();
  EXPECT_TRUE(second.allowed);
  ASSERT_EQ(second.limits.size(), 2u);
  EXPECT_TRUE(second.limits[1].shadow);
  EXPECT_FALSE(second.limits[1].decision.allowed);

  const Answer third = limiter.check(login, kStart + 1s).value();
  EXPECT_FALSE(third.allowed);
  EXPECT_EQ(third.decision.retry_after, 59s);
  // The rule and the request count on one counter.
  EXPECT_FALSE(limiter.check_rule("login", {"203.0.113.9"}, {}, kStart + 1s).value().allowed);

  const Answer elsewhere = limiter.check({.method = "GET", .path = "/"}, kStart).value();
  EXPECT_TRUE(elsewhere.allowed);
  EXPECT_TRUE(elsewhere.name.empty());
  EXPECT_EQ(limiter.check({.ip = "203.0.113"}, kStart).error().code, Error::Code::kInvalid);
}

TEST(LibraryLimiter, HeadersSayWhoIsCallingAndTheirAbsenceIsSaid) {
  Limiter limiter = make({.rules_yaml = kRules});
  const Header headers[] = {{.name = "x-api-key", .value = "k1"}};
  EXPECT_EQ(limiter.check({.path = "/api/x", .headers = headers}, kStart).value().decision.remaining, 2u);
  EXPECT_EQ(limiter.check({.path = "/api/x", .api_key = "k1"}, kStart).value().decision.remaining, 1u);

  const Answer missing = limiter.check({.path = "/api/x"}, kStart).value();
  EXPECT_FALSE(missing.allowed);
  EXPECT_EQ(missing.name, "by-key");
  EXPECT_EQ(missing.missing, "api_key");
  EXPECT_EQ(missing.decision.retry_after, kNever);
}

TEST(LibraryLimiter, RulesAreAskedByName) {
  Limiter limiter = make({.rules_yaml = kRules});
  EXPECT_EQ(limiter.check_rule("planned", {"ann"}, {.plan = "pro"}, kStart).value().decision.limit, 2u);
  const Answer unlimited = limiter.check_rule("planned", {"ann"}, {.plan = "enterprise"}, kStart).value();
  EXPECT_TRUE(unlimited.allowed);
  EXPECT_EQ(unlimited.decision.limit, 0u);

  const Answer shadow = limiter.check_rule("watched", {}, {.cost = 1}, kStart).value();
  EXPECT_TRUE(shadow.name.empty());
  const Answer beyond = limiter.check_rule("watched", {}, {.cost = 1}, kStart).value();
  EXPECT_TRUE(beyond.allowed);
  EXPECT_FALSE(beyond.limits.at(0).decision.allowed);

  EXPECT_EQ(limiter.check_rule("none", {"x"}).error().code, Error::Code::kNotFound);
  EXPECT_EQ(limiter.check_rule("login", {"x", "y"}).error().code, Error::Code::kInvalid);
  EXPECT_EQ(limiter.check_rule("login", {"no address"}).error().code, Error::Code::kInvalid);
}

TEST(LibraryLimiter, RulesThatDoNotLoadLeaveTheOldOnes) {
  Limiter limiter = make({.rules_yaml = kRules});
  EXPECT_TRUE(limiter.check_rule("login", {"192.0.2.1"}, {.cost = 2}, kStart).value().allowed);

  const auto bad = limiter.load_rules("rules:\n  - name: login\n    limti: 5/m\n");
  ASSERT_FALSE(bad.ok());
  EXPECT_NE(bad.error().message.find(":3:"), std::string::npos) << bad.error().message;
  EXPECT_FALSE(limiter.check_rule("login", {"192.0.2.1"}, {}, kStart).value().allowed);
  EXPECT_EQ(limiter.load_rules_file("/nonexistent/rules.yaml").error().code, Error::Code::kIo);

  // A raised limit holds at once, and what was used stays used.
  EXPECT_EQ(*limiter.load_rules("rules: [{name: login, per: ip, limit: 3/m, algorithm: sliding_window_log}]"), 1u);
  EXPECT_EQ(limiter.check_rule("login", {"192.0.2.1"}, {}, kStart).value().decision.remaining, 0u);
  EXPECT_EQ(limiter.check_rule("watched", {}).error().code, Error::Code::kNotFound);

  EXPECT_FALSE(Limiter::create({.rules_yaml = kRules, .rules_file = "x"}).ok());
  EXPECT_FALSE(Limiter::create({.rules_yaml = "rules: 5"}).ok());
}

TEST(LibraryLimiter, WithoutATimeTheClockIsRead) {
  Limiter limiter = make({.rules_yaml = kRules});
  const Limit limit = Limit::calendar_window(1, CalendarUnit::kYear).value();
  const Decision now = limiter.check("k", limit).value();
  const Decision then =
      limiter.check("l", limit, 1, std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now())).value();
  EXPECT_LT(now.reset_after - then.reset_after, 1min);
  EXPECT_LT(then.reset_after - now.reset_after, 1min);
  EXPECT_TRUE(limiter.check({.method = "POST", .path = "/login", .ip = "192.0.2.1"}).value().allowed);
  EXPECT_TRUE(limiter.check_rule("login", {"192.0.2.2"}).value().allowed);
  limiter.tick();
  EXPECT_EQ(limiter.stats().keys, 5u);  // k, l, two of login, one of watched
}

TEST(LibraryLimiter, TickDropsCountersThatAreFreshAgain) {
  Limiter limiter = make();
  const Limit limit = Limit::fixed_window(1, 1s).value();
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(limiter.check("k" + std::to_string(i), limit, 1, kStart).ok());
  EXPECT_EQ(limiter.stats().keys, 100u);
  for (int i = 0; i < 1000 && limiter.stats().keys > 0; ++i) limiter.tick(4096, kStart + 10s);
  EXPECT_EQ(limiter.stats().keys, 0u);
  EXPECT_EQ(limiter.stats().expired, 100u);
}

TEST(LibraryLimiter, ASnapshotCarriesCountersOver) {
  const std::string path = testing::TempDir() + "rateguard_library_test.snap";
  std::remove(path.c_str());
  // A limiter begins with the counters that are still in force by its own clock.
  const auto now = std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
  const Limit limit = Limit::sliding_window_log(2, 1h).value();
  {
    Limiter limiter = make({.snapshot = path});  // the first start: there is none
    EXPECT_TRUE(limiter.check("k", limit, 2, now).value().allowed);
    EXPECT_EQ(*limiter.save_snapshot(path, now), 1u);
    EXPECT_EQ(limiter.save_snapshot("/nonexistent/x.snap", now).error().code, Error::Code::kIo);
  }
  {
    Limiter limiter = make({.snapshot = path});
    EXPECT_EQ(limiter.stats().keys, 1u);
    EXPECT_FALSE(limiter.check("k", limit, 1, now).value().allowed);
    EXPECT_TRUE(limiter.check("k", limit, 1, now + 1h).value().allowed);
  }
  std::ofstream(path) << "no snapshot";
  EXPECT_EQ(Limiter::create({.snapshot = path}).error().code, Error::Code::kCorrupt);
  std::remove(path.c_str());
}

TEST(LibraryLimiter, ThreadsAdmitTogetherWhatOneWould) {
  Limiter limiter =
      make({.rules_yaml = "rules: [{name: all, per: global, algorithm: fixed_window, limit: 1000, window: 1h}]"});
  const Limit limit = Limit::fixed_window(1000, 1h).value();
  std::atomic<int> by_key = 0;
  std::atomic<int> by_rule = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 500; ++i) {
        by_key += limiter.check("k", limit, 1, kStart).value().allowed;
        by_rule += limiter.check({.path = "/"}, kStart).value().allowed;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(by_key, 1000);
  EXPECT_EQ(by_rule, 1000);
}

TEST(LibraryLimiter, AReloadIsSeenWholeByEveryThread) {
  const std::string one = "rules: [{name: one, per: global, limit: 1000000/d}]";
  const std::string two =
      "rules: [{name: two, per: global, limit: 1000000/d}, {name: three, per: global, limit: 1000000/d}]";
  Limiter limiter = make({.rules_yaml = one});
  std::atomic<bool> done = false;
  std::atomic<int> torn = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&] {
      while (!done) {
        const Answer answer = limiter.check({.path = "/"}, kStart).value();
        const bool is_one = answer.limits.size() == 1 && answer.limits[0].name == "one";
        const bool is_two = answer.limits.size() == 2 && answer.limits[0].name == "two";
        torn += !is_one && !is_two;
      }
    });
  }
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(limiter.load_rules(i % 2 == 0 ? two : one).ok());
  done = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(torn, 0);
  EXPECT_EQ(limiter.check({.path = "/"}, kStart).value().limits[0].name, "one");
}

TEST(LibraryLimiter, MovesWithItsCounters) {
  Limiter from = make();
  const Limit limit = Limit::fixed_window(1, 1min).value();
  EXPECT_TRUE(from.check("k", limit, 1, kStart).value().allowed);
  Limiter to = std::move(from);
  EXPECT_FALSE(to.check("k", limit, 1, kStart).value().allowed);
}

TEST(LibraryResultDeathTest, ValueOfAnErrorEndsTheProcessWithItsMessage) {
  EXPECT_DEATH((void)Limit::token_bucket(0, per_second(1)).value(), "capacity must be from 1");
}

TEST(LibraryLimiter, EveryDecisionIsReportedOnceAndLooksAreNot) {
  std::vector<std::string> reports;
  Limiter limiter = make({.rules_yaml = kRules, .on_decision = [&](const DecisionReport& report) {
                            EXPECT_EQ(report.at, kStart);
                            reports.push_back((report.name.empty() ? "-" : std::string(report.name)) + " " +
                                              std::to_string(report.cost) + (report.allowed ? " yes" : " no"));
                          }});
  const Limit limit = Limit::token_bucket(3, per_second(1)).value();
  const auto reported = [&] { return std::exchange(reports, {}); };
  using Reports = std::vector<std::string>;

  limiter.check("k", limit, 2, kStart).value();
  limiter.check("k", limit, 2, kStart).value();
  limiter.check("k", limit, -1, kStart).value();
  EXPECT_EQ(reported(), (Reports{"- 2 yes", "- 2 no", "- -1 yes"}));
  const Charged charged = limiter.charge("m", limit, 3, kStart).value();
  EXPECT_EQ(reported(), Reports{"- 3 yes"});
  limiter.settle(charged.charge, 1, kStart).value();
  limiter.peek("k", limit, kStart).value();
  EXPECT_FALSE(limiter.check("", limit, 1, kStart).ok());
  EXPECT_EQ(reported(), Reports{}) << "a settlement, a look and a mistake decide nothing";
  const std::vector<Ask> asks = {{.key = "a", .limit = limit, .cost = 1}, {.key = "b", .limit = limit, .cost = 2}};
  limiter.check_all(asks, kStart).value();
  EXPECT_EQ(reported(), Reports{"- 2 yes"}) << "one decision, by the limit with the least left";

  limiter.check_rule("login", {"192.0.2.1"}, {.cost = 2}, kStart).value();
  limiter.check_rule("watched", {}, {}, kStart).value();
  limiter.check_rule("planned", {"u"}, {.plan = "enterprise"}, kStart).value();
  EXPECT_EQ(reported(), (Reports{"login 2 yes", "- 0 yes", "- 0 yes"}));
  limiter.check({.method = "POST", .path = "/login", .ip = "192.0.2.1"}, kStart).value();
  limiter.check({.path = "/nowhere"}, kStart).value();
  EXPECT_EQ(reported(), (Reports{"login 1 no", "- 0 yes"}));
}

}  // namespace
}  // namespace rateguard::api
