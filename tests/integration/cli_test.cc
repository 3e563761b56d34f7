// The command line as a person or a script meets it.
#include <gtest/gtest.h>

#include "support/patience.h"
#include "support/program.h"

namespace rateguard::test {
namespace {

constexpr const char* kRules =
    "rules:\n"
    "  - {name: login, match: {methods: [POST], path: /login}, per: ip, limit: 2/m, algorithm: fixed_window}\n";

TEST(CliTest, HelpTeachesAndExitsWithZero) {
  const Finished help = run({"--help"});
  EXPECT_EQ(help.exit_code, 0);
  for (const char* word : {"serve", "check", "validate", "simulate", "bench", "version", "completion", "Exit codes"}) {
    EXPECT_TRUE(contains(help.out, word)) << word;
  }
  EXPECT_TRUE(contains(run({"serve", "--help"}).out, "curl"));
}

TEST(CliTest, AWrongCommandLineExitsWithTwoAndSaysWhat) {
  for (const std::vector<std::string>& wrong : std::vector<std::vector<std::string>>{
           {}, {"sreve"}, {"serve", "--prot", "1"}, {"check", "--cost", "many"}, {"simulate"}}) {
    const Finished finished = run(wrong);
    EXPECT_EQ(finished.exit_code, 2);
    EXPECT_FALSE(finished.err.empty());
  }
}

TEST(CliTest, ColourStaysOutOfPipes) {
  const TemporaryFolder folder;
  const Finished valid = run({"validate", folder.write("rules.yaml", kRules)});
  EXPECT_EQ(valid.out.find('\033'), std::string::npos);
}

TEST(CliTest, ValidateListsTheRulesOfAFileThatLoads) {
  const TemporaryFolder folder;
  const Finished valid = run({"validate", folder.write("rules.yaml", kRules)});
  EXPECT_EQ(valid.exit_code, 0) << valid.err;
  EXPECT_TRUE(contains(valid.out, "login: POST /login, per ip: fixed_window, 2 per 1m")) << valid.out;
}

TEST(CliTest, ValidateSaysFileLineAndColumnOfWhatDoesNotLoad) {
  const TemporaryFolder folder;
  const std::string file = folder.write("rules.yaml", "rules:\n  - name: login\n    per: ip\n    limit: 0/m\n");
  const Finished bad = run({"validate", file});
  EXPECT_EQ(bad.exit_code, 3);
  EXPECT_TRUE(contains(bad.err, file + ":4:")) << bad.err;
  const Finished json = run({"validate", "--json", file});
  EXPECT_EQ(json.exit_code, 3);
  EXPECT_TRUE(contains(json.out, "\"line\":4")) << json.out;
  EXPECT_EQ(run({"validate", "/no/such/file.yaml"}).exit_code, 3);
}

TEST(CliTest, ValidateWarnsOfWhatIsHardlyMeantAndStillAcceptsIt) {
  const TemporaryFolder folder;
  const std::string file =
      folder.write("rules.yaml", "rules:\n  - {name: api, match: {path: /api/*}, per: [ip, route], limit: 5/m}\n");
  const Finished valid = run({"validate", file});
  EXPECT_EQ(valid.exit_code, 0);
  EXPECT_TRUE(contains(valid.err, file + ":2:5: warning: rule 'api' counts by route, but /api/* is a prefix"))
      << valid.err;
  const Finished json = run({"validate", "--json", file});
  EXPECT_TRUE(contains(json.out, "\"warnings\":[{\"line\":2,\"column\":5,\"message\":\"rule 'api' counts")) << json.out;
  const Finished quiet = run({"validate", "--json", folder.write("good.yaml", kRules)});
  EXPECT_TRUE(contains(quiet.out, "\"warnings\":[]")) << quiet.out;
}

TEST(CliTest, CheckShowsWhereALimitBegins) {
  const Finished both = run({"check", "--limit", "2/m", "--key", "me", "--repeat", "3", "--json"});
  EXPECT_EQ(both.exit_code, 1) << "the third is refused: " << both.out << both.err;
  EXPECT_TRUE(contains(both.out, "\"remaining\":1")) << both.out;
  EXPECT_TRUE(contains(both.out, "\"retry_after_ms\":30000")) << both.out;
  EXPECT_EQ(run({"check", "--limit", "2/m", "--key", "me", "--repeat", "3", "--every", "30s"}).exit_code, 0)
      << "virtual time passes between them";
}

TEST(CliTest, CheckDecidesFactsByTheRulesOfAFile) {
  const TemporaryFolder folder;
  const std::string rules = folder.write("rules.yaml", kRules);
  const std::vector<std::string> facts = {"check",  "--rules", rules,  "--method",   "POST",
                                          "--path", "/login",  "--ip", "203.0.113.9"};
  EXPECT_EQ(run(facts).exit_code, 0);
  std::vector<std::string> thrice = facts;
  thrice.insert(thrice.end(), {"--repeat", "3"});
  const Finished refused = run(thrice);
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_TRUE(contains(refused.out, "login")) << refused.out;
}

TEST(CliTest, CheckAsksARunningService) {
  const Service service({});
  const std::string server = "127.0.0.1:" + std::to_string(service.port());
  const std::vector<std::string> ask = {"check", "--server", server, "--limit", "1/h", "--key", "me"};
  EXPECT_EQ(run(ask).exit_code, 0);
  EXPECT_EQ(run(ask).exit_code, 1) << "the service remembers";
  EXPECT_EQ(run({"check", "--server", "127.0.0.1:1", "--limit", "1/h", "--key", "me"}).exit_code, 4) << "nobody there";
}

TEST(CliTest, CheckSaysWhatIsWrongWithARequest) {
  const Finished wrong = run({"check", "--limit", "0/m", "--key", "me"});
  EXPECT_EQ(wrong.exit_code, 2);
  EXPECT_FALSE(wrong.err.empty());
}

TEST(CliTest, CompletionScriptsKnowEveryCommand) {
  for (const char* shell : {"bash", "zsh", "fish"}) {
    const Finished script = run({"completion", shell});
    EXPECT_EQ(script.exit_code, 0);
    for (const char* word : {"serve", "simulate", "html"})
      EXPECT_TRUE(contains(script.out, word)) << shell << " " << word;
  }
  const TemporaryFolder folder;
  const std::string file = folder.write("completion.bash", run({"completion", "bash"}).out);
  const std::string command = "bash -c 'source " + file +
                              "; COMP_WORDS=(rateguard simulate --ht); COMP_CWORD=2; _rateguard; "
                              "[ \"${COMPREPLY[0]}\" = --html ]'";
  EXPECT_EQ(std::system(command.c_str()), 0);
}

TEST(CliTest, VersionIsPrintedInBothForms) {
  EXPECT_TRUE(contains(run({"version"}).out, "rateguard "));
  EXPECT_TRUE(contains(run({"version", "--json"}).out, "{\"version\":\""));
}

TEST(CliTest, TheCommandLineComesBeforeTheEnvironmentAndThatBeforeTheFile) {
  const TemporaryFolder folder;
  const std::string file = folder.write("rules.yaml", "listen: {http: \"127.0.0.1:1\"}\n");
  // Service passes --http 127.0.0.1:0; both others name a port that is not to be had.
  const Service by_command_line({"--config", file}, {{"RATEGUARD_HTTP", "127.0.0.1:1"}});
  EXPECT_GT(by_command_line.port(), 1);

  const Finished by_file = run({"serve", "--config", file}, {}, {{"RATEGUARD_HTTP", "not an address"}});
  EXPECT_EQ(by_file.exit_code, 3) << "the variable is read, and wrong";
  EXPECT_TRUE(contains(by_file.err, "RATEGUARD_HTTP")) << by_file.err;
}

}  // namespace
}  // namespace rateguard::test
