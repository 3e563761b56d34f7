// Proposals for traffic whose right answer is known.
#include "suggest/suggest.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>
#include <thread>

#include "simulate/recording.h"
#include "simulate/scenario.h"
#include "simulate/simulate.h"
#include "suggest/second_places.h"
#include "suggest/time_order.h"

namespace rateguard::suggest {
namespace {

constexpr int64_t kDay = 86'400;
constexpr int64_t kStart = 1'700'006'400;  // a whole minute and hour

// A log as CSV, in a file that goes with it.
class Traffic {
 public:
  explicit Traffic(std::string_view name = {})
      : path_(std::filesystem::temp_directory_path() / fmt::format("rateguard_suggest_{}{}.csv", getpid(), name)) {
    text_ = "time,ip,method,path,user\n";
  }
  ~Traffic() { std::filesystem::remove(path_); }

  struct Caller {
    int number = 0;
    std::string method = "GET";
    std::string path = "/";
    std::string user = {};
  };
  // `count` requests, evenly over `seconds` from `second` on.
  void add(const Caller& caller, int64_t second, int count, int64_t seconds = 60) {
    for (int i = 0; i < count; ++i) {
      text_ += fmt::format("{},10.{}.{}.{},{},{},{}\n", kStart + second + i * seconds / count, caller.number >> 16,
                           (caller.number >> 8) & 255, caller.number & 255, caller.method, caller.path, caller.user);
    }
  }
  Suggestion suggest(double headroom = 2) {
    std::ofstream(path_) << text_;
    return made(run({.logs = {path_}, .headroom = {.factor = headroom}}, {}));
  }
  // From both logs.
  Suggestion suggest_with(const Traffic& other) {
    std::ofstream(path_) << text_;
    std::ofstream(other.path_) << other.text_;
    return made(run({.logs = {path_, other.path_}}, {}));
  }

 private:
  static Suggestion made(Result<Suggestion> result) {
    EXPECT_TRUE(result) << result.error().to_string();
    return std::move(*result);
  }

  std::filesystem::path path_;
  std::string text_;
};

const ProposedRule* find(const Suggestion& suggestion, const std::string& name) {
  const auto found = std::ranges::find(suggestion.rules, name, &ProposedRule::name);
  return found == suggestion.rules.end() ? nullptr : &*found;
}

// The verdict on a rule.
const simulate::RuleReport& verdict(const Suggestion& suggestion, const std::string& name) {
  return *std::ranges::find(*suggestion.verdicts, name, &simulate::RuleReport::name);
}

TEST(Suggest, APartOfTheSiteIsMeasuredWithItsFrontPage) {
  Traffic traffic;
  for (int caller = 0; caller < 20; ++caller) {
    for (int minute = 0; minute < 20; ++minute) {
      traffic.add({.number = caller, .path = "/blog"}, minute * 60, 100);
      traffic.add({.number = caller, .path = fmt::format("/blog/{}", "abcdefghijklmnopqrst"[minute])}, minute * 60, 10);
    }
  }
  const Suggestion suggestion = traffic.suggest();
  for (const ProposedRule& rule : suggestion.rules) {
    EXPECT_GE(rule.limit, 110u) << rule.name << " " << rule.path;
  }
  EXPECT_EQ(suggestion.refused, 0u);
}

TEST(Suggest, CountsWhomItsRulesRefuseThoughTheyMatchMoreThanTheyWereMeasuredBy) {
  Traffic traffic;
  for (int caller = 0; caller < 20; ++caller) {
    for (int minute = 0; minute < 20; ++minute) {
      traffic.add({.number = caller, .path = "/17/photo"}, minute * 60, 10);
      traffic.add({.number = caller, .path = fmt::format("/blog/{}", "abcdefghijklmnopqrst"[minute])}, minute * 60,
                  200);
    }
  }
  const Suggestion suggestion = traffic.suggest();
  simulate::Recording recording;
  simulate::ReadOptions read;
  const auto input = simulate::read_logs(
      suggestion.input.logs.empty() ? std::vector<std::string>{} : std::vector{suggestion.input.logs[0].file}, read, {},
      recording);
  ASSERT_TRUE(input);
  auto scenario = simulate::Scenario::parse(suggestion.yaml, "proposal");
  ASSERT_TRUE(scenario);
  const simulate::Report report = simulate::simulate(recording, *scenario, nullptr, simulate::Detail::kRules, {});
  EXPECT_GT(suggestion.refused, 0u);
  EXPECT_EQ(suggestion.refused, report.rules.totals.refused);
}

TEST(Spread, IsTheShareOfCallersThatStayedBelow) {
  std::vector<uint32_t> peaks;
  for (uint32_t i = 1; i <= 10'000; ++i) peaks.push_back(i);
  const PeakSpread spread = spread_of(peaks, 4);
  EXPECT_EQ(spread.half, 5000u);
  EXPECT_EQ(spread.p99, 9900u);
  EXPECT_EQ(spread.p999, 9990u);
  EXPECT_EQ(spread.most, 10'000u);
  EXPECT_EQ(spread.stand_apart, 0u);
  EXPECT_EQ(spread.callers, 40'000u);
}

TEST(Spread, LeavesOutTheFewThatStandApart) {
  const PeakSpread spread = spread_of({8, 9, 10, 11, 12, 600}, 1);
  EXPECT_EQ(spread.stand_apart, 1u);
  EXPECT_EQ(spread.p999, 12u);
  EXPECT_EQ(spread.most, 600u);
  EXPECT_EQ(spread_of({1, 2, 2, 3, 20}, 1).stand_apart, 0u) << "20 a minute is nothing to limit";
  EXPECT_EQ(spread_of({1, 600}, 1).stand_apart, 0u) << "of two nobody knows which one is usual";
  EXPECT_EQ(spread_of({}, 1).callers, 0u);
}

TEST(RoundUp, GivesNumbersThatPeopleWrite) {
  for (const auto& [value, expected] : std::initializer_list<std::pair<double, uint32_t>>{{0, 1},
                                                                                          {1, 1},
                                                                                          {5.5, 6},
                                                                                          {7, 8},
                                                                                          {9, 10},
                                                                                          {11, 12},
                                                                                          {13, 15},
                                                                                          {121, 150},
                                                                                          {150, 150},
                                                                                          {201, 250},
                                                                                          {1999, 2000}}) {
    EXPECT_EQ(round_up(value), expected) << value;
  }
  EXPECT_EQ(round_up(1e12), 1'000'000'000u);
}

TEST(Suggest, GivesHeadroomOverWhatNearlyAllCallersDoAndRefusesTheOneThatStandsApart) {
  Traffic traffic;
  // 200 people read 20 to 30 pages within some minute of two days; a scraper makes 600 a minute for 10 minutes.
  for (int caller = 0; caller < 200; ++caller)
    traffic.add({.number = caller, .path = "/blog/x"}, caller * 600, 20 + caller % 11);
  for (int minute = 0; minute < 10; ++minute)
    traffic.add({.number = 999, .path = "/blog/x"}, 2 * kDay + minute * 60, 600);
  const Suggestion suggestion = traffic.suggest();
  const ProposedRule* rule = find(suggestion, "per-ip");
  ASSERT_NE(rule, nullptr);
  EXPECT_EQ(rule->spread.p999, 30u);
  EXPECT_EQ(rule->spread.stand_apart, 1u);
  EXPECT_EQ(rule->limit, 60u);

  ASSERT_NE(find(suggestion, "per-ip-hour"), nullptr);
  EXPECT_EQ(find(suggestion, "per-ip-hour")->limit, 120u);

  ASSERT_TRUE(suggestion.verdicts);
  const simulate::RuleReport& refused = verdict(suggestion, "per-ip-hour");
  EXPECT_EQ(refused.subjects_refused, 1u);
  ASSERT_FALSE(refused.most_refused.empty());
  EXPECT_EQ(refused.most_refused[0].name, "10.0.3.231");
  // The hour lets pass 120 at once and 20 more in its 10 minutes; nobody else is refused.
  EXPECT_NEAR(static_cast<double>(suggestion.refused), 6000 - 140, 2);
}

TEST(Suggest, LimitsTheLogInApartAndMuchLower) {
  Traffic traffic;
  for (int caller = 0; caller < 300; ++caller) {
    traffic.add({.number = caller, .path = "/shop/x"}, caller * 300, 40);
    traffic.add({.number = caller, .method = "POST", .path = "/login"}, caller * 300, 1 + caller % 2);
  }
  traffic.add({.number = 5000, .method = "POST", .path = "/login"}, 2 * kDay, 300);  // guesses passwords
  const Suggestion suggestion = traffic.suggest();
  const ProposedRule* login = find(suggestion, "login");
  ASSERT_NE(login, nullptr) << suggestion.yaml;
  EXPECT_EQ(login->methods, std::vector<std::string>{"POST"});
  EXPECT_EQ(login->path, "/login");
  EXPECT_EQ(login->limit, 5u);
  EXPECT_EQ(verdict(suggestion, "login").subjects_refused, 1u);
  EXPECT_EQ(verdict(suggestion, "login").most_refused[0].name, "10.0.19.136");
  const ProposedRule* all = find(suggestion, "per-ip");
  ASSERT_NE(all, nullptr);
  EXPECT_EQ(all->limit, 100u);
}

TEST(Suggest, GivesAPartOfTheSiteThatIsUsedLessALimitOfItsOwn) {
  Traffic traffic;
  for (int caller = 0; caller < 200; ++caller) {
    traffic.add({.number = caller, .path = "/static/x"}, caller * 600, 100);
    traffic.add({.number = caller, .path = "/search/x"}, caller * 600, 5);
  }
  const Suggestion suggestion = traffic.suggest();
  const ProposedRule* search = find(suggestion, "search");
  ASSERT_NE(search, nullptr) << suggestion.yaml;
  EXPECT_EQ(search->path, "/search/*");
  EXPECT_EQ(search->limit, 10u);
  EXPECT_EQ(find(suggestion, "static"), nullptr) << "its limit would be about that of everything";
  EXPECT_EQ(find(suggestion, "per-ip")->limit, 250u);  // 2 * 105
}

TEST(Suggest, LimitsTheHourIfNoCallerKeepsGoingForOne) {
  Traffic traffic;
  for (int caller = 0; caller < 100; ++caller) traffic.add({.number = caller, .path = "/a"}, caller * 3600, 50);
  const Suggestion suggestion = traffic.suggest();
  ASSERT_NE(find(suggestion, "per-ip-hour"), nullptr) << suggestion.yaml;
  EXPECT_EQ(find(suggestion, "per-ip")->limit, 100u);
  EXPECT_EQ(find(suggestion, "per-ip-hour")->limit, 200u) << suggestion.yaml;
}

TEST(Suggest, CountsUsersWhereTheLogNamesThem) {
  Traffic traffic;
  for (int user = 0; user < 50; ++user)
    traffic.add({.number = 1, .path = "/a", .user = fmt::format("u{}", user)}, user * 600, 10);
  const Suggestion suggestion = traffic.suggest();
  const ProposedRule* rule = find(suggestion, "per-user");
  ASSERT_NE(rule, nullptr);
  EXPECT_EQ(rule->limit, 20u);
  EXPECT_NE(suggestion.yaml.find("missing: skip"), std::string::npos);
  EXPECT_TRUE(std::ranges::any_of(suggestion.remarks, [](const std::string& remark) {
    return remark.starts_with("one address made 500 of 500 requests: if it is a proxy");
  }));
}

TEST(Suggest, WritesAFileThatLoadsForAnyLog) {
  Traffic traffic;
  for (int caller = 0; caller < 30; ++caller) {
    for (const char* path :
         {"/login{", "/au:th/login", "/login/*", "/#login", "/login\\", "/a b/login", "/login'x", "/-/login"}) {
      traffic.add({.number = caller, .method = "POST", .path = path}, caller, 2);
      for (const std::string& method : {std::string("P=T"), std::string("ANY"), std::string(40, 'M')}) {
        traffic.add({.number = caller, .method = method, .path = path}, caller, 2);
      }
    }
  }
  const Suggestion suggestion = traffic.suggest();
  EXPECT_FALSE(suggestion.rules.empty());
  const auto scenario = simulate::Scenario::parse(suggestion.yaml, "rules.yaml");
  ASSERT_TRUE(scenario) << scenario.error().to_string() << "\n" << suggestion.yaml;
  EXPECT_EQ(scenario->policy.rules->rules().size(), suggestion.rules.size());
}

TEST(Suggest, OneRequestOfOneAddressIsSaidInTheSingular) {
  Traffic traffic;
  traffic.add({.number = 1}, 0, 1);
  const Suggestion suggestion = traffic.suggest();
  EXPECT_TRUE(table_text(suggestion).starts_with("1 request of 1 address, ")) << table_text(suggestion);
  EXPECT_TRUE(suggestion.yaml.contains("\n# 1 request, ")) << suggestion.yaml;
  EXPECT_TRUE(suggestion.yaml.contains("99.9 % of 1 address made at most 1 request in a")) << suggestion.yaml;
}

TEST(Suggest, SaysWhatToDoIfTheLogNamesNoCaller) {
  Traffic traffic;
  const Suggestion empty = traffic.suggest();
  EXPECT_TRUE(empty.rules.empty());
  ASSERT_EQ(empty.remarks.size(), 2u);
  EXPECT_TRUE(empty.remarks[0].contains(".csv is empty; ")) << empty.remarks[0];
  EXPECT_EQ(empty.remarks[1], "no request was read, so there is nothing to measure");
  EXPECT_TRUE(simulate::Scenario::parse(empty.yaml, "rules.yaml"));
}

TEST(Suggest, SaysWhichLogsItIsWithout) {
  const std::filesystem::path folder = std::filesystem::temp_directory_path();
  const std::string good = folder / fmt::format("rateguard_suggest_{}_good.csv", getpid());
  const std::string absent = folder / fmt::format("rateguard_suggest_{}_absent.csv", getpid());
  std::ofstream(good) << "time,ip\n1715940303,203.0.113.5\n";
  const auto made = run({.logs = {good, absent}}, {});
  std::filesystem::remove(good);
  ASSERT_TRUE(made) << made.error().to_string();
  EXPECT_TRUE(made->input.has_problems());
  ASSERT_FALSE(made->remarks.empty());
  EXPECT_TRUE(made->remarks[0].starts_with("not read: ") && made->remarks[0].contains(absent)) << made->remarks[0];
}

TEST(Suggest, SaysWhichColumnNoLineHas) {
  const std::filesystem::path path =
      std::filesystem::temp_directory_path() / fmt::format("rateguard_suggest_{}.jsonl", getpid());
  std::ofstream(path) << "{\"time\":1715940303,\"caller\":\"203.0.113.5\"}\n";
  SuggestionOptions options{.logs = {path}};
  options.read.columns = simulate::ColumnMap::parse("ip=WRONG").value();
  const auto made = run(options, {});
  std::filesystem::remove(path);
  ASSERT_TRUE(made) << made.error().to_string();
  EXPECT_EQ(made->remarks, (std::vector<std::string>{
                               "no line has WRONG, which --columns names for ip; there are the columns time, caller",
                               "no request was read, so there is nothing to measure"}));
}

// The peaks of callers whose requests two servers share.
TEST(Suggest, MergesLogsOfSeveralServersByTime) {
  Traffic together;
  Traffic first("_first");
  Traffic second("_second");
  for (int caller = 0; caller < 40; ++caller) {
    for (int minute = 0; minute < 10; ++minute) {
      together.add({.number = caller}, minute * 60, 20);
      // Both servers have half of each minute.
      first.add({.number = caller}, minute * 60, 10);
      second.add({.number = caller}, minute * 60 + 1, 10, 50);
    }
  }
  const Suggestion merged = first.suggest_with(second);
  EXPECT_EQ(merged.requests, 8'000u);
  EXPECT_EQ(find(merged, "per-ip")->limit, find(together.suggest(), "per-ip")->limit);
  EXPECT_EQ(merged.refused, 0u);
  EXPECT_FALSE(std::ranges::any_of(merged.remarks, [](const auto& text) { return text.contains("wrongly"); }));
  // Which log is named first makes no difference.
  EXPECT_EQ(find(second.suggest_with(first), "per-ip")->limit, find(merged, "per-ip")->limit);
}

TEST(Suggest, SortsALogWhoseLinesAreNotInTheOrderOfTime) {
  Traffic swapped;
  Traffic in_order;
  for (int caller = 0; caller < 20; ++caller) {
    in_order.add({.number = caller}, 0, 30, 180);
    for (int second = 179; second >= 0; second -= 6) swapped.add({.number = caller}, second, 1);
  }
  EXPECT_EQ(find(swapped.suggest(), "per-ip")->limit, find(in_order.suggest(), "per-ip")->limit);
}

TEST(LogSpans, OverlapFromAMinuteOn) {
  const auto overlap = [](std::vector<std::pair<int64_t, int64_t>> logs) {
    LogSpans spans;
    for (const auto& [first, last] : logs) {
      spans.add(Instant::from_seconds(last));
      spans.add(Instant::from_seconds(first));
      spans.end_log();
      spans.end_log();  // an empty log
    }
    return spans.overlap();
  };
  EXPECT_FALSE(overlap({}));
  EXPECT_FALSE(overlap({{0, 1'000}, {1'000, 2'000}, {1'990, 3'000}}));
  EXPECT_FALSE(overlap({{2'000, 3'000}, {0, 1'000}})) << "the newest first";
  EXPECT_TRUE(overlap({{0, 1'000}, {940, 2'000}}));
  EXPECT_TRUE(overlap({{500, 600}, {2'000, 3'000}, {0, 1'000}}));
  EXPECT_TRUE(overlap({{0, 10'000}, {100, 200}, {5'000, 6'000}}));
}

TEST(Suggest, MoreHeadroomGivesHigherLimits) {
  Traffic traffic;
  for (int caller = 0; caller < 20; ++caller) traffic.add({.number = caller}, caller * 600, 20);
  EXPECT_EQ(find(traffic.suggest(1), "per-ip")->limit, 20u);
  EXPECT_EQ(find(traffic.suggest(4), "per-ip")->limit, 80u);
}

TEST(Suggest, RefusesAHeadroomThatIsNoNumberFrom1To100) {
  for (const double factor : {std::nan(""), 0.5, 101.0, std::numeric_limits<double>::infinity()}) {
    const auto made = run({.logs = {"/dev/null"}, .headroom = {.factor = factor}}, {});
    ASSERT_FALSE(made) << factor;
    EXPECT_EQ(made.error().to_string(), "headroom: expected a number from 1 to 100");
  }
}

TEST(Suggest, SimulatesNoProposalForAPipeWhichGivesItsRequestsOnce) {
  const std::string pipe = std::filesystem::temp_directory_path() / fmt::format("rateguard_suggest_{}.pipe", getpid());
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  std::thread writer([&] {
    std::ofstream out(pipe);
    out << "time,ip,method,path\n";
    for (int i = 0; i < 1'000; ++i)
      out << fmt::format("{},10.0.0.{},GET,/\n", kStart + (999 - i) / 5, i % 30 == 0 ? i % 7 : 9);
  });
  const auto made = run({.logs = {pipe}}, {});
  writer.join();
  std::filesystem::remove(pipe);
  ASSERT_TRUE(made) << made.error().to_string();
  EXPECT_EQ(made->requests, 1'000u);
  EXPECT_FALSE(made->verdicts);
  ASSERT_FALSE(made->remarks.empty());
  EXPECT_NE(made->remarks.back().find("pipes cannot be read twice"), std::string::npos) << made->remarks.back();
  EXPECT_TRUE(std::ranges::any_of(made->remarks, [](const auto& text) { return text.contains("measured wrongly"); }))
      << "and its lines were not in the order of time";
}

TEST(Suggest, SaysTheSameAsTextAndAsJson) {
  Traffic traffic;
  for (int caller = 0; caller < 20; ++caller) traffic.add({.number = caller}, caller * 600, 20);
  const Suggestion suggestion = traffic.suggest();
  const std::string text = table_text(suggestion);
  EXPECT_NE(text.find("400 requests of 20 addresses"), std::string::npos) << text;
  EXPECT_NE(text.find("40/m"), std::string::npos) << text;
  const auto out = boost::json::parse(to_json(suggestion)).as_object();
  EXPECT_EQ(out.at("rules").at(0).at("limit").to_number<int>(), 40);
  EXPECT_EQ(out.at("rules").at(0).at("peaks").at("p999").to_number<int>(), 20);
  EXPECT_EQ(out.at("rules").at(0).at("would_refuse").at("requests").to_number<int>(), 0);
}

// The half that is followed is chosen by a hash which is the same in every process.
TEST(TrafficProfile, FollowsTheSameCallersOfTheSameLogEveryTime) {
  TrafficProfile profile;
  for (int i = 0; i < 20'000; ++i) {
    const std::string client = fmt::format("10.1.{}.{}", i / 256, i % 256);
    profile.add({.time = Instant::from_seconds(kStart), .client = client, .method = "GET", .path = "/a/b"});
  }
  const std::vector<const RouteProfile*> routes = profile.routes().ranked();
  ASSERT_EQ(routes.size(), 1u);
  EXPECT_EQ(routes[0]->callers.one_in(), 4u);
  EXPECT_EQ(routes[0]->callers.size(), 5'004u);
}

TEST(SecondPlaces, AreThoseOfAllRequestsOfTheSecond) {
  SecondPlaces places;
  const Instant first = Instant::from_seconds(kStart);
  const Instant second = first + Duration::seconds(100'000);
  for (const Instant time : {first, second, first, first, second, first}) places.count(time);
  ASSERT_TRUE(places.are_known());
  EXPECT_EQ(places.time_of(first), first);
  EXPECT_EQ(places.time_of(second), second);
  EXPECT_EQ(places.time_of(first), first + Duration::millis(250));
  EXPECT_EQ(places.time_of(first), first + Duration::millis(500));
  EXPECT_EQ(places.time_of(second), second + Duration::millis(500));
  EXPECT_EQ(places.time_of(first), first + Duration::millis(750));
  EXPECT_EQ(places.time_of(first), first) << "the log has grown since";
}

TEST(SecondPlaces, AreNotKnownOfFractionsNorOfYears) {
  SecondPlaces fractions;
  fractions.count({kStart * 1'000'000 + 1});
  EXPECT_FALSE(fractions.are_known());
  SecondPlaces years;
  for (int64_t day = 0; day < 100; ++day) years.count(Instant::from_seconds(kStart + day * kDay));
  EXPECT_FALSE(years.are_known());
}

TEST(SuggestionText, ColumnsAreAsWideAsTheirCharacters) {
  Suggestion suggestion;
  suggestion.rules = {{.name = "\xC3\xBC\xC3\xBC", .path = "/\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9/*"}};
  const std::string text = table_text(suggestion);
  EXPECT_TRUE(text.contains("\n  rule  applies to  requests ")) << text;
  EXPECT_TRUE(text.contains("\n  \xC3\xBC\xC3\xBC    /")) << text;
}

TEST(TrafficProfile, FindsTheBusyRoutesAmongAHundredThousandOthersAndKnowsWhatItMissed) {
  TrafficProfile profile;
  for (int i = 0; i < 100'000; ++i) {
    const std::string path = fmt::format("/part-{:x}x/y", i * 2654435761u);
    const auto time = Instant::from_seconds(kStart + i / 100);
    profile.add({.time = time, .client = "10.0.0.1", .method = "GET", .path = path});
    if (i % 20 == 0) profile.add({.time = time, .client = "10.0.0.2", .method = "GET", .path = "/busy/x"});
  }
  const auto routes = profile.routes().ranked();
  EXPECT_LE(routes.size(), RouteTable::kRoutesMax);
  ASSERT_FALSE(routes.empty());
  EXPECT_EQ(routes[0]->pattern, "/busy/*");
  EXPECT_LE(routes[0]->requests, 5000u);
  EXPECT_GE(routes[0]->requests + routes[0]->missed_max, 5000u);
}

}  // namespace
}  // namespace rateguard::suggest
