// What the library hands to the core's recorder of each decision.
#include <gtest/gtest.h>
#include <rateguard/limiter.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "event/recorder_testing.h"
#include "library/limiter_access.h"

namespace rateguard::api {
namespace {

constexpr TimePoint kDecidedAt{std::chrono::seconds(1'700'000'000)};

constexpr const char* kRulesHeard = R"(
rules:
  - name: login
    match: {path: /login}
    per: ip
    limit: 2/m
    algorithm: sliding_window_log
  - name: watched
    match: {path: /login}
    per: global
    limit: 1/m
    mode: shadow
  - name: uploads
    match: {path: /upload}
    per: ip
    limit: 10/m
    cost: 4
)";

using Lines = std::vector<std::string>;
using Kept = event::KeepingRecorder::Kept;

class LibraryDecisions : public testing::Test {
 protected:
  LibraryDecisions() {
    auto recorder = std::make_unique<event::KeepingRecorder>();
    recorder_ = recorder.get();
    limiter_ =
        std::make_unique<Limiter>(LimiterAccess::create({.rules_yaml = kRulesHeard}, std::move(recorder)).value());
  }
  // The only decision since the last call.
  Kept told() {
    auto kept = recorder_->take();
    EXPECT_EQ(kept.size(), 1u);
    return kept.empty() ? Kept{} : std::move(kept.front());
  }

  std::unique_ptr<Limiter> limiter_;
  event::KeepingRecorder* recorder_;
};

TEST_F(LibraryDecisions, HoldTheLimitOfTheCallWithWhatWasUsedBefore) {
  const Limit limit = Limit::token_bucket(3, per_second(1)).value();
  limiter_->check("k", limit, 2, kDecidedAt).value();
  const Kept first = told();
  EXPECT_EQ(first.decided.door, event::Door::kLibrary);
  EXPECT_EQ(TimePoint(Duration(first.decided.at.us)), kDecidedAt);
  EXPECT_EQ(first.rule, "");
  EXPECT_EQ(first.charges, Lines{"- 0/3 asked 2 charged 2 admitted"});

  limiter_->check("k", limit, 2, kDecidedAt).value();
  const Kept refused = told();
  EXPECT_EQ(refused.counter, first.counter) << "the same counter has the same name";
  EXPECT_EQ(refused.charges, Lines{"- 2/3 asked 2 charged 0 refused"});

  limiter_->check("k", limit, -1, kDecidedAt).value();
  EXPECT_EQ(told().charges, Lines{"- 2/3 asked -1 charged -1 admitted"});
  limiter_->charge("m", limit, 3, kDecidedAt).value();
  const Kept other = told();
  EXPECT_NE(other.counter, first.counter);
  EXPECT_EQ(other.charges, Lines{"- 0/3 asked 3 charged 3 admitted"});
}

TEST_F(LibraryDecisions, HoldEveryLimitOfACallAndWhichWereHeldBackByAnother) {
  const Limit limit = Limit::fixed_window(3, std::chrono::minutes(1)).value();
  const auto ask = [&](int64_t of_b) {
    limiter_
        ->check_all({{{.key = "a", .limit = limit, .cost = 1}, {.key = "b", .limit = limit, .cost = of_b}}}, kDecidedAt)
        .value();
    return told();
  };
  EXPECT_EQ(ask(2).charges, (Lines{"- 0/3 asked 1 charged 1 admitted", "- 0/3 asked 2 charged 2 admitted"}));
  const Kept refused = ask(2);
  EXPECT_EQ(refused.decided.verdict, Verdict::kRefused);
  EXPECT_EQ(refused.decided.cost, 2) << "of the limit that decided";
  EXPECT_EQ(refused.charges, (Lines{"- 1/3 asked 1 charged 0 admitted", "- 2/3 asked 2 charged 0 refused"}));
}

TEST_F(LibraryDecisions, HoldEveryRuleThatWasAskedInTheOrderOfTheRules) {
  const auto log_in = [&] {
    limiter_->check({.method = "POST", .path = "/login", .ip = "192.0.2.1"}, kDecidedAt).value();
    return told();
  };
  EXPECT_EQ(log_in().charges,
            (Lines{"login 0/2 asked 1 charged 1 admitted", "watched 0/1 asked 1 charged 1 admitted shadow"}));
  EXPECT_EQ(log_in().charges,
            (Lines{"login 1/2 asked 1 charged 1 admitted", "watched 1/1 asked 1 charged 0 refused shadow"}));
  const Kept refused = log_in();
  EXPECT_EQ(refused.rule, "login");
  EXPECT_EQ(refused.decided.verdict, Verdict::kRefused);
  EXPECT_EQ(refused.charges,
            (Lines{"login 2/2 asked 1 charged 0 refused", "watched 1/1 asked 1 charged 0 refused shadow"}));
}

TEST_F(LibraryDecisions, HoldTheCostThatARuleMakesOfThatOfTheRequest) {
  limiter_->check({.path = "/upload", .ip = "192.0.2.1"}, kDecidedAt).value();
  const Kept by_request = told();
  EXPECT_EQ(by_request.decided.cost, 4);
  EXPECT_EQ(by_request.charges, Lines{"uploads 0/10 asked 4 charged 4 admitted"});
  limiter_->check_rule("uploads", {"192.0.2.1"}, {.cost = 1}, kDecidedAt).value();
  const Kept by_name = told();
  EXPECT_EQ(by_name.counter, by_request.counter);
  EXPECT_EQ(by_name.charges, Lines{"uploads 4/10 asked 4 charged 4 admitted"});
}

TEST_F(LibraryDecisions, HoldARuleInShadowModeThatDecidedNothing) {
  limiter_->check_rule("watched", {}, {.cost = 2}, kDecidedAt).value();
  const Kept kept = told();
  EXPECT_EQ(kept.decided.verdict, Verdict::kAdmitted);
  EXPECT_EQ(kept.rule, "") << "it decided nothing";
  EXPECT_EQ(kept.charges, Lines{"watched 0/1 asked 2 charged 0 refused shadow"});
}

TEST_F(LibraryDecisions, HoldNoLimitWhereNoneApplies) {
  limiter_->check({.path = "/nowhere"}, kDecidedAt).value();
  const Kept kept = told();
  EXPECT_EQ(kept.decided.cost, 0);
  EXPECT_EQ(kept.counter, "");
  EXPECT_EQ(kept.charges, Lines{});
}

// A gap would mean that a decision was lost on its way.
TEST_F(LibraryDecisions, AreNumberedWithoutGapsWhicheverThreadAsks) {
  constexpr uint64_t kThreads = 4;
  constexpr uint64_t kEach = 500;
  const Limit limit = Limit::token_bucket(3, per_second(1)).value();
  std::vector<std::thread> threads;
  for (uint64_t i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, key = std::to_string(i)] {
      for (uint64_t n = 0; n < kEach; ++n) limiter_->check(key, limit, 1, kDecidedAt).value();
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::vector<uint64_t> numbers;
  for (const Kept& kept : recorder_->take()) numbers.push_back(kept.decided.sequence);
  std::ranges::sort(numbers);
  ASSERT_EQ(numbers.size(), kThreads * kEach);
  for (uint64_t i = 0; i < numbers.size(); ++i) ASSERT_EQ(numbers[i], i + 1);
}

}  // namespace
}  // namespace rateguard::api
