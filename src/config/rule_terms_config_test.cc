// The keys of a rule that say whom it is for, and what it takes from whom.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "config/config.h"
#include "rules/rule_set.h"

namespace rateguard::config {
namespace {

using rules::Rule;
using Kind = rules::ValueCondition::Kind;

Rule rule_of(std::string_view keys) {
  const auto config = parse(fmt::format("rules: [{{name: r, {}}}]", keys), "f");
  EXPECT_TRUE(config.has_value()) << keys << ": " << (config ? "" : config.error().to_string());
  return config && !config->rules.empty() ? config->rules[0] : Rule{};
}

// What is wrong with a rule that is written in one line from column 9 on, without the rule's name.
std::string wrong_with(std::string_view keys) {
  const auto config = parse(fmt::format("rules: [{{name: r, {}}}]", keys), "f");
  if (config) return "nothing";
  std::string text = config.error().to_string();
  constexpr std::string_view kContext = "rule 'r': ";
  for (size_t at = text.find(kContext); at != std::string::npos; at = text.find(kContext)) {
    text.erase(at, kContext.size());
  }
  return text;
}

TEST(RuleTerms, MatchesChooseRequests) {
  const rules::Match match = rule_of(
                                 "limit: 5/m, match: {ip: [10.0.0.0/8, '2001:db8::1'], not_ip: 10.9.0.0/16, user: "
                                 "[ann, bob], not_plan: free, api_key: {present: false}, header: {X-Plan: [a, b], "
                                 "X-Debug: {present: true, not: 1}}, cookie: {tier: gold}, jwt: {role: admin}}")
                                 .match;
  ASSERT_EQ(match.address.inside.size(), 2u);
  EXPECT_EQ(match.address.inside[0], IpPrefix::parse("10.0.0.0/8").value());
  ASSERT_EQ(match.address.outside.size(), 1u);
  std::vector<std::string> conditions;
  for (const rules::ValueCondition& one : match.values) {
    conditions.push_back(
        fmt::format("{} {} {}", one.of.to_string(), static_cast<int>(one.kind), fmt::join(one.values, "|")));
  }
  EXPECT_EQ(conditions, (std::vector<std::string>{"user 0 ann|bob", "api_key 3 ", "plan 1 free", "header:X-Plan 0 a|b",
                                                  "header:X-Debug 2 ", "header:X-Debug 1 1", "cookie:tier 0 gold",
                                                  "jwt:role 0 admin"}));
}

TEST(RuleTerms, MatchesExcludeRequests) {
  const rules::Match match = rule_of(
                                 "limit: 5/m, match: {path: /api/*, not_path: [/api/health], not_methods: [get, head], "
                                 "not_host: '*.Internal'}")
                                 .match;
  EXPECT_EQ(match.except,
            (rules::Targets{.methods = {"GET", "HEAD"}, .hosts = {"*.internal"}, .paths = {"/api/health"}}));
}

TEST(RuleTerms, MatchErrorsSayWhereAndWhatWasExpected) {
  const auto wrong = [](std::string_view match) { return wrong_with(fmt::format("limit: 5/m, match: {{{}}}", match)); };
  EXPECT_EQ(wrong("ip: 10.0.0/8"),
            "f:1:43: ip: \"10.0.0/8\" is not an IP address or prefix; expected one like \"10.0.0.0/8\", "
            "\"2001:db8::/32\" or \"192.0.2.1\"");
  EXPECT_EQ(wrong("ip: []"), "f:1:43: expected an address or prefix such as 10.0.0.0/8, found an empty list");
  EXPECT_EQ(wrong("ip: 10.0.0.0/8, ips: 11.0.0.0/8"), "f:1:60: both ip and ips; expected one of them");
  EXPECT_EQ(wrong("user: []"),
            "f:1:45: expected a value, a list of them, {present: true} or {not: ...}, found an empty list");
  EXPECT_EQ(wrong("user: '*'"), "f:1:45: user: '*' is compared as it stands; for any value write {present: true}");
  EXPECT_EQ(wrong("user: ' ann'"), "f:1:45: user: a value has 1 to 1024 bytes, and no white space around it");
  EXPECT_EQ(wrong("user: {presnt: true}"), "f:1:46: unknown key 'presnt' in user; did you mean 'present'?");
  EXPECT_EQ(wrong("user: {present: 'true'}"), "f:1:55: present: expected true or false, found 'true'");
  EXPECT_EQ(wrong("user: {}"),
            "f:1:45: user: expected a value, a list of them, {present: true} or {not: ...}, found an empty map");
  EXPECT_EQ(wrong("header: X-Plan"),
            "f:1:47: header: expected a map of names to values, such as {X-Plan: [a, b]}, found 'X-Plan'");
  EXPECT_EQ(wrong("header: {'X Plan': a}"), "f:1:48: 'X Plan' is not a valid header name");
  EXPECT_EQ(wrong("header: {X-Plan: a, x-plan: b}"),
            "f:1:59: header:x-plan is given twice; names of headers have no case");
  EXPECT_EQ(
      wrong("header: {X-Plan: }"),
      "f:1:56: expected header:X-Plan to be a value, a list of them, {present: true} or {not: ...}, found nothing");
  EXPECT_EQ(wrong("not_usr: a"), "f:1:39: unknown key 'not_usr' in match; did you mean 'not_user'?");
}

TEST(RuleTerms, AMatchThatNoRequestCanMeetIsRefused) {
  EXPECT_EQ(wrong_with("limit: 5/m, match: {method: GET, not_method: GET}"),
            "f:1:38: no request can match: method GET is taken back by not_method GET");
  EXPECT_EQ(
      wrong_with("limit: 5/m, match: {not_ip: [10.0.0.0/8, '64:ff9b::/96']}"),
      "f:1:60: not_ip: no caller is ever in 64:ff9b::/96: an address of NAT64 is read as the IPv4 address inside; "
      "write 0.0.0.0/0, which callers over IPv4 are in, too");
  EXPECT_EQ(wrong_with("limit: 5/m, match: {ip: 10.1.0.0/16, not_ip: 10.0.0.0/8}"),
            "f:1:38: no request can match: not_ip takes back every address of ip");
  EXPECT_EQ(wrong_with("limit: 5/m, match: {user: a, not_user: [b, a]}"),
            "f:1:38: no request can match: a value of user is asked for and taken back");
}

TEST(RuleTerms, Exemptions) {
  const Rule office = rule_of("match: {ip: 10.0.0.0/8}, limit: unlimited");
  EXPECT_TRUE(office.exempts());
  EXPECT_FALSE(rule_of("group: g, limit: unlimited").exempts());
  EXPECT_FALSE(rule_of("per: user, limit: unlimited, by_subject: {ann: 5/m}").exempts());
  EXPECT_EQ(wrong_with("limit: unlimited"),
            "f:1:26: limit: unlimited exempts what the rule matches from every other rule, and this one matches "
            "everything; say whom with match, put the rule into a group, or disable it with mode: off");
  EXPECT_EQ(wrong_with("limit: unlimited, mode: shadow, match: {user: a}"),
            "f:1:26: limit: unlimited exempts from other rules, which a shadow rule never does; expected mode: enforce "
            "or off");
  EXPECT_EQ(wrong_with("limit: unlimited, burst: 5, match: {user: a}"),
            "f:1:44: burst does not go with limit: unlimited");
  EXPECT_EQ(wrong_with("limit: unlimited, by_plan: {a: 5/m}, match: {user: a}"),
            "f:1:46: both limit and by_plan; expected one of them");
}

TEST(RuleTerms, SubjectsByName) {
  const Rule rule = rule_of(
      "per: user, algorithm: sliding_window_log, limit: 10, window: 1m, by_subject: {ann: 100/m, "
      "bob: 100/m, cid: 50, root: unlimited, dan: {limit: 7, window: 1h}}");
  ASSERT_NE(rule.by_subject, nullptr);
  EXPECT_EQ(rule.by_subject->limits.size(), 4u) << "equal ones are kept once";
  const auto limit_of = [&](std::string_view name) {
    const auto found = std::ranges::find(rule.by_subject->subjects, name, [](const auto& one) { return one.first; });
    return rule.by_subject->limits.at(found->second);
  };
  EXPECT_EQ(limit_of("ann"), Limit::sliding_window_log(100, Duration::seconds(60)).value());
  EXPECT_EQ(limit_of("cid"), Limit::sliding_window_log(50, Duration::seconds(60)).value());
  EXPECT_EQ(limit_of("dan"), Limit::sliding_window_log(7, Duration::seconds(3'600)).value());
  EXPECT_EQ(limit_of("root"), std::nullopt);
}

TEST(RuleTerms, SubjectErrors) {
  EXPECT_EQ(wrong_with("limit: 5/m, by_subject: {ann: 5/m}"),
            "f:1:43: subjects by name need a rule that counts by one caller, such as per: user");
  EXPECT_EQ(wrong_with("per: user, limit: 5/m, by_subject: {}"),
            "f:1:54: expected a map of subjects to limits, such as alice: 100/m, found an empty one");
  EXPECT_EQ(wrong_with("per: user, limit: 5/m, by_subject: {ann: 5}"),
            "f:1:60: limit: 5 leaves out the period; expected window beside it, or 5/period");
  EXPECT_EQ(wrong_with("per: ip, limit: 5/m, by_subject: {ann: 5/m}"), "f:1:53: 'ann' is not an IP address");
  EXPECT_EQ(wrong_with("per: ip, limit: 5/m, by_subject: {'2001:db8::1': 5/m}"),
            "f:1:53: 2001:db8::1 is counted as 2001:db8::, with all addresses of that network; write that, or set "
            "ipv4_prefix or ipv6_prefix of the rule");
  EXPECT_EQ(wrong_with("per: ip, ipv6_prefix: 128, limit: 5/m, by_subject: {'2001:db8::1': 5/m}"), "nothing");
  EXPECT_EQ(wrong_with("per: ip, limit: 5/m, by_subject: {192.0.2.1: 5/m, '::ffff:192.0.2.1': 6/m}"),
            "f:1:69: the subject is given twice, first in line 1");
  EXPECT_EQ(wrong_with("per: ip, ipv6_prefix: 128, limit: 5/m, by_subject: {'64:ff9b::cb00:7109': 5/m}"),
            "f:1:71: 64:ff9b::cb00:7109 is counted as 203.0.113.9, the IPv4 address inside (NAT64); write that");
  EXPECT_EQ(wrong_with("per: user, by_subject: {ann: 5/m}"), "f:1:9: limit is missing; expected N/period, such as 5/m");
  EXPECT_EQ(wrong_with("per: user, limit: 5/m, by_subject_file: x"),
            "f:1:59: by_subject_file: these rules were not read from a file, so there is no folder to look for it in; "
            "expected by_subject");
  EXPECT_EQ(wrong_with("per: user, limit: 5/m, by_subject: {a: 5/m}, by_subject_file: x").substr(0, 75),
            "f:1:81: both by_subject and by_subject_file; expected one of them");
}

class SubjectFile : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() / fmt::format("subjects-{}", ::getpid());
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string write(std::string_view name, std::string_view text) {
    std::ofstream(folder_ / name) << text;
    return folder_ / name;
  }
  // Rules that name the file, which stands beside them.
  Result<Config> load_with(std::string_view name, std::string_view text) {
    write(name, text);
    return load(
        write("rules.yaml", fmt::format("rules: [{{name: r, per: user, limit: 5/m, by_subject_file: {}}}]", name)));
  }
  std::string error_with(std::string_view name, std::string_view text) {
    const auto config = load_with(name, text);
    if (config) return "none";
    std::string message = config.error().to_string();
    for (size_t at = message.find(folder_); at != std::string::npos; at = message.find(folder_)) {
      message.erase(at, folder_.string().size() + 1);
    }
    return message;
  }

  std::filesystem::path folder_;
};

TEST_F(SubjectFile, IsYamlOrLinesOfCommas) {
  const auto yaml = load_with("vip.yaml", "ann: 100/m burst 20\nroot: unlimited\n");
  ASSERT_TRUE(yaml.has_value()) << yaml.error().to_string();
  EXPECT_EQ(yaml->rules[0].by_subject->subjects.size(), 2u);
  EXPECT_EQ(yaml->subject_files, std::vector{(folder_ / "vip.yaml").string()});
  const auto lines = load_with(
      "vip.csv", "subject,limit\r\n# the big ones\r\n\r\nann, 100/m burst 20\r\n\"a \"\"b\"\", c\",unlimited");
  ASSERT_TRUE(lines.has_value()) << lines.error().to_string();
  const rules::SubjectLimits& named = *lines->rules[0].by_subject;
  ASSERT_EQ(named.subjects.size(), 2u);
  EXPECT_EQ(named.subjects[0].first, "ann");
  EXPECT_EQ(named.limits[0], Limit::token_bucket(20, {.units = 100, .period = Duration::seconds(60)}).value());
  EXPECT_EQ(named.subjects[1].first, "a \"b\", c");
  EXPECT_EQ(named.limits[1], std::nullopt);
}

TEST_F(SubjectFile, ErrorsNameTheFileAndTheLine) {
  EXPECT_EQ(error_with("a.csv", "ann,5/m\nbob;5/m\n"), "a.csv:2:1: expected subject,limit");
  EXPECT_EQ(error_with("a.csv", "ann,5/m,x\n"), "a.csv:1:1: expected subject,limit and the end of the line");
  EXPECT_EQ(error_with("a.csv", "\"ann,5/m\n"), "a.csv:1:1: a quote is not closed");
  EXPECT_EQ(error_with("a.csv", "ann,5/m\n\nann,6/m\n"), "a.csv:3:1: the subject is given twice, first in line 1");
  EXPECT_TRUE(error_with("a.csv", "ann,5/m\nbob,5/x\n").starts_with("a.csv:2:1: limit: '5/x' is not a limit"));
  EXPECT_EQ(error_with("a.csv", "ann,\xFF\n"), "a.csv:1:5: this is not UTF-8 text");
  EXPECT_TRUE(error_with("a.yaml", "ann: 5/m\nbob: 5/x\n").starts_with("a.yaml:2:6: limit: '5/x' is not a limit"));
  EXPECT_EQ(error_with("a.yaml", "- ann\n"),
            "a.yaml:1:1: expected a map of subjects to limits, such as alice: 100/m, found a list");
  const auto missing =
      load(write("rules.yaml", "rules: [{name: r, per: user, limit: 5/m, by_subject_file: none.csv}]"));
  ASSERT_FALSE(missing.has_value());
  EXPECT_EQ(missing.error().position.line, 1);
  EXPECT_TRUE(missing.error().message.contains("by_subject_file: ")) << missing.error().message;
}

TEST_F(SubjectFile, ErrorsGiveThePathAsItWasOpened) {
  write("vip.csv", "ann;5/m\n");
  const std::string rules = "rules: [{name: r, per: user, limit: 5/m, by_subject_file: ";
  const auto bad = load(write("rules.yaml", rules + "vip.csv}]"));
  EXPECT_EQ(bad.error().to_string(), (folder_ / "vip.csv").string() + ":1:1: expected subject,limit");
  const auto missing = load(write("rules.yaml", rules + "none.csv}]"));
  EXPECT_EQ(missing.error().message,
            "rule 'r': by_subject_file: " + (folder_ / "none.csv").string() + ": No such file or directory");
}

TEST_F(SubjectFile, WithoutSubjectsIsRefused) {
  const std::string expected =
      "no line names a subject; expected lines of subject,limit, such as alice,100/m, or no by_subject_file in the "
      "rule";
  for (const char* text : {"", "\n", "# nobody yet\n", "subject,limit\n"}) {
    EXPECT_EQ(error_with("vip.csv", text), "vip.csv: " + expected);
  }
  EXPECT_EQ(error_with("vip.yaml", ""),
            "vip.yaml:1:1: expected a map of subjects to limits, such as alice: 100/m, found nothing");
}

// Whoever opened the pipe would wait for a writer until the end of days.
TEST_F(SubjectFile, RefusesOtherThanRegularFilesAtOnce) {
  ASSERT_EQ(::mkfifo((folder_ / "pipe.csv").c_str(), 0600), 0);
  std::filesystem::create_directory(folder_ / "folder.csv");
  const auto refusal = [&](std::string_view name) {
    const auto config = load(
        write("rules.yaml", fmt::format("rules: [{{name: r, per: user, limit: 5/m, by_subject_file: {}}}]", name)));
    return config ? "none" : config.error().message;
  };
  EXPECT_EQ(refusal("pipe.csv"),
            fmt::format("rule 'r': by_subject_file: {}: this is a named pipe, which waits until something is written "
                        "into it; expected a regular file, or <(command) of a shell",
                        (folder_ / "pipe.csv").string()));
  EXPECT_EQ(refusal("folder.csv"),
            fmt::format("rule 'r': by_subject_file: {}: this is a folder; expected a regular file",
                        (folder_ / "folder.csv").string()));
}

// What a shell makes of <(command): a pipe below /dev/fd, with its content written already.
std::string piped(std::string_view text, int& reading) {
  int ends[2] = {};
  EXPECT_EQ(::pipe(ends), 0);
  EXPECT_EQ(::write(ends[1], text.data(), text.size()), static_cast<ssize_t>(text.size()));
  ::close(ends[1]);
  reading = ends[0];
  return fmt::format("/dev/fd/{}", reading);
}

TEST(SubjectPipe, RulesAndSubjectsMayComeFromTheShellsCommands) {
  int subjects = -1;
  int rules = -1;
  const std::string named = piped("ann: 100/m\n", subjects);
  const std::string path =
      piped(fmt::format("rules: [{{name: r, per: user, limit: 5/m, by_subject_file: {}}}]", named), rules);
  const auto config = load(path);
  ::close(subjects);
  ::close(rules);
  ASSERT_TRUE(config.has_value()) << config.error().to_string();
  EXPECT_EQ(config->rules[0].by_subject->subjects.size(), 1u);
}

TEST_F(SubjectFile, OfAHundredThousandIsReadAndFound) {
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += fmt::format("user-{},{}/m\n", i, i % 50 + 1);
  const auto config = load_with("many.csv", text);
  ASSERT_TRUE(config.has_value()) << config.error().to_string();
  EXPECT_EQ(config->rules[0].by_subject->limits.size(), 50u);
  const auto set = rules::RuleSet::compile(config->rules).value();
  rules::Matches matches;
  for (int i = 0; i < 100'000; i += 997) {
    const std::string user = fmt::format("user-{}", i);
    set->match({}, {.user = user}, Instant{}, matches);
    EXPECT_EQ(matches.limits()[0].limit->capacity, static_cast<uint32_t>(i % 50 + 1));
  }
}

TEST(RuleTerms, Costs) {
  EXPECT_EQ(rule_of("limit: 5/m, cost: 3").cost, rules::RuleCost{.units = 3});
  EXPECT_EQ(
      rule_of("limit: 5/m, cost: {default: 2, by_method: {post: 5, get: 0}, by_path: {/export: 50}, header: X-Cost, "
              "max: 1000}")
          .cost,
      (rules::RuleCost{.header = "X-Cost",
                       .header_max = 1'000,
                       .by_path = {{"/export", 50}},
                       .by_method = {{"POST", 5}, {"GET", 0}},
                       .units = 2}));
  EXPECT_EQ(wrong_with("limit: 5/m, cost: 0"),
            "f:1:37: cost: expected a whole number from 1 to 9007199254740991, found '0'");
  EXPECT_EQ(wrong_with("limit: 5/m, cost: '3'"),
            "f:1:37: cost: expected a whole number from 1 to 9007199254740991, found a text in quotes");
  EXPECT_EQ(wrong_with("limit: 5/m, cost: {header: X-Cost}"),
            "f:1:46: cost.max is missing: the most that the header may make a request cost");
  EXPECT_EQ(wrong_with("limit: 5/m, cost: {max: 5}"), "f:1:43: cost.max goes with cost.header");
  EXPECT_EQ(wrong_with("limit: 5/m, cost: {by_path: {/a/:id: 5}}"),
            "f:1:48: bad path '/a/:id': ':id' would be compared letter by letter; write /a/{id}");
  EXPECT_EQ(wrong_with("limit: 5/m, cost: {by_method: {'*': 5}}"),
            "f:1:50: bad method '*'; leave method out for every method");
  EXPECT_EQ(wrong_with("limit: 5/m, cost: {by_method: {GET: 5, post: 1, get: 2}}"),
            "f:1:67: cost.by_method: 'get' is there twice (methods compare without case); leave one of them out");
  EXPECT_EQ(wrong_with("limit: 5/m, cost: {by_path: {/login: 5, /%6Cogin/: 2}}"),
            "f:1:59: cost.by_path: '/%6Cogin/' is there twice ('/login' matches the same paths); leave one of them "
            "out");
  EXPECT_EQ(wrong_with("limit: 5/m, cost: {by_path: {'/u/{id}': 5, '/u/{name}': 2}}").substr(8, 40),
            "cost.by_path: '/u/{name}' is there twice");
  EXPECT_EQ(wrong_with("limit: 5/m, cost: {by_path: {/login: 5, /Login: 2, /login/*: 3}}"), "nothing");
  EXPECT_EQ(wrong_with("limit: 5/m, cost: {by_method: POST}"),
            "f:1:49: cost.by_method: expected a map of methods to numbers, found 'POST'");
  EXPECT_EQ(wrong_with("limit: 5/m, cost: {by_methd: {POST: 1}}"),
            "f:1:38: unknown key 'by_methd' in cost; did you mean 'by_method'?");
  EXPECT_EQ(wrong_with("limit: unlimited, match: {user: a}, cost: 3"),
            "f:1:61: cost does not go with limit: unlimited");
}

TEST(RuleTerms, Prefixes) {
  EXPECT_EQ(rule_of("per: ip, limit: 5/m, ipv4_prefix: 24, ipv6_prefix: 56").prefixes,
            (rules::AddressPrefixes{.v4 = 24, .v6 = 56}));
  EXPECT_EQ(rule_of("per: user, missing: ip, limit: 5/m, ipv4_prefix: 24").prefixes.v4, 24);
  EXPECT_EQ(wrong_with("per: ip, limit: 5/m, ipv4_prefix: 33"),
            "f:1:53: ipv4_prefix: expected a whole number from 1 to 32, found '33'");
  EXPECT_EQ(wrong_with("per: user, limit: 5/m, ipv4_prefix: 24"),
            "f:1:55: ipv4_prefix goes with per: ip or missing: ip");
}

TEST(RuleTerms, Schedules) {
  const auto spans = [](std::string_view when) {
    std::vector<std::string> texts;
    for (const rules::WeeklySpan& span : rule_of(fmt::format("limit: 5/m, when: {}", when)).match.when) {
      texts.push_back(span.to_string());
    }
    return texts;
  };
  using Texts = std::vector<std::string>;
  EXPECT_EQ(spans("{days: mon-fri, hours: '09:00-18:00', zone: UTC}"), Texts{"mon-fri 09:00-18:00 UTC"});
  EXPECT_EQ(spans("{days: [Saturday, sun], hours: 9:30-24:00}"), Texts{"sat-sun 09:30-24:00 UTC"});
  EXPECT_EQ(spans("{days: fri-mon}"), Texts{"mon,fri-sun 00:00-24:00 UTC"});
  EXPECT_EQ(spans("{hours: ['09:00-12:00', '13:00-18:00']}"),
            (Texts{"mon-sun 09:00-12:00 UTC", "mon-sun 13:00-18:00 UTC"}));
  EXPECT_EQ(spans("[{days: sat}, {hours: 22:00-06:00}]"), (Texts{"sat 00:00-24:00 UTC", "mon-sun 22:00-06:00 UTC"}));

  const auto wrong = [](std::string_view when) { return wrong_with(fmt::format("limit: 5/m, when: {}", when)); };
  EXPECT_EQ(wrong("mon-fri"),
            "f:1:37: when: expected a map such as {days: mon-fri, hours: \"09:00-18:00\", zone: Europe/Berlin}, found "
            "'mon-fri'");
  EXPECT_EQ(wrong("{days: mo-fr}"), "f:1:44: days: expected days such as mon-fri or [sat, sun], found 'mo-fr'");
  EXPECT_EQ(wrong("{days: []}"), "f:1:44: expected days such as mon-fri or [sat, sun], found an empty list");
  for (const char* bad : {"9-18", "09:00", "09:00-25:00", "09:60-18:00", "24:00-06:00", "09:00-24:01", "9:0-10:00"}) {
    EXPECT_EQ(wrong(fmt::format("{{hours: '{}'}}", bad)),
              fmt::format("f:1:45: hours: expected hours such as \"09:00-18:00\", found '{}'", bad));
  }
  EXPECT_EQ(wrong("{hours: '09:00-09:00'}"),
            "f:1:45: hours: '09:00-09:00' begins and ends at one time; leave hours out for the whole day");
  EXPECT_TRUE(wrong("{zone: Mars/Base}").starts_with("f:1:44: zone: "));
  EXPECT_EQ(wrong("{day: mon}"), "f:1:38: unknown key 'day' in when; did you mean 'days'?");
}

TEST(RuleTerms, Groups) {
  EXPECT_EQ(rule_of("group: api, limit: 5/m").group, "api");
  EXPECT_EQ(wrong_with("group: [api], limit: 5/m"), "f:1:26: expected the name of a group, found a list");
  EXPECT_EQ(wrong_with("group: 'a\"', limit: 5/m"),
            "f:1:26: a group's name is 1 to 128 printable ASCII characters without quotes and backslashes");
}

TEST(RuleTerms, OwnKeysHoldAnchorsForRulesToMerge) {
  const auto config = parse(R"(x-defaults: &defaults {per: ip, algorithm: sliding_window_log, missing: skip}
rules:
  - {<<: *defaults, name: a, limit: 5/m, x-owner: {team: web}}
  - {<<: *defaults, name: b, limit: 6/m, per: user, match: {path: /b, x-note: why}}
)",
                            "f");
  ASSERT_TRUE(config.has_value()) << config.error().to_string();
  EXPECT_EQ(config->rules[0].limit, Limit::sliding_window_log(5, Duration::seconds(60)).value());
  EXPECT_EQ(config->rules[0].missing, rules::Missing::kSkip);
  EXPECT_EQ(config->rules[1].per, std::vector{rules::Part::parse("user").value()});
  EXPECT_FALSE(parse("y-defaults: {}", "f").has_value());
}

}  // namespace
}  // namespace rateguard::config
