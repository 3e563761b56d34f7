// What a decision counts and takes.
#include "envoy/decider_fixture.h"

namespace rateguard::envoy {
namespace {

using DeciderCountingTest = DeciderTest;

TEST_F(DeciderCountingTest, CountsInWindowsOfTheEpoch) {
  configure({leaf("k", "", per_unit(2, Unit::kMinute))});
  EXPECT_EQ(ask({{"k", "v"}}), "OK: OK 1/2 40s");
  EXPECT_EQ(ask({{"k", "other"}}), "OK: OK 1/2 40s");  // each value has a counter of its own
  EXPECT_EQ(ask({{"k", "v"}}), "OK: OK 0/2 40s");
  EXPECT_EQ(ask({{"k", "v"}}, 0, kNow + Duration::millis(39'999)), "OVER_LIMIT: OVER_LIMIT 0/2 1s");
  EXPECT_EQ(ask({{"k", "v"}}, 0, kNow + Duration::seconds(40)), "OK: OK 1/2 60s");
  EXPECT_EQ(last_->statuses[0].current_limit->unit, Unit::kMinute);
}

TEST_F(DeciderCountingTest, LengthsOfUnits) {
  const std::pair<Unit, int64_t> units[] = {{Unit::kSecond, 1},       {Unit::kMinute, 60},    {Unit::kHour, 3'600},
                                            {Unit::kDay, 86'400},     {Unit::kWeek, 604'800}, {Unit::kMonth, 2'592'000},
                                            {Unit::kYear, 31'536'000}};
  for (const auto& [unit, seconds] : units) {
    configure({leaf(std::string(to_string(unit)), "", per_unit(9, unit))});
    // The millionth second of the epoch, and half of it more.
    const Instant now{1'000'000'500'000};
    EXPECT_EQ(ask({{to_string(unit), ""}}, 0, now), fmt::format("OK: OK 8/9 {}s", seconds - 1'000'000 % seconds));
  }
}

TEST_F(DeciderCountingTest, ARefusedRequestTakesNothing) {
  configure({leaf("k", "", per_unit(10, Unit::kMinute))});
  EXPECT_EQ(ask({{"k", "v"}}, 8), "OK: OK 2/10 40s");
  EXPECT_EQ(ask({{"k", "v"}}, 5), "OVER_LIMIT: OVER_LIMIT 0/10 40s");
  EXPECT_EQ(ask({{"k", "v"}}, 2), "OK: OK 0/10 40s");
}

TEST_F(DeciderCountingTest, CompatCountsARefusedRequestToo) {
  configure({leaf("k", "", per_unit(10, Unit::kMinute))}, {.counting = Counting::kEveryRequest});
  EXPECT_EQ(ask({{"k", "v"}}, 8), "OK: OK 2/10 40s");
  EXPECT_EQ(ask({{"k", "v"}}, 5), "OVER_LIMIT: OVER_LIMIT 0/10 40s");
  EXPECT_EQ(ask({{"k", "v"}}, 2), "OVER_LIMIT: OVER_LIMIT 0/10 40s");
  EXPECT_EQ(ask({{"k", "v"}}, 2, kNow + Duration::seconds(40)), "OK: OK 8/10 60s");
}

TEST_F(DeciderCountingTest, CompatWithFullCounters) {
  configure({leaf("k", "", per_unit(UINT32_MAX, Unit::kMinute))}, {.counting = Counting::kEveryRequest});
  DescriptorRequest most = request({asking({{"k", "v"}})}, UINT32_MAX);
  EXPECT_EQ(ask(most), "OK: OK 0/4294967295 40s");
  EXPECT_EQ(ask(most), "OVER_LIMIT: OVER_LIMIT 0/4294967295 40s");
  EXPECT_EQ(ask({{"k", "v"}}), "OVER_LIMIT: OVER_LIMIT 0/4294967295 40s");
}

TEST_F(DeciderCountingTest, StoppedCompatSparesTheOtherLimitsOfARequest) {
  configure({leaf("a", "", per_unit(1, Unit::kMinute)), leaf("b", "", per_unit(10, Unit::kMinute))},
            {.counting = Counting::kEveryRequestOnce});
  const DescriptorRequest both = request({asking({{"a", ""}}), asking({{"b", ""}})});
  EXPECT_EQ(ask(both), "OK: OK 0/1 40s, OK 9/10 40s");
  EXPECT_EQ(ask(both), "OVER_LIMIT: OVER_LIMIT 0/1 40s, OK 9/10 40s");
  EXPECT_EQ(ask(both), "OVER_LIMIT: OVER_LIMIT 0/1 40s, OK 9/10 40s");
  EXPECT_EQ(ask({{"b", ""}}), "OK: OK 8/10 40s");
}

TEST_F(DeciderCountingTest, UnstoppedCompatDoesNotSpareThem) {
  configure({leaf("a", "", per_unit(1, Unit::kMinute)), leaf("b", "", per_unit(10, Unit::kMinute))},
            {.counting = Counting::kEveryRequest});
  const DescriptorRequest both = request({asking({{"a", ""}}), asking({{"b", ""}})});
  EXPECT_EQ(ask(both), "OK: OK 0/1 40s, OK 9/10 40s");
  EXPECT_EQ(ask(both), "OVER_LIMIT: OVER_LIMIT 0/1 40s, OK 8/10 40s");
}

TEST_F(DeciderCountingTest, DescriptorsAreEachOnTheirOwn) {
  configure({leaf("a", "", per_unit(1, Unit::kMinute)), leaf("b", "", per_unit(10, Unit::kMinute))});
  const DescriptorRequest both = request({asking({{"a", ""}}), asking({{"b", ""}})});
  EXPECT_EQ(ask(both), "OK: OK 0/1 40s, OK 9/10 40s");
  EXPECT_EQ(ask(both), "OVER_LIMIT: OVER_LIMIT 0/1 40s, OK 8/10 40s");
}

TEST_F(DeciderCountingTest, TheSameDescriptorTwiceCountsTwice) {
  configure({leaf("a", "", per_unit(3, Unit::kMinute))});
  const DescriptorRequest twice = request({asking({{"a", "v"}}), asking({{"a", "v"}})});
  EXPECT_EQ(ask(twice), "OK: OK 2/3 40s, OK 1/3 40s");
  EXPECT_EQ(ask(twice), "OVER_LIMIT: OK 0/3 40s, OVER_LIMIT 0/3 40s");
}

TEST_F(DeciderCountingTest, AtomicTakesAllOrNothing) {
  configure({leaf("a", "", per_unit(1, Unit::kMinute)), leaf("b", "", per_unit(10, Unit::kMinute))}, {}, true);
  const DescriptorRequest both = request({asking({{"a", ""}}), asking({{"b", ""}})});
  EXPECT_EQ(ask(both), "OK: OK 0/1 40s, OK 9/10 40s");
  EXPECT_EQ(ask(both), "OVER_LIMIT: OVER_LIMIT 0/1 40s, OK 9/10 40s");
  EXPECT_EQ(ask({{"b", ""}}), "OK: OK 8/10 40s");
}

TEST_F(DeciderCountingTest, AtomicTakesPrecedenceOverCompat) {
  configure({leaf("a", "", per_unit(1, Unit::kMinute)), leaf("b", "", per_unit(10, Unit::kMinute))},
            {.counting = Counting::kEveryRequest}, true);
  const DescriptorRequest both = request({asking({{"a", ""}}), asking({{"b", ""}})});
  ask(both);
  EXPECT_EQ(ask(both), "OVER_LIMIT: OVER_LIMIT 0/1 40s, OK 9/10 40s");
}

TEST_F(DeciderCountingTest, AtomicWithABanTakesNothing) {
  configure({leaf("ban", "", per_unit(0, Unit::kMinute)), leaf("b", "", per_unit(10, Unit::kMinute))}, {}, true);
  EXPECT_EQ(ask(request({asking({{"b", ""}}), asking({{"ban", ""}})})), "OVER_LIMIT: OK 10/10 40s, OVER_LIMIT 0/0 40s");
  EXPECT_EQ(ask({{"b", ""}}), "OK: OK 9/10 40s");
}

TEST_F(DeciderCountingTest, AtomicSumsWhatSharesACounter) {
  configure({leaf("a", "", per_unit(3, Unit::kMinute)), shadowed(leaf("s", "", per_unit(1, Unit::kMinute)))}, {}, true);
  const DescriptorRequest twice = request({asking({{"a", "v"}}), asking({{"s", ""}}), asking({{"a", "v"}})});
  EXPECT_EQ(ask(twice), "OK: OK 1/3 40s, OK 0/1 40s, OK 1/3 40s");
  // Two do not fit any more, so neither is taken; the shadow refuses nobody.
  EXPECT_EQ(ask(twice), "OVER_LIMIT: OVER_LIMIT 0/3 40s, OK 0/1 40s, OVER_LIMIT 0/3 40s");
  EXPECT_EQ(ask({{"a", "v"}}), "OK: OK 0/3 40s");
}

TEST_F(DeciderCountingTest, ZeroRequestsPerUnitBans) {
  for (const Counting counting : {Counting::kAdmitted, Counting::kEveryRequest, Counting::kEveryRequestOnce}) {
    configure({leaf("k", "", per_unit(0, Unit::kSecond))}, {.counting = counting});
    EXPECT_EQ(ask({{"k", "v"}}), "OVER_LIMIT: OVER_LIMIT 0/0 1s");
  }
}

TEST_F(DeciderCountingTest, HitsAddend) {
  configure({leaf("k", "", per_unit(10, Unit::kMinute))});
  EXPECT_EQ(ask({{"k", "v"}}, 0), "OK: OK 9/10 40s");
  EXPECT_EQ(ask({{"k", "v"}}, 3), "OK: OK 6/10 40s");
  Descriptor own = asking({{"k", "v"}});
  own.hits_addend = 2;
  EXPECT_EQ(ask(request({own}, 5)), "OK: OK 4/10 40s");
  own.hits_addend = 0;
  EXPECT_EQ(ask(request({own}, 5)), "OK: OK 4/10 40s");
  own.hits_addend = UINT64_MAX;
  EXPECT_EQ(ask(request({own})), "OVER_LIMIT: OVER_LIMIT 0/10 40s");
  own.hits_addend = 4;
  EXPECT_EQ(ask(request({own})), "OK: OK 0/10 40s");
  own.hits_addend = 0;
  EXPECT_EQ(ask(request({own})), "OK: OK 0/10 40s");  // a look is no request
}

TEST_F(DeciderCountingTest, HitsThatWouldWrapAroundAreOverTheLimit) {
  for (const Counting counting :
       {Counting::kAdmitted, Counting::kAdmittedOnce, Counting::kEveryRequest, Counting::kEveryRequestOnce}) {
    configure({leaf("k", "", per_unit(10, Unit::kMinute))}, {.counting = counting});
    const std::string value = std::to_string(static_cast<int>(counting));
    EXPECT_EQ(ask({{"k", value}}, 10), "OK: OK 0/10 40s");
    for (const uint64_t hits : {UINT64_MAX, UINT64_MAX - 9, uint64_t{UINT32_MAX} + 1}) {
      Descriptor many = asking({{"k", value}});
      many.hits_addend = hits;
      EXPECT_EQ(ask(request({many})), "OVER_LIMIT: OVER_LIMIT 0/10 40s") << hits;
    }
  }
}

TEST_F(DeciderCountingTest, ALookCreatesNoCounter) {
  configure({leaf("k", "", per_unit(10, Unit::kMinute)), leaf("ban", "", per_unit(0, Unit::kMinute))});
  Descriptor look = asking({{"k", "v"}});
  look.hits_addend = 0;
  EXPECT_EQ(ask(request({look})), "OK: OK 10/10 40s");
  look.entries[0].key = "ban";
  EXPECT_EQ(ask(request({look})), "OK: OK 0/0 40s");
  EXPECT_EQ(store_->stats().keys, 0u);
}

TEST_F(DeciderCountingTest, CompatShowsALookThatTheCounterIsOver) {
  configure({leaf("k", "", per_unit(1, Unit::kMinute))}, {.counting = Counting::kEveryRequest});
  Descriptor look = asking({{"k", "v"}});
  look.hits_addend = 0;
  ask({{"k", "v"}});
  EXPECT_EQ(ask(request({look})), "OK: OK 0/1 40s");
  ask({{"k", "v"}});
  EXPECT_EQ(ask(request({look})), "OVER_LIMIT: OVER_LIMIT 0/1 40s");
}

TEST_F(DeciderCountingTest, ShareThresholdCountsThePatternOnce) {
  auto shared = leaf("path", "files/*", per_unit(2, Unit::kMinute));
  shared.share_threshold = true;
  auto apart = leaf("path", "docs/*", per_unit(2, Unit::kMinute));
  configure({shared, apart});
  EXPECT_EQ(ask({{"path", "files/a"}}), "OK: OK 1/2 40s");
  EXPECT_EQ(ask({{"path", "files/b"}}), "OK: OK 0/2 40s");
  EXPECT_EQ(ask({{"path", "docs/a"}}), "OK: OK 1/2 40s");
  EXPECT_EQ(ask({{"path", "docs/b"}}), "OK: OK 1/2 40s");
}

TEST_F(DeciderCountingTest, ShareThresholdAppliesBelowThePattern) {
  auto shared = branch("path", "files/*", {leaf("user", "", per_unit(2, Unit::kMinute))});
  shared.share_threshold = true;
  configure({shared});
  EXPECT_EQ(ask({{"path", "files/a"}, {"user", "u"}}), "OK: OK 1/2 40s");
  EXPECT_EQ(ask({{"path", "files/b"}, {"user", "u"}}), "OK: OK 0/2 40s");
  EXPECT_EQ(ask({{"path", "files/b"}, {"user", "v"}}), "OK: OK 1/2 40s");
}

TEST_F(DeciderCountingTest, OtherAlgorithmsAndPeriods) {
  RateLimitSpec bucket{.requests_per_unit = 1, .period = Duration::seconds(30)};
  bucket.limit = Limit::token_bucket(3, {.units = 1, .period = Duration::seconds(30)}).value();
  RateLimitSpec log{.requests_per_unit = 2, .unit = Unit::kMinute, .period = Duration::seconds(60)};
  log.limit = Limit::sliding_window_log(2, Duration::seconds(60)).value();
  for (const Counting counting : {Counting::kAdmitted, Counting::kEveryRequest, Counting::kEveryRequestOnce}) {
    store_->clear();
    configure({leaf("bucket", "", bucket), leaf("log", "", log)}, {.counting = counting});
    EXPECT_EQ(ask({{"bucket", ""}}, 3), "OK: OK 0/1 90s");
    EXPECT_EQ(last_->statuses[0].current_limit->unit, Unit::kSecond);
    EXPECT_EQ(ask({{"bucket", ""}}), "OVER_LIMIT: OVER_LIMIT 0/1 30s");
    EXPECT_EQ(ask({{"log", ""}}), "OK: OK 1/2 60s");
    EXPECT_EQ(ask({{"log", ""}}, 1, kNow + Duration::seconds(50)), "OK: OK 0/2 60s");
    EXPECT_EQ(ask({{"log", ""}}, 1, kNow + Duration::seconds(50)), "OVER_LIMIT: OVER_LIMIT 0/2 10s");
  }
}

TEST_F(DeciderCountingTest, DescriptorsThatJoinAlikeHaveTheirOwnCounters) {
  configure({leaf("a", "", per_unit(1, Unit::kMinute)), leaf("a_b", "", per_unit(1, Unit::kMinute))});
  EXPECT_EQ(ask({{"a", "b_c"}}), "OK: OK 0/1 40s");
  EXPECT_EQ(ask({{"a_b", "c"}}), "OK: OK 0/1 40s");
}

TEST_F(DeciderCountingTest, ADescriptorTooLongToCountIsRefused) {
  for (const Counting counting : {Counting::kAdmitted, Counting::kEveryRequest, Counting::kEveryRequestOnce}) {
    configure({leaf("k", "", per_unit(5, Unit::kMinute)), leaf("j", "", per_unit(5, Unit::kMinute))},
              {.counting = counting});
    const std::string longest(100'000, 'x');
    EXPECT_EQ(ask(request({asking({{"k", longest}})})), "OVER_LIMIT: OVER_LIMIT 0/5 40s");
    EXPECT_EQ(ask(request({asking({{"unmatched", longest}})})), "OK: OK");
  }
}

}  // namespace
}  // namespace rateguard::envoy
