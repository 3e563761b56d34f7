#include "loadgen/report.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

namespace rateguard::loadgen {
namespace {

RunResult some_outcome() {
  RunResult outcome;
  outcome.elapsed_ns = 2'000'000'000;
  outcome.tally.asked = 1'010;
  outcome.tally.admitted = 900;
  outcome.tally.refused = 100;
  outcome.tally.errors = {{"HTTP 503", 7}, {"timeout", 3}};
  for (int i = 1; i <= 1'000; ++i) outcome.tally.latency.add(i * 1'000);
  return outcome;
}

TEST(Report, FiguresHaveThreeDigits) {
  EXPECT_EQ(latency_text(0), "0 ns");
  EXPECT_EQ(latency_text(999), "999 ns");
  EXPECT_EQ(latency_text(1'000), "1.00 µs");
  EXPECT_EQ(latency_text(12'345), "12.3 µs");
  EXPECT_EQ(latency_text(99'960), "100 µs");
  EXPECT_EQ(latency_text(999'600), "1.00 ms");
  EXPECT_EQ(latency_text(123'456'789), "123 ms");
  EXPECT_EQ(latency_text(2'500'000'000), "2.50 s");
  EXPECT_EQ(latency_text(4'000'000'000'000), "4000 s");
  EXPECT_EQ(count_text(0), "0");
  EXPECT_EQ(count_text(999), "999");
  EXPECT_EQ(count_text(1'000), "1,000");
  EXPECT_EQ(count_text(12'345'678), "12,345,678");
}

TEST(Report, TheTableSaysWhatHappened) {
  Plan plan;
  const std::string text = table_text(plan, some_outcome(), Style::kPlain);
  for (const char* part :
       {"1,000", "in 2.0 s", "500/s", "90.00 %", "10.00 %", "HTTP 503", "timeout", "p99.9", "500 µs", "1.00 ms"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << '\n' << text;
  }
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_EQ(text.find("due"), std::string::npos) << "closed loop";
  EXPECT_NE(table_text(plan, some_outcome(), Style::kColoured).find('\x1b'), std::string::npos);
  EXPECT_NO_FATAL_FAILURE(table_text(plan, RunResult{}, Style::kPlain));
}

TEST(Report, JsonHoldsTheSame) {
  Plan plan;
  plan.rate = 500;
  const auto value = boost::json::parse(json_text(plan, some_outcome()));
  EXPECT_EQ(value.at("mode").as_string(), "open");
  EXPECT_EQ(value.at("decisions").as_int64(), 1'000);
  EXPECT_EQ(value.at("decisions_per_s").as_double(), 500);
  EXPECT_EQ(value.at("errors").at("timeout").as_int64(), 3);
  EXPECT_NEAR(value.at("latency_us").at("p99").as_double(), 990, 1);
  EXPECT_EQ(value.at("latency_us").at("max").as_double(), 1'000);
  EXPECT_TRUE(value.at("lateness_us").as_object().empty());
  const std::string text = json_text(plan, some_outcome());
  EXPECT_TRUE(text.contains("\"decisions_per_s\":500.0,")) << text;
  EXPECT_TRUE(text.contains("\"max\":1000.0")) << text;
}

TEST(Report, TheProgressLineFitsTheTerminal) {
  Plan plan{.duration = Duration::seconds(10)};
  const RunResult outcome = some_outcome();
  const Tally nothing;
  const Progress progress{.elapsed_ns = 5'000'000'000, .total = &outcome.tally, .earlier = &nothing};
  const std::string line = progress_text(plan, progress, 200);
  EXPECT_NE(line.find("50 %"), std::string::npos) << line;
  EXPECT_NE(line.find("200/s"), std::string::npos) << line;
  EXPECT_EQ(line.find('\n'), std::string::npos);
  EXPECT_LE(progress_text(plan, progress, 20).size(), 20u);
}

}  // namespace
}  // namespace rateguard::loadgen
