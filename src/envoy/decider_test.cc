// What a decision answers: codes, headers, metadata, tallies.
#include "envoy/decider_fixture.h"

namespace rateguard::envoy {
namespace {

TEST_F(DeciderTest, ErrorsHaveTheTextsOfEnvoyproxy) {
  EXPECT_EQ(ask(DescriptorRequest()), "error: rate limit domain must not be empty");
  EXPECT_EQ(ask(request({})), "error: rate limit descriptor list must not be empty");
  EXPECT_EQ(ask({{"k", "v"}}), "error: no rate limit configuration loaded");
  configure({});
  EXPECT_EQ(ask({{"k", "v"}}), "OK: OK");
}

TEST_F(DeciderTest, AnUnlimitedDescriptorIsOkWithoutALimit) {
  configure({leaf("k", "", per_unit(5, Unit::kMinute)), branch("white", "")});
  DescriptorRequest unknown = request({asking({{"k", "v"}}), asking({{"k", "v"}})});
  unknown.domain = "nobody";
  EXPECT_EQ(ask(unknown), "OK: OK, OK");
  EXPECT_EQ(ask(request({asking({{"x", ""}}), asking({{"k", "v"}}), asking({{"white", "v"}})})),
            "OK: OK, OK 4/5 40s, OK");
  EXPECT_EQ(store_->stats().keys, 1u);
  EXPECT_FALSE(last_->statuses[0].until_reset);
}

TEST_F(DeciderTest, UnlimitedHasEverythingLeftAndAsksNoStore) {
  configure({leaf("k", "", unlimited())});
  EXPECT_EQ(ask({{"k", "v"}}), "OK: OK 4294967295");
  EXPECT_EQ(store_->stats().keys, 0u);
}

TEST_F(DeciderTest, ALimitOfTheRequestTakesPrecedenceOverTheConfiguredOne) {
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
  DescriptorRequest elsewhere = request({own});
  elsewhere.domain = "unknown";
  EXPECT_EQ(ask(elsewhere), "OK: OK");
  own.limit->unit = Unit::kUnknown;
  EXPECT_EQ(ask(request({own})), "error: invalid rate limit unit 0 in the limit of a descriptor");
}

TEST_F(DeciderTest, QuotasRefuseWhenAllAreOver) {
  configure({quota(leaf("a", "", per_unit(1, Unit::kMinute))), quota(leaf("b", "", per_unit(2, Unit::kMinute))),
             leaf("c", "", per_unit(3, Unit::kMinute))});
  const DescriptorRequest quotas = request({asking({{"a", ""}}), asking({{"b", ""}})});
  EXPECT_EQ(ask(quotas), "OK: OK 0/1 40s, OK 1/2 40s");
  EXPECT_EQ(ask(quotas), "OK: OVER_LIMIT 0/1 40s, OK 0/2 40s");
  EXPECT_EQ(ask(quotas), "OVER_LIMIT: OVER_LIMIT 0/1 40s, OVER_LIMIT 0/2 40s");
  const DescriptorRequest mixed = request({asking({{"b", ""}}), asking({{"c", ""}})});
  EXPECT_EQ(ask(mixed), "OVER_LIMIT: OVER_LIMIT 0/2 40s, OK 2/3 40s");  // the only quota is over
  EXPECT_EQ(ask(request({asking({{"c", ""}}), asking({{"x", ""}})})), "OK: OK 1/3 40s, OK");
}

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

TEST_F(DeciderTest, HeadersSpeakForTheDescriptorWithTheLeastLeft) {
  const auto headers = [this] {
    std::string text;
    for (const auto& [header, value] : last_->response_headers) text += header + "=" + value + " ";
    return text;
  };
  configure({leaf("a", "", per_unit(1, Unit::kMinute)), leaf("b", "", per_unit(10, Unit::kHour)),
             leaf("c", "", per_unit(1, Unit::kHour))});
  const DescriptorRequest all = request({asking({{"x", ""}}), asking({{"b", ""}}), asking({{"a", ""}})});
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
  DescriptorRequest both = request({asking({{"a", "1"}, {"z", "2"}}), asking({{"a", "1"}}), asking({{"b", ""}})}, 1);
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

TEST_F(DeciderTest, TalliesCountHitsAsEnvoyproxyDoes) {
  configure({leaf("k", "", per_unit(10, Unit::kMinute))}, {.counting = Counting::kEveryRequest});
  const auto tally = [this] {
    const DescriptorTally& t = decider_.tallies()[0];
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

}  // namespace
}  // namespace rateguard::envoy
