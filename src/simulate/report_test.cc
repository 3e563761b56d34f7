// What the writers make of a report: JSON for programs, a page, a table, a progress bar; and that nothing in a log can
// break out of them.
#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "config/config.h"
#include "simulate/output_file.h"
#include "simulate/progress_bar.h"
#include "simulate/report_json.h"
#include "simulate/report_page.h"
#include "simulate/report_table.h"
#include "simulate/simulate.h"
#include "text/printable.h"

namespace rateguard::simulate {
namespace {

namespace json = boost::json;

constexpr std::string_view kHostile = "/</script><script>alert(1)</script><!--\"'&\x1b[2J\xFF\xE2\x80\xA8";

Scenario scenario_of(const std::string& limit) {
  auto config = config::parse("rules:\n  - {name: a, per: [ip, route], limit: " + limit +
                                  "}\n  - {name: b, per: user, limit: 1/h, mode: shadow}",
                              "rules.yaml")
                    .value();
  return {.name = "rules</script>.yaml",
          .policy = {.rules = rules::RuleSet::compile(config.rules).value(),
                     .identifier = identify::Identifier::create(config.identity).value()}};
}

Report hostile_report() {
  Recording recording;
  for (int i = 0; i < 9; ++i) {
    recording.add({.time = Instant::from_seconds(1'700'000'000 + i),
                   .client = "10.0.0.1",
                   .method = "GET",
                   .path = kHostile,
                   .user = kHostile});
  }
  const Scenario rules = scenario_of("3/h");
  const Scenario compared = scenario_of("5/h");
  Report report = simulate(recording, rules, &compared, Detail::kPlots, {});
  report.input.logs.push_back(
      {.file = "access\xFF.log", .format = InputFormat::kCombined, .lines = 10, .malformed = 1});
  report.input.examples.push_back(
      {.file = "access\xFF.log", .line = 3, .why = "no time", .text = printable(kHostile, 100)});
  return report;
}

// docs/simulate.md lists them, in this order.
TEST(ReportJson, TheMembersOfTheTotalAreAlwaysThere) {
  const std::vector<std::string> expected = {"requests",
                                             "malformed",
                                             "no_request",
                                             "admitted",
                                             "refused",
                                             "unlimited",
                                             "without_address",
                                             "unreadable_requests",
                                             "spread_requests",
                                             "evicted",
                                             "callers",
                                             "callers_refused",
                                             "callers_shadow_refused",
                                             "first",
                                             "last",
                                             "span_ms"};
  const auto members = [](const json::value& total) {
    std::vector<std::string> names;
    for (const auto& [name, value] : total.as_object()) names.emplace_back(name);
    return names;
  };
  // Callers are counted for a report of callers only; a log without a request has no first one.
  const Scenario rules = scenario_of("3/h");
  for (const Detail detail : {Detail::kRules, Detail::kCallers, Detail::kPlots}) {
    Recording empty;
    const json::value nothing = json::parse(to_json(simulate(empty, rules, &rules, detail, {}), JsonContent::kFigures));
    EXPECT_EQ(members(nothing.at("total")), expected);
    EXPECT_EQ(members(nothing.at("compare").at("total")), expected);
    EXPECT_TRUE(nothing.at("total").at("first").is_null());
    EXPECT_TRUE(nothing.at("total").at("span_ms").is_null());
    EXPECT_EQ(nothing.at("total").at("callers").is_null(), detail == Detail::kRules);
  }
  const json::value some = json::parse(to_json(hostile_report(), JsonContent::kFigures));
  EXPECT_EQ(members(some.at("total")), expected);
  EXPECT_TRUE(some.at("total").at("span_ms").is_number());
}

TEST(ReportJson, HasTheMembersThatProgramsReadAndTheyAddUp) {
  const json::object out = json::parse(to_json(hostile_report(), JsonContent::kFigures)).as_object();
  EXPECT_EQ(out.at("total").at("requests").to_number<uint64_t>(), 9u);
  EXPECT_EQ(out.at("total").at("malformed").to_number<uint64_t>(), 1u);
  EXPECT_EQ(out.at("total").at("first").as_string(), "2023-11-14T22:13:20Z");
  for (const json::value& rule : out.at("rules").as_array()) {
    EXPECT_TRUE(rule.at("name").is_string());
    for (const char* name :
         {"requests", "admitted", "refused", "refused_by_others", "shadow_refused", "cost_admitted", "subjects",
          "subjects_refused", "longest_wait_ms", "refused_for_missing", "refused_for_ever"}) {
      EXPECT_TRUE(rule.at(name).is_number()) << name;
    }
    EXPECT_EQ(rule.at("requests").to_number<uint64_t>(), rule.at("admitted").to_number<uint64_t>() +
                                                             rule.at("refused").to_number<uint64_t>() +
                                                             rule.at("refused_by_others").to_number<uint64_t>());
  }
  EXPECT_EQ(out.at("rules").at(0).at("refused").to_number<uint64_t>(), 6u);
  EXPECT_EQ(out.at("rules").at(0).at("worst_subject").at("refused").to_number<uint64_t>(), 6u);
  EXPECT_EQ(out.at("rules").at(1).at("shadow_refused").to_number<uint64_t>(), 8u);
  EXPECT_EQ(out.at("malformed_examples").at(0).at("line").to_number<uint64_t>(), 3u);
  EXPECT_FALSE(out.contains("plots"));
  const json::object& compare = out.at("compare").as_object();
  EXPECT_EQ(compare.at("changes").at("newly_admitted").to_number<uint64_t>(), 2u);
  EXPECT_EQ(compare.at("changes").at("newly_refused").to_number<uint64_t>(), 0u);
  EXPECT_EQ(compare.at("rules").at(0).at("admitted").to_number<uint64_t>(), 5u);
}

size_t count_of(std::string_view text, std::string_view part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

TEST(ReportPage, LetsNothingOutOfItsData) {
  const std::string page = page_html(hostile_report());
  EXPECT_EQ(count_of(page, "<script"), 2u);
  EXPECT_EQ(count_of(page, "</script>"), 2u);
  EXPECT_EQ(count_of(page, "<script>alert"), 0u);
  EXPECT_EQ(count_of(page, "<!--"), 0u);
  EXPECT_EQ(page.find('\x1b'), std::string::npos);
  EXPECT_EQ(page.find('\xFF'), std::string::npos);
  EXPECT_EQ(page.find("\xE2\x80\xA8"), std::string::npos);
  // It is there, as a subject and as a malformed line, for the script to show as text.
  EXPECT_GE(count_of(page, "\\u003c/script\\u003e\\u003cscript\\u003ealert(1)"), 2u);

  const size_t begin = page.find("id=\"report\">") + 12;
  const std::string data = page.substr(begin, page.find("</script>", begin) - begin);
  const json::object out = json::parse(data).as_object();
  EXPECT_EQ(out.at("plots").at("total").at("refused").as_array().size(),
            out.at("grid").at("pieces").to_number<size_t>());
  EXPECT_FALSE(out.at("plots").at("quotas").as_array().empty());
}

TEST(ReportPage, NeedsNoNetwork) {
  const std::string page = page_html(Report{});
  for (const std::string_view part : {"src=", "href=", "@import", "url(", "fetch(", "XMLHttpRequest", "https://"}) {
    EXPECT_EQ(page.find(part), std::string::npos) << part;
  }
  EXPECT_NE(page.find("default-src 'none'"), std::string::npos);
  // The one address in it names SVG's vocabulary.
  EXPECT_EQ(count_of(page, "http://"), count_of(page, "http://www.w3.org/2000/svg"));
}

TEST(ReportTable, ShowsEveryRuleAndStaysPlainWithoutColour) {
  const Report report = hostile_report();
  const std::string plain = table_text(report, Colour::kNo);
  EXPECT_EQ(plain.find('\x1b'), std::string::npos);
  EXPECT_NE(plain.find("9 requests"), std::string::npos);
  EXPECT_NE(plain.find("1 malformed line skipped"), std::string::npos);
  EXPECT_NE(plain.find("access\\xFF.log:3: no time"), std::string::npos);
  EXPECT_NE(plain.find("(6 of 9)"), std::string::npos);
  EXPECT_NE(plain.find("What changes: 0 requests would be refused that are admitted now, 2 admitted"),
            std::string::npos);
  const std::string coloured = table_text(report, Colour::kYes);
  EXPECT_NE(coloured.find("\x1b[31m"), std::string::npos);
  EXPECT_EQ(coloured.find("\x1b[2J"), std::string::npos);
}

TEST(OutputFile, IsWrittenWholeOrNotAtAll) {
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("rateguard_out_" + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  const std::string path = folder / "report.json";
  ASSERT_TRUE(write_output_file(path, "old"));
  ASSERT_TRUE(write_output_file(path, "new"));
  std::ifstream file(path);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), "new");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder), {}), 1);
  const auto failed = write_output_file((folder / "none" / "x").string(), "x");
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, ErrorCode::kIo);
  EXPECT_FALSE(write_output_file("/dev/full", "x"));
  std::filesystem::remove_all(folder);
}

std::string drawn(const std::vector<ProgressUpdate>& updates) {
  char* text = nullptr;
  size_t size = 0;
  std::FILE* out = open_memstream(&text, &size);
  {
    ProgressBar bar(out, 60);
    for (const ProgressUpdate& update : updates) bar.update(update);
  }
  std::fclose(out);
  std::string result(text, size);
  std::free(text);
  return result;
}

TEST(ProgressBar, DrawsLongInputOnlyAndOnlyChanges) {
  using Stage = ProgressUpdate::Stage;
  EXPECT_EQ(drawn({{.stage = Stage::kRead, .done = 5, .total = 10}}), "");
  const uint64_t total = 1'000'000'000;
  std::vector<ProgressUpdate> updates;
  for (uint64_t done = 0; done <= total; done += total / 10'000)
    updates.push_back({.stage = Stage::kRead, .done = done, .total = total});
  const std::string text = drawn(updates);
  EXPECT_NE(text.find("reading  [====="), std::string::npos);
  EXPECT_NE(text.find("100%"), std::string::npos);
  EXPECT_LT(count_of(text, "\r"), 200u);
  EXPECT_TRUE(text.ends_with("\r\x1b[K"));
  EXPECT_NE(drawn({{.stage = Stage::kRead, .done = total, .total = 0}}).find("953 MiB"), std::string::npos);
}

}  // namespace
}  // namespace rateguard::simulate
