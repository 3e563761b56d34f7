// The rules that people copy stop what they say they stop.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "config/config.h"
#include "config/config_warnings.h"
#include "simulate/simulate.h"

namespace rateguard::simulate {
namespace {

std::string text_of(std::string_view name) {
  std::ifstream file(std::filesystem::path(__FILE__).parent_path() / "../.." / name);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string first_yaml_of(std::string_view page_name) {
  const std::string page = text_of(page_name);
  constexpr std::string_view kBegin = "```yaml\n";
  const size_t begin = page.find(kBegin) + kBegin.size();
  return page.substr(begin, page.find("```", begin) - begin);
}

// 3,000 items one after the other, 20 a second, all from one address.
Recording scraper() {
  Recording recording;
  for (int i = 0; i < 3'000; ++i) {
    const std::string path = "/api/items/" + std::to_string(i);
    recording.add({.time = Instant{int64_t{1'700'000'000'000'000} + i * int64_t{50'000}},
                   .client = "203.0.113.5",
                   .method = "GET",
                   .path = path});
  }
  recording.sort();
  return recording;
}

void expect_stops_a_scraper(const std::string& yaml) {
  auto config = config::parse(yaml, "rules.yaml");
  ASSERT_TRUE(config.has_value()) << config.error().to_string();
  for (const Error& warning : config::config_warnings(*config)) ADD_FAILURE() << warning.to_string();
  config->identity = {};  // whose key file is not there
  const Scenario scenario{.name = "rules.yaml",
                          .policy = {.rules = rules::RuleSet::compile(config->rules).value(),
                                     .identifier = identify::Identifier::create(config->identity).value()}};
  Recording recording = scraper();
  const Report report = simulate(recording, scenario, nullptr, Detail::kRules, {});
  EXPECT_EQ(report.rules.totals.requests, 3'000u);
  // 150 seconds at 100 requests in 10 seconds, and the 20 that the bucket held at first.
  EXPECT_NEAR(static_cast<double>(report.rules.totals.admitted), 1'520, 5);
}

TEST(ShippedRules, TheExampleStopsAScraper) {
  expect_stops_a_scraper(text_of("examples/rules.yaml"));
}

TEST(ShippedRules, TheFirstSampleOfTheConfigurationPageStopsAScraper) {
  expect_stops_a_scraper(first_yaml_of("docs/configuration.md"));
}

}  // namespace
}  // namespace rateguard::simulate
