#include "simulate/recording.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <array>

#include "model/limit.h"

namespace rateguard::simulate {
namespace {

// As threads read the pieces of a log: each into a recording of its own, which are joined in the order of the pieces.
TEST(Recording, IsTheSameWhereItsRequestsComeFromOthers) {
  EXPECT_TRUE(rc::check("parts of others come out as if added here", [] {
    constexpr std::string_view kTexts[] = {"", "a", "b", "10.0.0.1", "10.0.0.2", "2001:db8::1", "host.example", "/c"};
    const auto text = [&] { return kTexts[*rc::gen::inRange<size_t>(0, std::size(kTexts))]; };
    std::array<Recording, 3> others;
    std::array<AppendedTexts, 3> appended;
    Recording joined;
    Recording direct;
    const int pieces = *rc::gen::inRange(0, 12);
    for (int piece = 0; piece < pieces; ++piece) {
      const size_t other = *rc::gen::inRange<size_t>(0, others.size());
      const int requests = *rc::gen::inRange(0, 30);
      for (int i = 0; i < requests; ++i) {
        const LogEntry entry{.time = {1'000'000 + piece * 100 + i},
                             .client = text(),
                             .method = text(),
                             .path = text(),
                             .host = text(),
                             .user = text(),
                             .request_unreadable = text().empty()};
        others[other].add(entry);
        direct.add(entry);
      }
      joined.append(others[other].hand_over(), appended[other]);
    }
    RC_ASSERT(joined.size() == direct.size());
    joined.sort();
    direct.sort();
    RC_ASSERT(joined.distinct_texts() == direct.distinct_texts());
    RC_ASSERT(joined.without_address() == direct.without_address());
    RC_ASSERT(joined.unreadable_requests() == direct.unreadable_requests());
    for (size_t i = 0; i < direct.events().size(); ++i) {
      const Event& event = joined.events()[i];
      const Event& expected = direct.events()[i];
      RC_ASSERT(event.time_us == expected.time_us);
      RC_ASSERT(event.client == expected.client);  // the number, too
      RC_ASSERT(event.path == expected.path);
      RC_ASSERT(event.attributes == expected.attributes);
      RC_ASSERT(joined.facts(event).peer == direct.facts(expected).peer);
      RC_ASSERT(joined.facts(event).method == direct.facts(expected).method);
      RC_ASSERT(joined.facts(event).user == direct.facts(expected).user);
      RC_ASSERT(joined.host_number(event) == direct.host_number(expected));
    }
  }));
}

TEST(Recording, TellsRequestsApartThatDifferInOneThingFromTheOneBefore) {
  Recording recording;
  const Header headers[] = {{"X-Tenant", "t"}};
  const LogEntry entries[] = {
      {.time = {1}, .host = "h"},
      {.time = {2}, .host = "h"},
      {.time = {3}, .host = "h", .user = "u"},
      {.time = {4}},
      {.time = {5}, .host = "h", .headers = headers},
      {.time = {6}, .host = "h", .headers = headers},
      {.time = {7}, .host = "h"},
      {.time = {8}, .user = "h"},
  };
  for (const LogEntry& entry : entries) recording.add(entry);
  recording.sort();
  ASSERT_EQ(recording.events().size(), std::size(entries));
  for (size_t i = 0; i < std::size(entries); ++i) {
    const RequestFacts facts = recording.facts(recording.events()[i]);
    EXPECT_EQ(facts.host, entries[i].host) << i;
    EXPECT_EQ(facts.user, entries[i].user) << i;
    EXPECT_EQ(facts.headers.size(), entries[i].headers.size()) << i;
  }
}

TEST(Recording, GivesBackWhatWasAdded) {
  Recording recording;
  const Header headers[] = {{"X-Tenant", "t"}, {"Cookie", "a=b"}};
  recording.add({.time = {5},
                 .client = "2001:db8::1",
                 .method = "GET",
                 .path = "/a",
                 .host = "h",
                 .user = "u",
                 .api_key = "k",
                 .workspace = "w",
                 .plan = "p",
                 .headers = headers,
                 .cost = {kUnitsMax}});
  recording.add({.time = {6}, .client = "host.example", .request_unreadable = true});
  recording.add({.time = {7}});
  EXPECT_EQ(recording.size(), 3u);
  recording.sort();
  const RequestFacts facts = recording.facts(recording.events()[0]);
  EXPECT_EQ(facts.peer, IpAddress::parse("2001:db8::1"));
  EXPECT_EQ(facts.method, "GET");
  EXPECT_EQ(facts.path, "/a");
  EXPECT_EQ(facts.host, "h");
  EXPECT_EQ(facts.user, "u");
  EXPECT_EQ(facts.api_key, "k");
  EXPECT_EQ(facts.workspace, "w");
  EXPECT_EQ(facts.plan, "p");
  EXPECT_EQ(facts.cost.units, kUnitsMax);
  ASSERT_EQ(facts.headers.size(), 2u);
  EXPECT_EQ(find_header(facts.headers, "cookie"), "a=b");
  const RequestFacts bare = recording.facts(recording.events()[1]);
  EXPECT_FALSE(bare.peer);
  EXPECT_TRUE(bare.headers.empty());
  EXPECT_EQ(bare.user, "");
  EXPECT_EQ(recording.without_address(), 1u);  // a log that names no client at all is no surprise
  EXPECT_EQ(recording.unreadable_requests(), 1u);
}

TEST(Recording, TellsAttributesApartWhateverTheyHold) {
  Recording recording;
  recording.add({.host = "ab", .user = "c"});
  recording.add({.host = "a", .user = "bc"});
  recording.add({.host = "ab", .user = "c"});
  recording.sort();
  EXPECT_NE(recording.events()[0].attributes, recording.events()[1].attributes);
  EXPECT_EQ(recording.events()[0].attributes, recording.events()[2].attributes);
}

TEST(Recording, SortsStablyHoweverTheTimesCome) {
  EXPECT_TRUE(rc::check("as std::stable_sort does", [] {
    // Up to a few hundred events: enough for a few runs, and for more runs than are merged.
    const auto times = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, *rc::gen::element(3, 50, 100'000)));
    const bool mostly_sorted = *rc::gen::arbitrary<bool>();
    std::vector<std::pair<int64_t, uint32_t>> expected;
    Recording recording;
    uint32_t order = 0;
    int64_t base = 0;
    for (const int time : times) {
      base += mostly_sorted && time % 20 != 0 ? 1 : 0;
      // From 1 on: a log of nothing but zeros would be one of whole seconds, whose requests are spread.
      expected.emplace_back(1 + (mostly_sorted ? base : time), order);
      recording.add({.time = {expected.back().first}, .cost = {order++}});
    }
    std::ranges::stable_sort(expected, {}, [](const auto& entry) { return entry.first; });
    recording.sort();
    for (size_t i = 0; i < expected.size(); ++i) {
      RC_ASSERT(recording.events()[i].time_us == expected[i].first);
      RC_ASSERT(recording.events()[i].cost() == expected[i].second);
    }
  }));
}

TEST(Recording, MergesAFewOrderedRuns) {
  Recording recording;
  uint32_t order = 0;
  for (const int64_t start : {100, 50, 75, 0}) {
    for (int64_t i = 0; i < 40; ++i) recording.add({.time = {start + i}, .cost = {order++}});
  }
  recording.sort();
  const auto events = recording.events();
  EXPECT_TRUE(std::ranges::is_sorted(events, [](const Event& a, const Event& b) {
    return a.time_us != b.time_us ? a.time_us < b.time_us : a.cost() < b.cost();
  }));
}

TEST(Recording, SpreadsTheRequestsOfLogsOfWholeSecondsOnly) {
  Recording recording;
  for (int i = 0; i < 4; ++i) recording.add({.time = Instant::from_seconds(5), .client = "10.0.0.1"});
  recording.end_log();
  recording.add({.time = Instant::from_seconds(5), .client = "10.0.0.2"});
  recording.add({.time = {5'600'000}, .client = "10.0.0.2"});
  recording.end_log();
  recording.sort();
  std::vector<int64_t> times;
  for (const Event& event : recording.events()) times.push_back(event.time_us);
  EXPECT_EQ(times, (std::vector<int64_t>{5'000'000, 5'000'000, 5'250'000, 5'500'000, 5'600'000, 5'750'000}));
  EXPECT_EQ(recording.spread_requests(), 4u);
  recording.sort();
  EXPECT_EQ(recording.events()[2].time_us, 5'250'000) << "sorted is sorted";
}

TEST(Interner, NumbersDistinctStringsInOrder) {
  Interner interner;
  std::vector<std::string> texts;
  for (int i = 0; i < 20'000; ++i) texts.push_back(std::string(static_cast<size_t>(i % 40), 'x') + std::to_string(i));
  texts.push_back(std::string(1 << 20, 'y'));
  texts.push_back("");
  for (uint32_t i = 0; i < texts.size(); ++i) ASSERT_EQ(interner.intern(texts[i]), i);
  for (uint32_t i = 0; i < texts.size(); ++i) {
    ASSERT_EQ(interner.intern(texts[i]), i);
    ASSERT_EQ(interner.find(texts[i]), i);
    ASSERT_EQ(interner.text(i), texts[i]);
  }
  EXPECT_FALSE(interner.find("never seen"));
}

TEST(ParseClient, TakesAddressesWithAndWithoutPorts) {
  const auto v4 = IpAddress::parse("203.0.113.9");
  const auto v6 = IpAddress::parse("2001:db8::1");
  EXPECT_EQ(parse_client("203.0.113.9"), v4);
  EXPECT_EQ(parse_client("203.0.113.9:4711"), v4);
  EXPECT_EQ(parse_client("2001:db8::1"), v6);
  EXPECT_EQ(parse_client("[2001:db8::1]:4711"), v6);
  for (const std::string_view text : {"", "host.example", "host.example:80", "1.2.3", "[::1", ":80"}) {
    EXPECT_FALSE(parse_client(text)) << text;
  }
}

}  // namespace
}  // namespace rateguard::simulate
