// The command line as a person or a script meets it.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

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
  for (const char* word :
       {"serve", "check", "validate", "simulate", "bench", "health", "version", "completion", "Exit codes"}) {
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

TEST(CliTest, ValidateWarnsAboutUnlikelySettingsAndStillAcceptsThem) {
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

TEST(CliTest, ACostBelowZeroGivesBack) {
  for (const std::vector<std::string>& cost : {std::vector<std::string>{"--cost", "-1"}, {"--cost=-1"}}) {
    std::vector<std::string> words = {"check", "--limit", "2/m", "--key", "me"};
    words.insert(words.end(), cost.begin(), cost.end());
    const Finished given = run(words);
    EXPECT_EQ(given.exit_code, 0) << given.out << given.err;
  }
  EXPECT_EQ(run({"check", "--limit", "2/m", "--key", "me", "--cost", "99999999999999999999"}).exit_code, 2);
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

TEST(CliTest, CheckExplainsTheErrorsOfARequest) {
  const Finished wrong = run({"check", "--limit", "0/m", "--key", "me"});
  EXPECT_EQ(wrong.exit_code, 2);
  EXPECT_FALSE(wrong.err.empty());
}

TEST(CliTest, NoOutputOverwritesWhatIsRead) {
  const TemporaryFolder folder;
  const std::string log = folder.write("access.log",
                                       "192.0.2.1 - - [01/Jan/2024:00:00:00 +0000] \"GET / HTTP/1.1\" 200 5 \"-\" "
                                       "\"x\"\n");
  const std::string rules = folder.write("rules.yaml", kRules);
  const std::string other = (folder.path() / "other.log").string();
  std::filesystem::create_hard_link(log, other);
  const std::string aside = folder.write("out.json.tmp", read_file(log));
  const std::string out = (folder.path() / "out.json").string();
  // What a rules file names is read with it.
  const std::string subjects = folder.write("subjects.txt", "192.0.2.1: 5/m\n");
  const std::string keys = folder.write("keys.json", "{}");
  const std::string envoy = folder.write("envoy.yaml", "domain: d\n");
  const std::string snapshot = folder.write("counters.snap", "counters");
  const std::string naming = folder.write(
      "naming.yaml", "data_dir: " + folder.path().string() + "\nenvoy: {config: " + envoy +
                         "}\nidentity: {jwt: {key_file: " + keys +
                         "}}\nrules:\n  - {name: named, per: ip, limit: 5/m, by_subject_file: " + subjects + "}\n");
  const struct {
    std::vector<std::string> words;
    std::string lost;
  } cases[] = {
      {{"simulate", "--rules", rules, "--json", log, log}, log},
      {{"simulate", "--rules", rules, "--html", other, log}, log},
      {{"simulate", "--rules", rules, "--json", rules, log}, rules},
      {{"simulate", "--rules", rules, "--json", out, aside}, aside},
      {{"simulate", "--explain-format", "--json", log, log}, log},
      {{"suggest", "--out", other, log}, log},
      {{"suggest", "--json", log, log}, log},
      {{"simulate", "--rules", naming, "--json", subjects, log}, subjects},
      {{"simulate", "--rules", rules, "--compare", naming, "--html", subjects, log}, subjects},
      {{"simulate", "--rules", naming, "--html", keys, log}, keys},
      {{"simulate", "--rules", naming, "--html", envoy, log}, envoy},
      {{"simulate", "--rules", naming, "--json", snapshot, log}, snapshot},
  };
  for (const auto& [words, lost] : cases) {
    const std::string before = read_file(lost);
    const Finished finished = run(words);
    EXPECT_EQ(finished.exit_code, 2);
    EXPECT_TRUE(contains(finished.err, "would overwrite " + lost + ", which is read")) << finished.err;
    EXPECT_EQ(read_file(lost), before);
  }
  const Finished twice = run({"suggest", "--out", out, "--json", out, log});
  EXPECT_EQ(twice.exit_code, 2);
  EXPECT_TRUE(contains(twice.err, "two outputs would be written there")) << twice.err;
  EXPECT_EQ(run({"suggest", "--out", out, "--json", "/dev/null", log}).exit_code, 0);
}

TEST(CliTest, ANamedPipeIsNoConfigurationToWaitForButAShellsIs) {
  const TemporaryFolder folder;
  const std::string pipe = (folder.path() / "rules.yaml").string();
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  const Finished refused = run({"validate", pipe});
  EXPECT_EQ(refused.exit_code, 3);
  EXPECT_TRUE(contains(refused.err,
                       "this is a named pipe, which waits until something is written into it; expected a "
                       "regular file, or <(command) of a shell"))
      << refused.err;
  const std::string command =
      std::string("bash -c '") + RATEGUARD_PROGRAM + " validate <(echo \"rules: []\")' >/dev/null 2>&1";
  EXPECT_EQ(std::system(command.c_str()), 0);
}

// Whoever asked for a table has not got one.
TEST(CliTest, WhatCannotBePrintedIsAnError) {
  const TemporaryFolder folder;
  const std::string rules = folder.write("rules.yaml", kRules);
  std::string many = "rules:\n";
  for (int i = 0; i < 3'000; ++i) many += "  - {name: r" + std::to_string(i) + ", per: ip, limit: 2/m}\n";
  const std::string log = folder.write("a.csv", "time,ip\n1,192.0.2.1\n");
  const std::vector<std::string> cases = {"--version",
                                          "--help",
                                          "help check",
                                          "version --json",
                                          "completion bash",
                                          "validate " + rules,
                                          "validate " + folder.write("many.yaml", many),
                                          "check --limit 5/m --key a",
                                          "simulate --rules " + rules + " " + log,
                                          "simulate --rules " + rules + " --json - --quiet " + log,
                                          "suggest " + log};
  for (const std::string& words : cases) {
    const std::string err = (folder.path() / "err").string();
    const std::string command = std::string(RATEGUARD_PROGRAM) + " " + words + " >/dev/full 2>" + err;
    const int status = std::system(command.c_str());
    EXPECT_TRUE(WIFEXITED(status)) << words;
    EXPECT_EQ(WEXITSTATUS(status), 4) << words;
    EXPECT_TRUE(contains(read_file(err), "standard output: ")) << words << read_file(err);
    EXPECT_TRUE(contains(read_file(err), "No space left on device")) << words << read_file(err);
  }
}

TEST(CliTest, AQuietProposalIsNothingButTheRules) {
  const TemporaryFolder folder;
  std::string log = "time,ip\n";
  for (int i = 0; i < 100; ++i) log += std::to_string(1'700'000'000 + i) + ",192.0.2.1\n";
  const std::string file = folder.write("a.csv", log);
  const Finished quiet = run({"suggest", "--quiet", file});
  const Finished to_stdout = run({"suggest", "--out", "-", file});
  EXPECT_TRUE(contains(quiet.out, "rules:")) << quiet.out << quiet.err;
  EXPECT_EQ(quiet.out, to_stdout.out);
}

TEST(CliTest, VersionIsPrintedInBothForms) {
  EXPECT_TRUE(contains(run({"version"}).out, "rateguard "));
  const std::string json = run({"version", "--json"}).out;
  EXPECT_TRUE(contains(json, "{\"version\":\"")) << json;
  EXPECT_TRUE(contains(json, "\"commit\":\"")) << json;
  EXPECT_TRUE(contains(json, "\"compiler\":\"gcc 1")) << json;
  EXPECT_EQ(run({"--version"}).out, run({"-V"}).out);
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

TEST(CliTest, AWrongValueOfAnOptionIsAWrongCommandLine) {
  for (const std::vector<std::string>& wrong :
       std::vector<std::vector<std::string>>{{"serve", "--http", "8080"},
                                             {"serve", "--log-level", "trace"},
                                             {"serve", "--threads", "5000"},
                                             {"serve", "--threads", "abc"},
                                             {"serve", "--resp", "nowhere"},
                                             {"serve", "--http", "127.0.0.1:7000", "--grpc", "127.0.0.1:7000"},
                                             {"serve", "--grpc", "0.0.0.0:7000", "--resp", "127.0.0.1:7000"},
                                             {"check", "--limit", "5/x", "--key", "k"},
                                             {"check", "--limit", "5/m", "--key", "k", "--every", "soon"},
                                             {"check", "--server", "nowhere", "--limit", "1/m", "--key", "k"},
                                             {"bench", "--duration", "soon"},
                                             {"bench", "nowhere"},
                                             {"completion", "tcsh"}}) {
    const Finished finished = run(wrong);
    EXPECT_EQ(finished.exit_code, 2) << wrong[0] << ' ' << wrong[1] << ' ' << finished.err;
    EXPECT_FALSE(finished.err.empty());
  }
}

TEST(CliTest, ValidateRefusesWhatServeRefuses) {
  const TemporaryFolder folder;
  const std::vector<std::pair<std::string, std::string>> files = {
      {"stores: {default: {type: redis}}\n", ":1:10: stores.default.url is missing"},
      {"listen: {tls: {certificate: /no/such.pem, key: /no/such.key}}\n", ":1:10: "},
      {"identity: {jwt: {key_file: /no/such.jwks}}\n", ":1:28: key file /no/such.jwks: No such file"},
      {"identity: {user: 'jwt:sub'}\n", ":1:18: identity.user: jwt:sub is read from tokens"},
      {"envoy: {config: /no/such/folder}\n", "/no/such/folder"},
      {"stores: {default: {type: redis, url: 'rediss://h', tls: {ca: /no/ca.pem}}}\n", "/no/ca.pem"},
      {"stores: {default: {snapshot: /}}\n", ":1:10: /: this is a folder; expected a regular file"},
      {"listen: {tls: {certificate: /, key: /no/such.key}}\n", ":1:29: /: this is a folder; expected a regular file"},
      {"listen: {http: '127.0.0.1:7000', resp: '0.0.0.0:7000'}\n",
       ":1:40: listen.http and listen.resp both listen on port 7000"}};
  for (const auto& [text, problem] : files) {
    const std::string file = folder.write("rules.yaml", text);
    for (const std::vector<std::string>& command :
         {std::vector<std::string>{"validate", file}, {"serve", "--config", file}}) {
      const Finished finished = run(command);
      EXPECT_EQ(finished.exit_code, 3) << text;
      EXPECT_TRUE(contains(finished.err, problem)) << finished.err;
    }
  }
}

TEST(CliTest, UnlikelySettingsAreReportedByValidateAndAtTheStart) {
  const TemporaryFolder folder;
  const std::string file = folder.write("rules.yaml", "rules:\n  - {name: u, per: user, limit: 5/m}\n");
  const std::string warning = "rule 'u' counts per user, but identity.user does not say";
  const Finished valid = run({"validate", file});
  EXPECT_EQ(valid.exit_code, 0);
  EXPECT_TRUE(contains(valid.err, "rateguard: " + file + ":2:5: warning: " + warning)) << valid.err;
  EXPECT_TRUE(
      contains(run({"validate", "--json", file}).out, R"("warnings":[{"line":2,"column":5,"message":")" + warning));
  const Service service({"--config", file});
  EXPECT_TRUE(contains(service.log(), " warn " + file + ":2:5: " + warning)) << service.log();
}

TEST(CliTest, EachOfSeveralMistakesHasThePrefix) {
  const TemporaryFolder folder;
  const std::string file = folder.write("rules.yaml", "headers: on\nlog: {level: x}\n");
  const Finished bad = run({"validate", file});
  EXPECT_TRUE(contains(bad.err, "rateguard: " + file + ":1:10: headers")) << bad.err;
  EXPECT_TRUE(contains(bad.err, "\nrateguard: " + file + ":2:14: log.level")) << bad.err;
  EXPECT_TRUE(contains(run({"validate", "--json", "/no/such.yaml"}).out, "\"line\":null,\"column\":null"));
}

TEST(CliTest, AFailedStartIsReportedInTheFormatOfTheLog) {
  const TemporaryFolder folder;
  const std::string bad = folder.write("bad.yaml", "log: {format: json}\nheaders: on\n");
  const std::string taken = folder.write("taken.yaml", "log: {format: json}\nlisten: {http: '192.0.2.1:1'}\n");
  const std::string json = "\"level\":\"error\",\"message\":\"";
  EXPECT_TRUE(contains(run({"serve", "--config", bad, "--log-format", "json"}).err, json + bad + ":2:10: "));
  EXPECT_TRUE(
      contains(run({"serve", "--config", bad}, {}, {{"RATEGUARD_LOG_FORMAT", "json"}}).err, json + bad + ":2:10: "));
  EXPECT_TRUE(contains(run({"serve", "--config", bad}).err, " error " + bad + ":2:10: "));
  const Finished not_ours = run({"serve", "--config", taken});
  EXPECT_EQ(not_ours.exit_code, 4);
  EXPECT_TRUE(contains(not_ours.err, json)) << not_ours.err;
}

TEST(CliTest, AMisspeltVariableIsRefusedWithASuggestion) {
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"serve", "--http", "127.0.0.1:0"}, {"check", "--limit", "1/m", "--key", "k"}}) {
    const Finished finished = run(command, {}, {{"RATEGUARD_LISTEN_HTPP", "127.0.0.1:1"}});
    EXPECT_EQ(finished.exit_code, 3);
    EXPECT_TRUE(contains(finished.err, "did you mean RATEGUARD_LISTEN_HTTP?")) << finished.err;
  }
}

TEST(CliTest, AWrongWordIsAnsweredWithTheOneThatWasMeant) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> wrong = {
      {{"validte", "x"}, "rateguard: there is no command 'validte'; did you mean 'validate'?"},
      {{"help", "sreve"}, "rateguard: there is no command 'sreve'; did you mean 'serve'?"},
      {{"--verison"}, "rateguard: there is no option '--verison'; did you mean '--version'?"},
      {{"serve", "--conifg", "x"}, "rateguard: serve: there is no option '--conifg'; did you mean '--config'?"},
      {{"serve", "x"}, "rateguard: serve: 'x' is one argument too many"},
      {{"serve", "--threads", "abc"}, "rateguard: serve: --threads: expected a whole number, found 'abc'"},
      {{"simulate", "--rules", "f", "--format", "xml", "log"},
       "rateguard: simulate: --format: expected auto, combined, common, jsonl, csv, w3c, haproxy, envoy, istio, alb, "
       "elb, found 'xml'"},
      {{"serve", "--http", "a", "--http", "b"}, "rateguard: serve: --http is given twice; give it once"},
      {{"serve", "--http", "a", "--http", "b", "--http", "c"},
       "rateguard: serve: --http is given 3 times; give it once"},
      {{"serve", "--http"}, "rateguard: serve: --http needs a value: HOST:PORT"},
      {{"check", "--repeat", "0"}, "rateguard: check: --repeat: expected a number from 1 to 1000000, found '0'"},
      {{"simulate", "--rules", "f"},
       "rateguard: simulate: LOG... is missing (Logs, plain, gzip or zstd; - is standard input)"},
      {{"completion"}, "rateguard: completion: SHELL is missing (bash, zsh or fish)"},
      {{"completion", "tcsh"}, "rateguard: completion: shell: expected bash, zsh, fish, found 'tcsh'"}};
  for (const auto& [words, answer] : wrong) {
    const Finished finished = run(words);
    EXPECT_EQ(finished.exit_code, 2) << answer;
    EXPECT_TRUE(contains(finished.err, answer + "\n")) << finished.err;
    EXPECT_TRUE(contains(finished.err, "rateguard help") || words[0] == "help") << finished.err;
  }
}

TEST(CliTest, HelpIsThereHoweverItIsAskedFor) {
  EXPECT_EQ(run({"help"}).out, run({"--help"}).out);
  EXPECT_EQ(run({"help", "serve"}).out, run({"serve", "--help"}).out);
  const Finished nothing = run({});
  EXPECT_EQ(nothing.exit_code, 2);
  EXPECT_EQ(nothing.err, run({"help"}).out) << "what there is, and nothing on standard output";
}

TEST(CliTest, HelpSpeaksNoWordOfTheParsersOwn) {
  for (const char* command :
       {"serve", "check", "validate", "simulate", "bench", "health", "version", "completion", "help"}) {
    const std::string help = run({command, "--help"}).out;
    for (const char* word : {":INT", " in [", "REQUIRED", "Env:", "SUBCOMMAND", "Subcommand", ":{", "TEXT"}) {
      const bool documented = std::string(word) == "TEXT" && std::string(command) == "bench";  // --key-prefix TEXT
      EXPECT_TRUE(documented || !contains(help, word)) << command << ": " << word << '\n' << help;
    }
    const bool general = contains(help, "a file does not load");
    EXPECT_FALSE(general) << command << " repeats the exit codes of all commands";
  }
  const std::string serve = run({"serve", "--help"}).out;
  for (const char* variable :
       {"[RATEGUARD_CONFIG]", "[RATEGUARD_HTTP]", "[RATEGUARD_GRPC]", "[RATEGUARD_RESP]", "[RATEGUARD_DATA]",
        "[RATEGUARD_ENVOY_CONFIG]", "[RATEGUARD_LISTEN_THREADS]", "[RATEGUARD_LOG_FORMAT]", "[RATEGUARD_LOG_LEVEL]"}) {
    EXPECT_TRUE(contains(serve, variable)) << variable << '\n' << serve;
  }
}

TEST(CliTest, CheckSaysWhyNoLimitDecides) {
  const TemporaryFolder folder;
  const std::string rules =
      folder.write("rules.yaml",
                   "rules:\n"
                   "  - {name: keys, match: {path: /keys}, per: api_key, limit: 2/m}\n"
                   "  - {name: plans, match: {path: /plans}, per: ip, by_plan: {free: 2/m, pro: unlimited}}\n"
                   "  - {name: trial, match: {path: /trial}, per: ip, limit: 2/m, mode: shadow}\n");
  const auto says = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {"check", "--rules", rules, "--ip", "203.0.113.9"});
    return run(words).out;
  };
  EXPECT_EQ(says({"--path", "/keys"}), "refused   by keys  the request lacks what the rule counts by: api_key\n");
  EXPECT_EQ(says({"--path", "/plans"}), "refused   by plans  the request lacks what the rule counts by: plan\n");
  EXPECT_EQ(says({"--path", "/plans", "--plan", "gold"}),
            "refused   by plans  the rule has no limit for this plan, and none for the plan 'default'\n");
  EXPECT_TRUE(
      contains(says({"--path", "/plans", "--plan", "gold", "--json"}), R"("reason":"unknown_plan","missing":"plan")"));
  EXPECT_EQ(says({"--path", "/plans", "--plan", "pro"}),
            "admitted  no rule limits this request: none matches, or its plan is unlimited\n");
  EXPECT_EQ(says({"--path", "/other"}),
            "admitted  no rule limits this request: none matches, or its plan is unlimited\n");
  EXPECT_EQ(says({"--path", "/trial"}), "admitted  only rules in shadow mode match\n");
  const Finished nothing = run({"check", "--rules", rules});
  EXPECT_EQ(nothing.exit_code, 2);
  EXPECT_TRUE(contains(nothing.err, "nothing to decide")) << nothing.err;
}

TEST(CliTest, CheckTakesTheServerAsAUrlToo) {
  const Service service({});
  const std::string server = "http://127.0.0.1:" + std::to_string(service.port());
  EXPECT_EQ(run({"check", "--server", server + "/", "--limit", "1/h", "--key", "me"}).exit_code, 0);
  const Finished tls = run({"check", "--server", "https://127.0.0.1:1", "--limit", "1/h", "--key", "me"});
  EXPECT_EQ(tls.exit_code, 2);
  EXPECT_TRUE(contains(tls.err, "check speaks plain HTTP")) << tls.err;
  const Finished wrong = run({"check", "--server", "nowhere", "--limit", "1/h", "--key", "me"});
  EXPECT_TRUE(contains(wrong.err, "is not the address of a service")) << wrong.err;
}

}  // namespace
}  // namespace rateguard::test
