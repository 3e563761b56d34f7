// `rateguard simulate` and `rateguard suggest` as a person runs it: what they print, and how they end.
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "support/program.h"

namespace rateguard::test {
namespace {

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

constexpr const char* kRules = "rules: [{name: per-ip, per: ip, limit: 1/h}]\n";
constexpr const char* kLog =
    "203.0.113.5 - - [17/May/2024:10:05:03 +0000] \"GET /a HTTP/1.1\" 200 5 \"-\" \"c\"\n"
    "203.0.113.5 - - [17/May/2024:10:05:04 +0000] \"GET /b HTTP/1.1\" 200 5 \"-\" \"c\"\n";

TEST(SimulateTest, NamesTheLogsAndSaysWhoWouldHaveBeenRefused) {
  const TemporaryFolder folder;
  const std::string log = folder.write("access.log", kLog);
  const Finished finished = run({"simulate", "--rules", folder.write("rules.yaml", kRules), log});
  EXPECT_EQ(finished.exit_code, 0) << finished.err;
  EXPECT_TRUE(contains(finished.out, "read " + log + " (combined)")) << finished.out;
  EXPECT_TRUE(contains(finished.out, "1 admitted, 1 refused (50.0%)")) << finished.out;
}

TEST(SimulateTest, RulesThatDoNotLoadExitWithThreeWhetherTheyAreThereOrNot) {
  const TemporaryFolder folder;
  const std::string log = folder.write("access.log", kLog);
  const std::string good = folder.write("rules.yaml", kRules);
  const std::string bad = folder.write("bad.yaml", "rules: [{name: a, per: ip, limit: 0/m}]\n");
  const std::string missing = folder.path() / "missing.yaml";
  for (const std::string& rules : {bad, missing}) {
    EXPECT_EQ(run({"simulate", "--rules", rules, log}).exit_code, 3) << rules;
    EXPECT_EQ(run({"simulate", "--rules", good, "--compare", rules, log}).exit_code, 3) << rules;
  }
  const std::string named =
      folder.write("named.yaml", "identity: {jwt: {key_file: missing.pem}}\n" + std::string(kRules));
  const Finished without_keys = run({"simulate", "--rules", named, log});
  EXPECT_EQ(without_keys.exit_code, 3) << "so it is for validate";
  EXPECT_EQ(run({"validate", named}).exit_code, 3);
  EXPECT_TRUE(contains(without_keys.err, "named.yaml:1:28: key file missing.pem")) << without_keys.err;
  const Finished finished = run({"simulate", "--rules", missing, log});
  EXPECT_TRUE(contains(finished.err, "missing.yaml")) << finished.err;
}

TEST(SimulateTest, ALogThatIsNotThereOrIsAFolderExitsWithFour) {
  const TemporaryFolder folder;
  const std::string rules = folder.write("rules.yaml", kRules);
  EXPECT_EQ(run({"simulate", "--rules", rules, folder.path() / "missing.log"}).exit_code, 4);
  EXPECT_EQ(run({"simulate", "--rules", rules, folder.path()}).exit_code, 4);
}

TEST(SimulateTest, AnOutputThatCannotBeWrittenIsFoundOutBeforeTheWork) {
  const TemporaryFolder folder;
  const std::string rules = folder.write("rules.yaml", kRules);
  const std::string log = folder.write("access.log", kLog);
  for (const std::string& path : {std::string(folder.path() / "missing" / "out"), std::string(folder.path())}) {
    for (const char* option : {"--html", "--json"}) {
      const Finished finished = run({"simulate", "--rules", rules, option, path, log});
      EXPECT_EQ(finished.exit_code, 4) << option << path;
      EXPECT_TRUE(finished.out.empty()) << "nothing was simulated";
      EXPECT_TRUE(contains(finished.err, path)) << finished.err;
    }
  }
  const std::string page = folder.path() / "page.html";
  EXPECT_EQ(run({"simulate", "--rules", rules, "--html", page, log}).exit_code, 0);
  EXPECT_TRUE(contains(read_file(page), "<!doctype html>"));
  EXPECT_FALSE(std::filesystem::exists(page + ".tmp"));
}

TEST(SimulateTest, AnEmptyLogSaysSoAndWhereItsLinesMayBe) {
  const TemporaryFolder folder;
  const std::string log = folder.write("access.log", "");
  const Finished finished = run({"simulate", "--rules", folder.write("rules.yaml", kRules), log});
  EXPECT_EQ(finished.exit_code, 0);
  EXPECT_TRUE(contains(finished.out, log + " is empty; after a rotation its lines are in " + log + ".1"))
      << finished.out;
}

TEST(SuggestTest, WritesRulesThatValidateAndSimulate) {
  const TemporaryFolder folder;
  std::string text;
  for (int caller = 1; caller <= 60; ++caller) {
    for (int i = 0; i < 10; ++i) {
      const std::string second = std::to_string(i * 5 + 100).substr(1);
      text += "203.0.113." + std::to_string(caller) +
              " - - [17/May/2024:10:" + std::to_string(caller - 1 + 100).substr(1) + ":" + second + " +0000] \"" +
              (i == 0 ? "POST /login" : "GET /shop/item") + " HTTP/1.1\" 200 5 \"-\" \"c\"\n";
    }
  }
  const std::string log = folder.write("access.log", text);
  const std::string rules = folder.path() / "rules.yaml";
  const Finished suggested = run({"suggest", "--out", rules, log});
  EXPECT_EQ(suggested.exit_code, 0) << suggested.err;
  EXPECT_TRUE(contains(suggested.out, "POST /login")) << suggested.out;
  EXPECT_TRUE(contains(suggested.out, "Nobody in these logs would be refused.")) << suggested.out;
  EXPECT_EQ(run({"validate", rules}).exit_code, 0) << read_file(rules);
  const Finished simulated = run({"simulate", "--rules", rules, log});
  EXPECT_TRUE(contains(simulated.out, "600 admitted, 0 refused")) << simulated.out;

  const Finished json = run({"suggest", "--json", "-", log});
  EXPECT_EQ(json.out.front(), '{') << "the JSON stands alone on standard output";
}

TEST(SuggestTest, EndsAsSimulateDoes) {
  const TemporaryFolder folder;
  const std::string log = folder.write("access.log", kLog);
  EXPECT_EQ(run({"suggest"}).exit_code, 2);
  for (const char* headroom : {"0.5", "nan", "inf", "101", "two"}) {
    const Finished finished = run({"suggest", "--headroom", headroom, log});
    EXPECT_EQ(finished.exit_code, 2) << headroom;
    EXPECT_TRUE(contains(finished.err, "--headroom")) << finished.err;
  }
  EXPECT_EQ(run({"suggest", folder.path() / "missing.log"}).exit_code, 4);
  EXPECT_EQ(run({"suggest", log, folder.path() / "missing.log"}).exit_code, 4) << "the proposal is without a log";
  EXPECT_EQ(run({"suggest", "--out", folder.path() / "missing" / "rules.yaml", log}).exit_code, 4);
  EXPECT_EQ(run({"suggest", folder.write("nonsense", "what is\nthis\n")}).exit_code, 3);
}

}  // namespace
}  // namespace rateguard::test
