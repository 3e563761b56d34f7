// `rateguard simulate` as a person runs it: what it prints, and how it ends.
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

}  // namespace
}  // namespace rateguard::test
