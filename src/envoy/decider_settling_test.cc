// Hits that are given back, limits that take debt, and the other fields that change what a request is charged.
#include "envoy/decider_fixture.h"

namespace rateguard::envoy {
namespace {

class DeciderSettlingTest : public DeciderTest {
 protected:
  static Descriptor giving(Pairs pairs, std::optional<uint64_t> hits = {}) {
    Descriptor descriptor = asking(pairs);
    descriptor.is_negative_hits = true;
    descriptor.hits_addend = hits;
    return descriptor;
  }
  static Descriptor taking(Pairs pairs, uint64_t hits) {
    Descriptor descriptor = asking(pairs);
    descriptor.hits_addend = hits;
    return descriptor;
  }
  static RateLimitSpec overdrawn(RateLimitSpec spec) {
    spec.limit = spec.limit->with_overdraft().value();
    return spec;
  }
};

TEST_F(DeciderSettlingTest, NegativeHitsAreGivenBack) {
  for (const Counting counting :
       {Counting::kAdmitted, Counting::kAdmittedOnce, Counting::kEveryRequest, Counting::kEveryRequestOnce}) {
    configure({leaf("user", "", per_unit(10, Unit::kHour))}, {.counting = counting});
    const std::string_view name = counting == Counting::kAdmitted       ? "a"
                                  : counting == Counting::kAdmittedOnce ? "b"
                                  : counting == Counting::kEveryRequest ? "c"
                                                                        : "d";
    EXPECT_EQ(ask(request({taking({{"user", name}}, 4)})), "OK: OK 6/10 3580s");
    EXPECT_EQ(ask(request({giving({{"user", name}}, 3)})), "OK: OK 9/10 3580s");
    EXPECT_EQ(ask(request({giving({{"user", name}}, 3)})), "OK: OK 10/10 3580s") << "not above the limit";
    EXPECT_EQ(ask(request({taking({{"user", name}}, 10)})), "OK: OK 0/10 3580s");
    EXPECT_EQ(ask(request({taking({{"user", name}}, 1)})), "OVER_LIMIT: OVER_LIMIT 0/10 3580s");
    EXPECT_EQ(ask(request({giving({{"user", name}}, 100)})), "OK: OK 10/10 3580s");
  }
}

TEST_F(DeciderSettlingTest, TheFlagAloneGivesOneBackAndTheRequestsHitsCount) {
  configure({leaf("user", "", per_unit(10, Unit::kHour))});
  EXPECT_EQ(ask(request({taking({{"user", "a"}}, 8)})), "OK: OK 2/10 3580s");
  EXPECT_EQ(ask(request({giving({{"user", "a"}})})), "OK: OK 3/10 3580s");
  EXPECT_EQ(ask(request({giving({{"user", "a"}})}, 4)), "OK: OK 7/10 3580s");
  EXPECT_EQ(ask(request({giving({{"user", "a"}}, 0)}, 4)), "OK: OK 7/10 3580s") << "0 of the descriptor";
}

TEST_F(DeciderSettlingTest, HitsAreGivenBackToTheirCounterEvenIfOthersAreOver) {
  configure({leaf("a", "", per_unit(1, Unit::kHour)), leaf("b", "", per_unit(10, Unit::kHour))},
            {.counting = Counting::kEveryRequestOnce});
  ask(request({taking({{"b", ""}}, 5)}));
  ask(request({taking({{"a", ""}}, 1)}));
  EXPECT_EQ(ask(request({asking({{"a", ""}}), giving({{"b", ""}}, 2)})),
            "OVER_LIMIT: OVER_LIMIT 0/1 3580s, OK 7/10 3580s");
}

TEST_F(DeciderSettlingTest, AtomicGivesBackTheDifferenceOfWhatSharesACounter) {
  configure({leaf("a", "", per_unit(10, Unit::kHour)), leaf("b", "", per_unit(1, Unit::kHour))}, {}, true);
  EXPECT_EQ(ask(request({taking({{"a", ""}}, 6)})), "OK: OK 4/10 3580s");
  EXPECT_EQ(ask(request({taking({{"a", ""}}, 2), giving({{"a", ""}}, 5)})), "OK: OK 7/10 3580s, OK 7/10 3580s");
  // More than is left, but for what comes back with it.
  EXPECT_EQ(ask(request({taking({{"a", ""}}, 9), giving({{"a", ""}}, 3)})), "OK: OK 1/10 3580s, OK 1/10 3580s");
  ask({{"b", ""}});
  EXPECT_EQ(ask(request({asking({{"b", ""}}), giving({{"a", ""}}, 4)})),
            "OVER_LIMIT: OVER_LIMIT 0/1 3580s, OK 5/10 3580s");
}

TEST_F(DeciderSettlingTest, NothingIsGivenBackToWhatCountsNothing) {
  configure({leaf("ban", "", per_unit(0, Unit::kHour)), leaf("free", "", unlimited())});
  EXPECT_EQ(ask(request({giving({{"ban", ""}}, 3), giving({{"free", ""}}, 3), giving({{"none", ""}}, 3)})),
            "OK: OK 0/0 3580s, OK 4294967295, OK");
  EXPECT_EQ(ask({{"ban", ""}}), "OVER_LIMIT: OVER_LIMIT 0/0 3580s");
}

TEST_F(DeciderSettlingTest, HitsGivenBackAreNoTotalHits) {
  configure({leaf("user", "", per_unit(10, Unit::kHour))});
  ask(request({giving({{"user", "a"}}, 3)}));
  ASSERT_EQ(decider_.tallies().size(), 1u);
  EXPECT_EQ(decider_.tallies()[0].total, 0u);
  EXPECT_EQ(decider_.tallies()[0].given_back, 3u);
}

// What Envoy does with apply_on_stream_done: hits of 0 before the request, its usage after it.
TEST_F(DeciderSettlingTest, ALimitThatTakesDebtIsClosedByReports) {
  for (const Counting counting : {Counting::kAdmitted, Counting::kEveryRequest}) {
    configure({leaf(counting == Counting::kAdmitted ? "a" : "b", "", overdrawn(per_unit(10, Unit::kHour)))},
              {.counting = counting});
    const Pairs key = {{counting == Counting::kAdmitted ? "a" : "b", ""}};
    EXPECT_EQ(ask(request({taking(key, 0)})), "OK: OK 10/10 3580s");
    EXPECT_EQ(ask(request({taking(key, 25)})), "OK: OK 0/10 3580s") << "something was left before it";
    EXPECT_EQ(ask(request({taking(key, 0)})), "OVER_LIMIT: OVER_LIMIT 0/10 3580s");
    EXPECT_EQ(ask(request({taking(key, 5)})), "OVER_LIMIT: OVER_LIMIT 0/10 3580s");
    // 30 are used: 21 given back leave 1.
    EXPECT_EQ(ask(request({giving(key, 21)})), "OK: OK 1/10 3580s");
    EXPECT_EQ(ask(request({taking(key, 0)})), "OK: OK 1/10 3580s");
    EXPECT_EQ(ask(request({taking(key, 0)}), kNow + Duration::seconds(3'580)), "OK: OK 10/10 3600s");
  }
}

TEST_F(DeciderSettlingTest, WithoutDebtAReportThatIsTooLargeTakesNothing) {
  configure({leaf("a", "", per_unit(10, Unit::kHour))});
  EXPECT_EQ(ask(request({taking({{"a", ""}}, 25)})), "OVER_LIMIT: OVER_LIMIT 0/10 3580s");
  EXPECT_EQ(ask(request({taking({{"a", ""}}, 0)})), "OK: OK 10/10 3580s");
}

TEST_F(DeciderSettlingTest, AReportIsChargedEvenIfOthersAreOver) {
  for (const bool atomic : {false, true}) {
    configure({leaf(atomic ? "x" : "a", "", per_unit(1, Unit::kHour)),
               leaf(atomic ? "y" : "b", "", overdrawn(per_unit(10, Unit::kHour)))},
              {.counting = atomic ? Counting::kAdmitted : Counting::kAdmittedOnce}, atomic);
    const Pairs one = {{atomic ? "x" : "a", ""}};
    const Pairs debt = {{atomic ? "y" : "b", ""}};
    ask(one);
    EXPECT_EQ(ask(request({asking(one), taking(debt, 4)})), "OVER_LIMIT: OVER_LIMIT 0/1 3580s, OK 6/10 3580s");
    EXPECT_EQ(ask(request({taking(debt, 0)})), "OK: OK 6/10 3580s");
  }
}

TEST_F(DeciderSettlingTest, ThePatternsOwnTextCountsWithThePattern) {
  DescriptorSpec files = leaf("files", "files/*", per_unit(10, Unit::kHour));
  files.share_threshold = true;
  configure({files});
  EXPECT_EQ(
      ask(request({asking({{"files", "files/a"}}), asking({{"files", "files/*"}}), asking({{"files", "files/b"}})})),
      "OK: OK 9/10 3580s, OK 8/10 3580s, OK 7/10 3580s");
}

TEST_F(DeciderSettlingTest, AnExactSiblingOfAPatternCountsAlone) {
  DescriptorSpec files = leaf("files", "files/*", per_unit(10, Unit::kHour));
  files.share_threshold = true;
  configure({files, leaf("files", "files/a", per_unit(5, Unit::kHour))});
  EXPECT_EQ(ask(request({asking({{"files", "files/a"}}), asking({{"files", "files/b"}})})),
            "OK: OK 4/5 3580s, OK 9/10 3580s");
}

TEST_F(DeciderSettlingTest, StoppingSparesTheOtherLimitsOfARefusedRequest) {
  configure({leaf("narrow", "", per_unit(1, Unit::kHour)), leaf("broad", "", per_unit(10, Unit::kHour)),
             leaf("shadow", "", per_unit(1, Unit::kHour))},
            {.counting = Counting::kAdmittedOnce});
  const DescriptorRequest both = request({asking({{"narrow", ""}}), asking({{"broad", ""}})});
  EXPECT_EQ(ask(both), "OK: OK 0/1 3580s, OK 9/10 3580s");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(ask(both), "OVER_LIMIT: OVER_LIMIT 0/1 3580s, OK 9/10 3580s");
  // More hits than are left are refused and take nothing from either.
  EXPECT_EQ(ask(request({asking({{"broad", ""}}), asking({{"narrow", ""}})}, 2)),
            "OVER_LIMIT: OK 9/10 3580s, OVER_LIMIT 0/1 3580s");
}

TEST_F(DeciderSettlingTest, ShadowLimitsDoNotStopOthersFromCounting) {
  configure({shadowed(leaf("shadow", "", per_unit(1, Unit::kHour))), leaf("broad", "", per_unit(10, Unit::kHour))},
            {.counting = Counting::kAdmittedOnce});
  const DescriptorRequest both = request({asking({{"shadow", ""}}), asking({{"broad", ""}})});
  ask(both);
  EXPECT_EQ(ask(both), "OK: OK 0/1 3580s, OK 8/10 3580s");
}

Descriptor overridden(std::string_view value, Override given) {
  Descriptor descriptor = asking({{"k", value}});
  descriptor.limit = given;
  return descriptor;
}

TEST_F(DeciderSettlingTest, AMultiplierSetsTheNumberOfUnitsInAnOverridesPeriod) {
  configure({leaf("k", "", per_unit(5, Unit::kMinute))});
  const Override ten_minutes = {.requests_per_unit = 3, .unit = Unit::kMinute, .unit_multiplier = 10};
  EXPECT_EQ(ask(request({overridden("v", ten_minutes)})), "OK: OK 2/3 580s");
  EXPECT_EQ(last_->statuses[0].current_limit->unit_multiplier, 10u);
  EXPECT_EQ(ask({{"k", "v"}}), "OK: OK 4/5 40s") << "another period, another counter";
  // The same period in other words is the same counter.
  const Override in_seconds = {.requests_per_unit = 3, .unit = Unit::kSecond, .unit_multiplier = 600};
  EXPECT_EQ(ask(request({overridden("v", in_seconds)})), "OK: OK 1/3 580s");
  const Override minute = {.requests_per_unit = 5, .unit = Unit::kSecond, .unit_multiplier = 60};
  EXPECT_EQ(ask(request({overridden("v", minute)})), "OK: OK 3/5 40s") << "the configured limit's own counter";
}

TEST_F(DeciderSettlingTest, WhatMakesNoPeriodIsRefused) {
  configure({leaf("k", "", per_unit(5, Unit::kMinute))});
  EXPECT_EQ(ask(request({overridden("v", {.requests_per_unit = 3, .unit_number = 99})})),
            "error: invalid rate limit unit 99 in the limit of a descriptor");
  EXPECT_EQ(ask(request({overridden("v", {.requests_per_unit = 3, .unit = Unit::kDay, .unit_multiplier = 0})})),
            "error: invalid unit_multiplier 0 in the limit of a descriptor: expected 1 to 366 of unit DAY");
  EXPECT_EQ(ask(request({overridden("v", {.requests_per_unit = 3, .unit = Unit::kYear, .unit_multiplier = 2})})),
            "error: invalid unit_multiplier 2 in the limit of a descriptor: expected 1 to 1 of unit YEAR");
}

TEST_F(DeciderSettlingTest, APeriodOfSeveralUnitsIsReportedWithAMultiplier) {
  const std::pair<Duration, std::string_view> kPeriods[] = {
      {Duration::seconds(30), "SECOND 30"},      {Duration::seconds(600), "MINUTE 10"},
      {Duration::seconds(86'400), "DAY 1"},      {Duration::seconds(604'800), "WEEK 1"},
      {Duration::seconds(1'209'600), "DAY 14"},  {Duration::seconds(90), "SECOND 90"},
      {Duration::seconds(2'592'000), "MONTH 1"}, {Duration::millis(1'500), "UNKNOWN 1"},
      {Duration::millis(250), "UNKNOWN 1"}};
  for (const auto& [period, told] : kPeriods) {
    const UnitCount units = units_of(period);
    EXPECT_EQ(fmt::format("{} {}", to_string(units.unit), units.multiplier), told);
  }
}

TEST_F(DeciderSettlingTest, ANameCannotLeaveTheHeaderFieldThatEnvoyWritesItInto) {
  RateLimitSpec limit = per_unit(5, Unit::kMinute);
  limit.name = "a\";b,c\\d\n";
  configure({leaf("k", "", limit)});
  ask({{"k", "v"}});
  EXPECT_EQ(last_->statuses[0].current_limit->name, "a__b_c_d_");
}

TEST_F(DeciderSettlingTest, DescriptorsAndEntriesAreBounded) {
  configure({leaf("k", "", per_unit(5, Unit::kMinute))});
  EXPECT_EQ(ask(request(std::vector<Descriptor>(kDescriptorsMax, asking({})))).substr(0, 3), "OK:");
  EXPECT_EQ(ask(request(std::vector<Descriptor>(kDescriptorsMax + 1, asking({})))),
            "error: 1001 descriptors; at most 1000 are decided at once");
  Descriptor wide;
  wide.entries.assign(kEntriesMax + 1, {"k", "v"});
  EXPECT_EQ(ask(request({wide})), "error: 10001 entries of descriptors; at most 10000 are decided at once");
}

}  // namespace
}  // namespace rateguard::envoy
