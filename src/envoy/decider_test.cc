#include "envoy/decider.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "envoy/specs_for_tests.h"
#include "store/memory/memory_store.h"

namespace rateguard::envoy {
namespace {

// 20 seconds into a minute, an hour and a day that begin with the Unix epoch.
constexpr Instant kNow = Instant::from_seconds(100 * 86'400 + 20);

class DeciderTest : public ::testing::Test {
 protected:
  DeciderTest() : store_(MemoryStore::create({.max_keys = 1'000}).value()), decider_(*store_) {}

  void configure(std::vector<DescriptorSpec> descriptors, Answering answering = {}, bool atomic = false) {
    policy_.limits = compiled(std::move(descriptors), atomic).value();
    policy_.answering = std::make_shared<Answering>(std::move(answering));
  }

  // "OK: OK 4/5 40s, OK, OVER_LIMIT 0/1 40s": the overall code, and each status with what is left, the limit and the
  // time to its reset where there are any.
  std::string ask(const Request& request, Instant now = kNow) {
    const auto response = decider_.decide(policy_, request, now);
    if (!response) return "error: " + response.error().message;
    last_ = *response;
    std::string text = name((*response)->overall) + ":";
    for (const Status& status : (*response)->statuses) {
      text += (text.back() == ':' ? " " : ", ") + name(status.code);
      if (status.current_limit) {
        text += fmt::format(" {}/{} {}s", status.limit_remaining, status.current_limit->requests_per_unit,
                            status.until_reset->us / 1'000'000);
      } else if (status.limit_remaining != 0) {
        text += fmt::format(" {}", status.limit_remaining);
      }
    }
    return text;
  }
  std::string ask(Pairs pairs, uint32_t hits = 0, Instant now = kNow) {
    return ask(request({asking(pairs)}, hits), now);
  }

  static std::string name(Code code) {
    return code == Code::kOk ? "OK" : code == Code::kOverLimit ? "OVER_LIMIT" : "UNKNOWN";
  }

  std::unique_ptr<MemoryStore> store_;
  Decider decider_;
  Policy policy_;
  const Response* last_ = nullptr;
};

DescriptorSpec shadowed(DescriptorSpec spec) {
  spec.shadow_mode = true;
  return spec;
}

DescriptorSpec quota(DescriptorSpec spec) {
  spec.quota_mode = true;
  return spec;
}

// Behaviour 1.
TEST_F(DeciderTest, ErrorsHaveTheTextsOfEnvoyproxy) {
  EXPECT_EQ(ask(Request()), "error: rate limit domain must not be empty");
  EXPECT_EQ(ask(request({})), "error: rate limit descriptor list must not be empty");
  EXPECT_EQ(ask({{"k", "v"}}), "error: no rate limit configuration loaded");
  configure({});
  EXPECT_EQ(ask({{"k", "v"}}), "OK: OK");
}

// Behaviour 2.
TEST_F(DeciderTest, WhatIsNotLimitedIsOkWithoutALimit) {
  configure({leaf("k", "", per_unit(5, Unit::kMinute)), branch("white", "")});
  Request unknown = request({asking({{"k", "v"}}), asking({{"k", "v"}})});
  unknown.domain = "nobody";
  EXPECT_EQ(ask(unknown), "OK: OK, OK");
  EXPECT_EQ(ask(request({asking({{"x", ""}}), asking({{"k", "v"}}), asking({{"white", "v"}})})),
            "OK: OK, OK 4/5 40s, OK");
  EXPECT_EQ(store_->stats().keys, 1u);
  EXPECT_FALSE(last_->statuses[0].until_reset);
}

// Behaviour 3.
TEST_F(DeciderTest, UnlimitedHasEverythingLeftAndAsksNoStore) {
  configure({leaf("k", "", unlimited())});
  EXPECT_EQ(ask({{"k", "v"}}), "OK: OK 4294967295");
  EXPECT_EQ(store_->stats().keys, 0u);
}

// Behaviours 7 and 8, RateGuard's way.
TEST_F(DeciderTest, CountsInWindowsOfTheEpoch) {
  configure({leaf("k", "", per_unit(2, Unit::kMinute))});
  EXPECT_EQ(ask({{"k", "v"}}), "OK: OK 1/2 40s");
  EXPECT_EQ(ask({{"k", "other"}}), "OK: OK 1/2 40s");  // each value has a counter of its own
  EXPECT_EQ(ask({{"k", "v"}}), "OK: OK 0/2 40s");
  EXPECT_EQ(ask({{"k", "v"}}, 0, kNow + Duration::millis(39'999)), "OVER_LIMIT: OVER_LIMIT 0/2 1s");
  EXPECT_EQ(ask({{"k", "v"}}, 0, kNow + Duration::seconds(40)), "OK: OK 1/2 60s");
  EXPECT_EQ(last_->statuses[0].current_limit->unit, Unit::kMinute);
}

TEST_F(DeciderTest, LengthsOfUnits) {
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

TEST_F(DeciderTest, ARefusedRequestTakesNothing) {
  configure({leaf("k", "", per_unit(10, Unit::kMinute))});
  EXPECT_EQ(ask({{"k", "v"}}, 8), "OK: OK 2/10 40s");
  EXPECT_EQ(ask({{"k", "v"}}, 5), "OVER_LIMIT: OVER_LIMIT 0/10 40s");
  EXPECT_EQ(ask({{"k", "v"}}, 2), "OK: OK 0/10 40s");
}

TEST_F(DeciderTest, CompatCountsARefusedRequestToo) {
  configure({leaf("k", "", per_unit(10, Unit::kMinute))}, {.counting = Counting::kEveryRequest});
  EXPECT_EQ(ask({{"k", "v"}}, 8), "OK: OK 2/10 40s");
  EXPECT_EQ(ask({{"k", "v"}}, 5), "OVER_LIMIT: OVER_LIMIT 0/10 40s");
  EXPECT_EQ(ask({{"k", "v"}}, 2), "OVER_LIMIT: OVER_LIMIT 0/10 40s");
  EXPECT_EQ(ask({{"k", "v"}}, 2, kNow + Duration::seconds(40)), "OK: OK 8/10 60s");
}

TEST_F(DeciderTest, CompatWithFullCounters) {
  configure({leaf("k", "", per_unit(UINT32_MAX, Unit::kMinute))}, {.counting = Counting::kEveryRequest});
  Request most = request({asking({{"k", "v"}})}, UINT32_MAX);
  EXPECT_EQ(ask(most), "OK: OK 0/4294967295 40s");
  EXPECT_EQ(ask(most), "OVER_LIMIT: OVER_LIMIT 0/4294967295 40s");
  EXPECT_EQ(ask({{"k", "v"}}), "OVER_LIMIT: OVER_LIMIT 0/4294967295 40s");
}

TEST_F(DeciderTest, StoppedCompatSparesTheOtherLimitsOfARequest) {
  configure({leaf("a", "", per_unit(1, Unit::kMinute)), leaf("b", "", per_unit(10, Unit::kMinute))},
            {.counting = Counting::kEveryRequestOnce});
  const Request both = request({asking({{"a", ""}}), asking({{"b", ""}})});
  EXPECT_EQ(ask(both), "OK: OK 0/1 40s, OK 9/10 40s");
  EXPECT_EQ(ask(both), "OVER_LIMIT: OVER_LIMIT 0/1 40s, OK 9/10 40s");
  EXPECT_EQ(ask(both), "OVER_LIMIT: OVER_LIMIT 0/1 40s, OK 9/10 40s");
  EXPECT_EQ(ask({{"b", ""}}), "OK: OK 8/10 40s");
}

TEST_F(DeciderTest, UnstoppedCompatDoesNotSpareThem) {
  configure({leaf("a", "", per_unit(1, Unit::kMinute)), leaf("b", "", per_unit(10, Unit::kMinute))},
            {.counting = Counting::kEveryRequest});
  const Request both = request({asking({{"a", ""}}), asking({{"b", ""}})});
  EXPECT_EQ(ask(both), "OK: OK 0/1 40s, OK 9/10 40s");
  EXPECT_EQ(ask(both), "OVER_LIMIT: OVER_LIMIT 0/1 40s, OK 8/10 40s");
}

TEST_F(DeciderTest, DescriptorsAreEachOnTheirOwn) {
  configure({leaf("a", "", per_unit(1, Unit::kMinute)), leaf("b", "", per_unit(10, Unit::kMinute))});
  const Request both = request({asking({{"a", ""}}), asking({{"b", ""}})});
  EXPECT_EQ(ask(both), "OK: OK 0/1 40s, OK 9/10 40s");
  EXPECT_EQ(ask(both), "OVER_LIMIT: OVER_LIMIT 0/1 40s, OK 8/10 40s");
}

TEST_F(DeciderTest, TheSameDescriptorTwiceCountsTwice) {
  configure({leaf("a", "", per_unit(3, Unit::kMinute))});
  const Request twice = request({asking({{"a", "v"}}), asking({{"a", "v"}})});
  EXPECT_EQ(ask(twice), "OK: OK 2/3 40s, OK 1/3 40s");
  EXPECT_EQ(ask(twice), "OVER_LIMIT: OK 0/3 40s, OVER_LIMIT 0/3 40s");
}

TEST_F(DeciderTest, AtomicTakesAllOrNothing) {
  configure({leaf("a", "", per_unit(1, Unit::kMinute)), leaf("b", "", per_unit(10, Unit::kMinute))}, {}, true);
  const Request both = request({asking({{"a", ""}}), asking({{"b", ""}})});
  EXPECT_EQ(ask(both), "OK: OK 0/1 40s, OK 9/10 40s");
  EXPECT_EQ(ask(both), "OVER_LIMIT: OVER_LIMIT 0/1 40s, OK 9/10 40s");
  EXPECT_EQ(ask({{"b", ""}}), "OK: OK 8/10 40s");
}

TEST_F(DeciderTest, AtomicGoesBeforeCompat) {
  configure({leaf("a", "", per_unit(1, Unit::kMinute)), leaf("b", "", per_unit(10, Unit::kMinute))},
            {.counting = Counting::kEveryRequest}, true);
  const Request both = request({asking({{"a", ""}}), asking({{"b", ""}})});
  ask(both);
  EXPECT_EQ(ask(both), "OVER_LIMIT: OVER_LIMIT 0/1 40s, OK 9/10 40s");
}

TEST_F(DeciderTest, AtomicWithABanTakesNothing) {
  configure({leaf("ban", "", per_unit(0, Unit::kMinute)), leaf("b", "", per_unit(10, Unit::kMinute))}, {}, true);
  EXPECT_EQ(ask(request({asking({{"b", ""}}), asking({{"ban", ""}})})), "OVER_LIMIT: OK 10/10 40s, OVER_LIMIT 0/0 40s");
  EXPECT_EQ(ask({{"b", ""}}), "OK: OK 9/10 40s");
}

TEST_F(DeciderTest, AtomicSumsWhatSharesACounter) {
  configure({leaf("a", "", per_unit(3, Unit::kMinute)), shadowed(leaf("s", "", per_unit(1, Unit::kMinute)))}, {}, true);
  const Request twice = request({asking({{"a", "v"}}), asking({{"s", ""}}), asking({{"a", "v"}})});
  EXPECT_EQ(ask(twice), "OK: OK 1/3 40s, OK 0/1 40s, OK 1/3 40s");
  // Two do not fit any more, so neither is taken; the shadow refuses nobody.
  EXPECT_EQ(ask(twice), "OVER_LIMIT: OVER_LIMIT 0/3 40s, OK 0/1 40s, OVER_LIMIT 0/3 40s");
  EXPECT_EQ(ask({{"a", "v"}}), "OK: OK 0/3 40s");
}

TEST_F(DeciderTest, ZeroRequestsPerUnitBans) {
  for (const Counting counting : {Counting::kAdmitted, Counting::kEveryRequest, Counting::kEveryRequestOnce}) {
    configure({leaf("k", "", per_unit(0, Unit::kSecond))}, {.counting = counting});
    EXPECT_EQ(ask({{"k", "v"}}), "OVER_LIMIT: OVER_LIMIT 0/0 1s");
  }
}

// Behaviour 5.
TEST_F(DeciderTest, ALimitOfTheRequestGoesBeforeTheConfiguredOne) {
  configure({shadowed(leaf("k", "", per_unit(2, Unit::kMinute)))});
  Descriptor own = asking({{"k", "v"}});
  own.limit = Override{.requests_per_unit = 3, .unit = Unit::kMinute};
  EXPECT_EQ(ask({{"k", "v"}}), "OK: OK 1/2 40s");
  EXPECT_EQ(ask(request({own})), "OK: OK 1/3 40s");  // the same counter
  EXPECT_EQ(ask(request({own})), "OK: OK 0/3 40s");
  EXPECT_EQ(ask(request({own})), "OVER_LIMIT: OVER_LIMIT 0/3 40s");  // never in shadow
  own.limit->unit = Unit::kHour;
  EXPECT_EQ(ask(request({own})), "OK: OK 2/3 3580s");  // another window, another counter
  own.entries[0].key = "unmatched";
  EXPECT_EQ(ask(request({own})), "OK: OK 2/3 3580s");
  own.limit = Override{.requests_per_unit = 0, .unit = Unit::kDay};
  EXPECT_EQ(ask(request({own})), "OVER_LIMIT: OVER_LIMIT 0/0 86380s");
  Request elsewhere = request({own});
  elsewhere.domain = "unknown";
  EXPECT_EQ(ask(elsewhere), "OK: OK");
  own.limit->unit = Unit::kUnknown;
  EXPECT_EQ(ask(request({own})), "error: invalid rate limit unit 0 in the limit of a descriptor");
}

// Behaviour 6.
TEST_F(DeciderTest, HitsAddend) {
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

TEST_F(DeciderTest, ALookCreatesNoCounter) {
  configure({leaf("k", "", per_unit(10, Unit::kMinute)), leaf("ban", "", per_unit(0, Unit::kMinute))});
  Descriptor look = asking({{"k", "v"}});
  look.hits_addend = 0;
  EXPECT_EQ(ask(request({look})), "OK: OK 10/10 40s");
  look.entries[0].key = "ban";
  EXPECT_EQ(ask(request({look})), "OK: OK 0/0 40s");
  EXPECT_EQ(store_->stats().keys, 0u);
}

TEST_F(DeciderTest, CompatShowsALookThatTheCounterIsOver) {
  configure({leaf("k", "", per_unit(1, Unit::kMinute))}, {.counting = Counting::kEveryRequest});
  Descriptor look = asking({{"k", "v"}});
  look.hits_addend = 0;
  ask({{"k", "v"}});
  EXPECT_EQ(ask(request({look})), "OK: OK 0/1 40s");
  ask({{"k", "v"}});
  EXPECT_EQ(ask(request({look})), "OVER_LIMIT: OVER_LIMIT 0/1 40s");
}

// Behaviour 9.
TEST_F(DeciderTest, QuotasRefuseWhenAllAreOver) {
  configure({quota(leaf("a", "", per_unit(1, Unit::kMinute))), quota(leaf("b", "", per_unit(2, Unit::kMinute))),
             leaf("c", "", per_unit(3, Unit::kMinute))});
  const Request quotas = request({asking({{"a", ""}}), asking({{"b", ""}})});
  EXPECT_EQ(ask(quotas), "OK: OK 0/1 40s, OK 1/2 40s");
  EXPECT_EQ(ask(quotas), "OK: OVER_LIMIT 0/1 40s, OK 0/2 40s");
  EXPECT_EQ(ask(quotas), "OVER_LIMIT: OVER_LIMIT 0/1 40s, OVER_LIMIT 0/2 40s");
  const Request mixed = request({asking({{"b", ""}}), asking({{"c", ""}})});
  EXPECT_EQ(ask(mixed), "OVER_LIMIT: OVER_LIMIT 0/2 40s, OK 2/3 40s");  // the only quota is over
  EXPECT_EQ(ask(request({asking({{"c", ""}}), asking({{"x", ""}})})), "OK: OK 1/3 40s, OK");
}

// Behaviour 10.
TEST_F(DeciderTest, ShadowModeOfADescriptor) {
  configure({shadowed(leaf("k", "", per_unit(1, Unit::kMinute)))});
  EXPECT_EQ(ask({{"k", "v"}}), "OK: OK 0/1 40s");
  EXPECT_EQ(ask({{"k", "v"}}), "OK: OK 0/1 40s");
  ASSERT_EQ(decider_.tallies().size(), 1u);
  EXPECT_EQ(decider_.tallies()[0].shadowed, 1u);
  EXPECT_EQ(decider_.tallies()[0].over, 1u);
  EXPECT_FALSE(decider_.was_shadowed());
}

TEST_F(DeciderTest, ShadowModeOfTheServiceChangesTheOverallCodeOnly) {
  configure({leaf("k", "", per_unit(1, Unit::kMinute))}, {.shadow_mode = true});
  EXPECT_EQ(ask({{"k", "v"}}), "OK: OK 0/1 40s");
  EXPECT_FALSE(decider_.was_shadowed());
  EXPECT_EQ(ask({{"k", "v"}}), "OK: OVER_LIMIT 0/1 40s");
  EXPECT_TRUE(decider_.was_shadowed());
}

// Behaviour 11.
TEST_F(DeciderTest, AReplacedDescriptorIsUnmatched) {
  auto special = per_unit(5, Unit::kMinute);
  special.name = "special";
  auto wide = per_unit(10, Unit::kMinute);
  wide.replaces = {"special", "unheard"};
  configure({leaf("a", "", special), leaf("b", "", wide)});
  EXPECT_EQ(ask({{"a", ""}}), "OK: OK 4/5 40s");
  EXPECT_EQ(last_->statuses[0].current_limit->name, "special");
  EXPECT_EQ(ask(request({asking({{"a", ""}}), asking({{"b", ""}})})), "OK: OK, OK 9/10 40s");
  EXPECT_EQ(ask({{"a", ""}}), "OK: OK 3/5 40s");  // it was not charged
}

TEST_F(DeciderTest, AnUnlimitedDescriptorReplacesToo) {
  auto limited = per_unit(5, Unit::kMinute);
  limited.name = "limited";
  auto free = unlimited();
  free.replaces = {"limited"};
  configure({leaf("a", "", limited), leaf("b", "", free)});
  EXPECT_EQ(ask(request({asking({{"a", ""}}), asking({{"b", ""}})})), "OK: OK, OK 4294967295");
}

// Behaviour 12.
TEST_F(DeciderTest, HeadersSpeakForTheDescriptorWithTheLeastLeft) {
  const auto headers = [this] {
    std::string text;
    for (const auto& [header, value] : last_->response_headers) text += header + "=" + value + " ";
    return text;
  };
  configure({leaf("a", "", per_unit(1, Unit::kMinute)), leaf("b", "", per_unit(10, Unit::kHour)),
             leaf("c", "", per_unit(1, Unit::kHour))});
  const Request all = request({asking({{"x", ""}}), asking({{"b", ""}}), asking({{"a", ""}})});
  ask(all);
  EXPECT_EQ(headers(), "");
  policy_.answering = std::make_shared<Answering>(Answering{.response_headers = HeaderNames{}});
  ask(request({asking({{"b", ""}})}));
  EXPECT_EQ(headers(), "RateLimit-Limit=10 RateLimit-Remaining=8 RateLimit-Reset=3580 ");
  ask(all, kNow + Duration::seconds(60));
  EXPECT_EQ(headers(), "RateLimit-Limit=1 RateLimit-Remaining=0 RateLimit-Reset=40 ");
  // The last that is over wins.
  ask({{"c", ""}}, 1);
  ask(request({asking({{"a", ""}}), asking({{"c", ""}}), asking({{"b", ""}})}));
  EXPECT_EQ(headers(), "RateLimit-Limit=1 RateLimit-Remaining=0 RateLimit-Reset=3580 ");
  ask({{"x", ""}});
  EXPECT_EQ(headers(), "");
  policy_.answering = std::make_shared<Answering>(Answering{.response_headers = HeaderNames{"L", "R", "T"}});
  ask({{"b", ""}});
  EXPECT_EQ(headers().substr(0, 5), "L=10 ");
}

// Behaviour 13.
TEST_F(DeciderTest, DynamicMetadata) {
  auto a = leaf("a", "", per_unit(1, Unit::kMinute));
  a.metadata = Value::structure();
  a.metadata->add("tier", Value::of("free"));
  a.metadata->add("nested", Value::structure()).add("x", Value::of(1.0));
  auto b = leaf("b", "", per_unit(10, Unit::kMinute));
  b.metadata = Value::structure();
  b.metadata->add("tier", Value::of("ignored, the first stays"));
  b.metadata->add("nested", Value::structure()).add("y", Value::truth(true));
  configure({a, b}, {.dynamic_metadata = true});
  Request both = request({asking({{"a", "1"}, {"z", "2"}}), asking({{"a", "1"}}), asking({{"b", ""}})}, 1);
  both.descriptors[2].hits_addend = 4;
  ask(both);
  const Value& said = *last_->dynamic_metadata;
  EXPECT_EQ(said.find("domain")->text, "d");
  EXPECT_EQ(said.find("hitsAddend")->number, 1);
  ASSERT_EQ(said.find("descriptors")->items.size(), 3u);
  EXPECT_EQ(said.find("descriptors")->items[0].find("entries")->items[1].text, "z=2");
  EXPECT_EQ(said.find("descriptors")->items[2].find("hitsAddend")->number, 4);
  const Value* metadata = said.find("metadata");
  ASSERT_NE(metadata, nullptr);
  EXPECT_EQ(metadata->find("tier")->text, "free");
  EXPECT_EQ(metadata->find("nested")->find("x")->number, 1);
  EXPECT_TRUE(metadata->find("nested")->find("y")->boolean);
  ask(both);  // a is over now: what it says of itself is left out
  EXPECT_EQ(last_->dynamic_metadata->find("metadata")->find("nested")->find("x"), nullptr);
  policy_.answering = nullptr;
  ask(both);
  EXPECT_FALSE(last_->dynamic_metadata);
}

TEST_F(DeciderTest, ShareThresholdCountsThePatternOnce) {
  auto shared = leaf("path", "files/*", per_unit(2, Unit::kMinute));
  shared.share_threshold = true;
  auto apart = leaf("path", "docs/*", per_unit(2, Unit::kMinute));
  configure({shared, apart});
  EXPECT_EQ(ask({{"path", "files/a"}}), "OK: OK 1/2 40s");
  EXPECT_EQ(ask({{"path", "files/b"}}), "OK: OK 0/2 40s");
  EXPECT_EQ(ask({{"path", "docs/a"}}), "OK: OK 1/2 40s");
  EXPECT_EQ(ask({{"path", "docs/b"}}), "OK: OK 1/2 40s");
}

TEST_F(DeciderTest, ShareThresholdHoldsForWhatIsBelowThePattern) {
  auto shared = branch("path", "files/*", {leaf("user", "", per_unit(2, Unit::kMinute))});
  shared.share_threshold = true;
  configure({shared});
  EXPECT_EQ(ask({{"path", "files/a"}, {"user", "u"}}), "OK: OK 1/2 40s");
  EXPECT_EQ(ask({{"path", "files/b"}, {"user", "u"}}), "OK: OK 0/2 40s");
  EXPECT_EQ(ask({{"path", "files/b"}, {"user", "v"}}), "OK: OK 1/2 40s");
}

TEST_F(DeciderTest, TalliesCountHitsAsEnvoyproxyDoes) {
  configure({leaf("k", "", per_unit(10, Unit::kMinute))}, {.counting = Counting::kEveryRequest});
  const auto tally = [this] {
    const Tally& t = decider_.tallies()[0];
    return fmt::format("{} total, {} within, {} near, {} over, as '{}'", t.total, t.within, t.near, t.over, t.path);
  };
  ask({{"k", "v"}}, 7);
  EXPECT_EQ(tally(), "7 total, 7 within, 0 near, 0 over, as ''");
  ask({{"k", "v"}}, 2);
  EXPECT_EQ(tally(), "2 total, 2 within, 1 near, 0 over, as ''");
  ask({{"k", "v"}}, 5);  // one of them fitted
  EXPECT_EQ(tally(), "5 total, 0 within, 1 near, 4 over, as ''");
  ask({{"k", "v"}}, 5);
  EXPECT_EQ(tally(), "5 total, 0 within, 0 near, 5 over, as ''");
}

TEST_F(DeciderTest, PathsOfMetrics) {
  auto detailed = branch("a", "", {leaf("b", "x*", per_unit(9, Unit::kMinute))});
  detailed.descriptors[0].detailed_metric = true;
  auto some = branch("c", "", {leaf("e", "", per_unit(9, Unit::kMinute))});
  some.value_to_metric = true;
  auto shared = leaf("s", "y*", per_unit(9, Unit::kMinute));
  shared.share_threshold = shared.detailed_metric = true;
  auto pattern = branch("p", "z*", {leaf("q", "", per_unit(9, Unit::kMinute))});
  pattern.descriptors[0].value_to_metric = true;
  configure({detailed, some, shared, pattern});
  const auto path = [this](Pairs pairs) {
    ask(pairs);
    return std::string(decider_.tallies()[0].path);
  };
  EXPECT_EQ(path({{"a", "1"}, {"b", "x2"}}), "d.a_1.b_x2");
  EXPECT_EQ(path({{"c", "1"}, {"e", "2"}}), "d.c_1.e");
  EXPECT_EQ(path({{"s", "y1"}}), "d.s_y*");
  EXPECT_EQ(path({{"p", "z1"}, {"q", "2"}}), "d.p_z*.q_2");
}

TEST_F(DeciderTest, OtherAlgorithmsAndPeriods) {
  LimitSpec bucket{.requests_per_unit = 1, .period = Duration::seconds(30)};
  bucket.limit = Limit::token_bucket(3, {.units = 1, .period = Duration::seconds(30)}).value();
  LimitSpec log{.requests_per_unit = 2, .unit = Unit::kMinute, .period = Duration::seconds(60)};
  log.limit = Limit::sliding_window_log(2, Duration::seconds(60)).value();
  for (const Counting counting : {Counting::kAdmitted, Counting::kEveryRequest, Counting::kEveryRequestOnce}) {
    store_->clear();
    configure({leaf("bucket", "", bucket), leaf("log", "", log)}, {.counting = counting});
    EXPECT_EQ(ask({{"bucket", ""}}, 3), "OK: OK 0/1 90s");
    EXPECT_EQ(last_->statuses[0].current_limit->unit, Unit::kUnknown);
    EXPECT_EQ(ask({{"bucket", ""}}), "OVER_LIMIT: OVER_LIMIT 0/1 30s");
    EXPECT_EQ(ask({{"log", ""}}), "OK: OK 1/2 60s");
    EXPECT_EQ(ask({{"log", ""}}, 1, kNow + Duration::seconds(50)), "OK: OK 0/2 60s");
    EXPECT_EQ(ask({{"log", ""}}, 1, kNow + Duration::seconds(50)), "OVER_LIMIT: OVER_LIMIT 0/2 10s");
  }
}

TEST_F(DeciderTest, DescriptorsThatJoinAlikeHaveTheirOwnCounters) {
  configure({leaf("a", "", per_unit(1, Unit::kMinute)), leaf("a_b", "", per_unit(1, Unit::kMinute))});
  EXPECT_EQ(ask({{"a", "b_c"}}), "OK: OK 0/1 40s");
  EXPECT_EQ(ask({{"a_b", "c"}}), "OK: OK 0/1 40s");
}

TEST_F(DeciderTest, WhatIsTooLongToCountIsRefused) {
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
