// Options that do not go together are refused, since one of them would be passed over in silence.
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "support/patience.h"
#include "support/program.h"

namespace rateguard::test {
namespace {

TEST(OptionsTest, OptionsThatDoNotGoTogetherAreRefused) {
  const struct {
    std::vector<std::string> words;
    std::string said;
  } cases[] = {
      {{"check", "--server", "127.0.0.1:1", "--ip", "192.0.2.1", "--config", "f"},
       "check: --config does not go with --server: a running service decides by its own rules; leave one of them out"},
      {{"check", "--server", "127.0.0.1:1", "--ip", "192.0.2.1", "--rules=f"}, "--rules does not go with --server"},
      {{"check", "--limit", "5/m", "--key", "a", "--rules", "f"}, "--rules does not go with --limit"},
      {{"check", "--ip", "192.0.2.1", "--token", "t"},
       "--token goes with --server: it is a running service that asks for a token"},
      {{"check", "--limit", "5/m", "--key", "a", "--every", "1s"}, "--every goes with --repeat"},
      {{"simulate", "--explain-format", "--html", "out", "log"},
       "simulate: --html does not go with --explain-format, which replays nothing; leave one of them out"},
      {{"simulate", "--explain-format", "--rules", "f", "log"}, "--rules does not go with --explain-format"},
      {{"simulate", "--explain-format", "--compare", "f", "log"}, "--compare does not go with --explain-format"},
      {{"simulate", "--explain-format", "--json", "out", "a.log", "b.log"}, "writes about one log; name one LOG"},
      {{"simulate", "--compare", "f", "log"}, "--compare goes with --rules"},
      {{"simulate", "--rules", "f", "--format", "csv", "--log-format", "%h", "log"},
       "--log-format does not go with --format"},
      {{"suggest", "--format", "csv", "--log-format", "%h", "log"}, "--log-format does not go with --format"},
      {{"validate", "--merge-domains", "f"}, "--merge-domains goes with --envoy"},
      {{"bench", "--body", "{}", "redis://127.0.0.1:1"}, "--body goes with http:// targets"},
      {{"bench", "--command", "PING"}, "--command goes with redis:// targets"},
      {{"bench", "--domain", "d", "http://127.0.0.1:1"}, "--domain goes with grpc:// targets"},
      {{"bench", "--rule", "r", "--limit", "5/m"}, "--limit does not go with --rule"},
      {{"bench", "--limit", "5/m", "grpc://127.0.0.1:1"},
       "--limit does not go with grpc:// targets, whose limits the service has; leave it out"},
  };
  for (const auto& [words, said] : cases) {
    const Finished finished = run(words);
    EXPECT_EQ(finished.exit_code, 2) << said;
    EXPECT_TRUE(contains(finished.err, said)) << finished.err;
    EXPECT_TRUE(contains(finished.err, "`rateguard help " + words[0] + "` explains it") || contains(said, "one log"))
        << finished.err;
  }
}

// An empty shell variable is the usual reason. A number would be read as 0, a text as "not given".
TEST(OptionsTest, AnEmptyValueIsRefused) {
  const struct {
    std::vector<std::string> words;
    std::string said;
  } cases[] = {
      {{"check", "--limit", "5/m", "--key", "a", "--cost", ""},
       "check: --cost: its value is empty; expected UNITS\nrateguard: `rateguard help check` explains it"},
      {{"check", "--limit", "5/m", "--key", "a", "--cost="}, "--cost needs a value: UNITS"},
      {{"check", "--limit", "5/m", "--key", "a", "--repeat", ""}, "--repeat: its value is empty; expected N"},
      {{"check", "--limit", "5/m", "--key", ""}, "--key: its value is empty"},
      {{"check", "--ip", "192.0.2.1", "--user="}, "--user needs a value: USER"},
      {{"serve", "--threads", ""}, "serve: --threads: its value is empty; expected N"},
      {{"serve", "--data="}, "--data needs a value: DIR"},
      {{"serve", "--config", ""}, "--config: its value is empty; expected FILE"},
      {{"validate", ""}, "validate: file: its value is empty; expected FILE"},
      {{"simulate", "--rules", "f", ""}, "log: its value is empty"},
      {{"simulate", "--rules", "f", "--jobs", "", "log"}, "--jobs: its value is empty; expected N"},
      {{"suggest", "--headroom", "", "log"}, "--headroom: its value is empty"},
      {{"bench", "--connections", ""}, "--connections: its value is empty"},
      {{"bench", "--rate", ""}, "--rate: its value is empty"},
      {{"health", "--timeout", ""}, "--timeout: its value is empty"},
      {{"health", ""}, "url: its value is empty; expected URL"},
      {{"completion", ""}, "shell: its value is empty; expected SHELL"},
  };
  for (const auto& [words, said] : cases) {
    const Finished finished = run(words);
    EXPECT_EQ(finished.exit_code, 2) << said;
    EXPECT_TRUE(contains(finished.err, said)) << finished.err;
  }
}

TEST(OptionsTest, AnEmptyVariableCountsAsUnset) {
  const std::map<std::string, std::string> variables = {{"RATEGUARD_CONFIG", ""}, {"RATEGUARD_TOKEN", ""}};
  EXPECT_EQ(run({"check", "--limit", "5/m", "--key", "a"}, {}, variables).exit_code, 0);
}

// As a person reads them: no octal, no hexadecimal, no room around, and nothing below zero becomes a huge number.
TEST(OptionsTest, NumbersAreWholeAndDecimal) {
  const auto with_cost = [](const std::string& cost) {
    return run({"check", "--limit", "5/m", "--key", "a", "--cost", cost});
  };
  for (const std::string bad : {"010", "0x10", " 3", "3 ", "1.5", "1e3", "+1", "-", "--1", "3m"}) {
    const Finished finished = with_cost(bad);
    EXPECT_EQ(finished.exit_code, 2) << bad;
    EXPECT_TRUE(contains(finished.err, "--cost: expected a whole number, found '" + bad + "'") || bad == "--1")
        << finished.err;
  }
  EXPECT_TRUE(contains(with_cost("99999999999999999999").err, "--cost: '99999999999999999999' is too large a number"));
  EXPECT_EQ(with_cost("-2").exit_code, 0);
  EXPECT_EQ(with_cost("0").exit_code, 0);
  for (const char* const option : {"--requests", "--seed", "--connections"}) {
    const Finished finished = run({"bench", option, "-1", "http://127.0.0.1:1"});
    EXPECT_EQ(finished.exit_code, 2) << option;
    EXPECT_TRUE(contains(finished.err, "expected a whole number, found '-1'")) << finished.err;
  }
}

TEST(OptionsTest, AMessageAboutAFactNamesItsOption) {
  EXPECT_TRUE(contains(run({"check", "--ip", "nonsense"}).err, "rateguard: --ip: expected an IP address"));
  const Finished twice = run({"check", "--header", "A: b", "--header", "a: c"});
  EXPECT_TRUE(contains(twice.err, "rateguard: --header 'a' is given twice")) << twice.err;
  EXPECT_EQ(twice.exit_code, 2);
}

TEST(OptionsTest, AnOptionThatIsOnlyBegunIsSuggested) {
  EXPECT_TRUE(contains(run({"check", "--algo", "gcra"}).err, "no option '--algo'; did you mean '--algorithm'?"));
  EXPECT_EQ(run({"check", "--pla"}).err,
            "rateguard: check: there is no option '--pla'; did you mean '--plan'?\n"
            "rateguard: `rateguard help check` explains it\n");
}

TEST(OptionsTest, AFlagTakesNoValue) {
  for (const std::string value : {"no", "5", "true", ""}) {
    const Finished finished = run({"check", "--limit", "5/m", "--key", "a", "--json=" + value});
    EXPECT_EQ(finished.exit_code, 2) << value;
    EXPECT_TRUE(contains(finished.err, "check: --json takes no value; give it alone, or leave it out")) << finished.err;
  }
  EXPECT_EQ(run({"version", "--json=false"}).exit_code, 2);
  EXPECT_EQ(run({"suggest", "--quiet=1", "log"}).exit_code, 2);
  EXPECT_EQ(run({"validate", "--merge-domains=x", "--envoy", "f"}).exit_code, 2);
  EXPECT_EQ(run({"help", "--help=x"}).exit_code, 2);
}

// A variable holds for every call.
TEST(OptionsTest, AVariableThatIsOfNoUseHereDoesNoHarm) {
  const std::map<std::string, std::string> variables = {{"RATEGUARD_CONFIG", "/no/such.yaml"},
                                                        {"RATEGUARD_TOKEN", "t"}};
  EXPECT_EQ(run({"check", "--server", "127.0.0.1:1", "--ip", "192.0.2.1"}, {}, variables).exit_code, 4);
  EXPECT_EQ(run({"check", "--limit", "5/m", "--key", "a"}, {}, {{"RATEGUARD_TOKEN", "t"}}).exit_code, 0);
}

// Each way of asking would pass over the options of the others.
TEST(OptionsTest, CheckRefusesOptionsThatDoNotGoTogether) {
  const struct {
    std::vector<std::string> options;
    std::string said;
  } cases[] = {
      {{"--rule", "login", "--key", "a", "--limit", "5/m"}, "--limit does not go with --rule"},
      {{"--rule", "login", "--key", "a", "--path", "/x"}, "--path does not go with --rule"},
      {{"--rule", "login", "--key", "a", "--header", "X: y"}, "--header does not go with --rule"},
      {{"--limit", "5/m", "--key", "a", "--ip", "192.0.2.1"}, "--ip does not go with --limit"},
      {{"--limit", "5/m", "--key", "a", "--plan", "pro"}, "--plan does not go with --limit"},
      {{"--limit", "5/m"}, "--limit needs --key KEY"},
      {{"--limit", "5/m", "--key", "a", "--key", "b"}, "--limit counts by one --key, and 2 are given"},
      {{"--algorithm", "gcra", "--ip", "192.0.2.1"}, "--algorithm goes with --limit"},
      {{"--key", "a", "--ip", "192.0.2.1"}, "--key goes with --rule or --limit"},
      {{"--server", "127.0.0.1:1", "--limit", "5/m", "--key", "a", "--every", "1s"}, "--every is virtual time"},
  };
  for (const auto& [options, said] : cases) {
    std::vector<std::string> words = {"check"};
    words.insert(words.end(), options.begin(), options.end());
    const Finished finished = run(words);
    EXPECT_EQ(finished.exit_code, 2) << said;
    EXPECT_TRUE(contains(finished.err, said)) << finished.err;
  }
}

}  // namespace
}  // namespace rateguard::test
