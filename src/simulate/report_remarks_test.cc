// What a report says in words: each remark from the log and the rules that call for it.
#include "simulate/report_remarks.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstring>

#include "config/config.h"
#include "simulate/report_table.h"
#include "simulate/simulate.h"

namespace rateguard::simulate {
namespace {

// The report of a log under some rules.
Report report_of(const std::string& log, const std::string& yaml, std::string_view columns = "") {
  const auto config = config::parse(yaml, "rules.yaml").value();
  const Scenario scenario{.name = "rules.yaml",
                          .policy = {.rules = rules::RuleSet::compile(config.rules).value(),
                                     .identifier = identify::Identifier::create(config.identity).value()}};
  LineReader lines([&log, at = size_t{0}](char* out, size_t size) mutable -> Result<size_t> {
    const size_t count = std::min(size, log.size() - at);
    std::memcpy(out, log.data() + at, count);
    at += count;
    return count;
  });
  Recording recording;
  ReadSummary summary;
  const ReadOptions options{.columns = ColumnMap::parse(columns).value(), .wanted_headers = scenario.wanted_headers()};
  EXPECT_TRUE(read_log(lines, "access.log", options, recording, summary));
  Report report = simulate(recording, scenario, nullptr, Detail::kRules, {});
  report.input = summary;
  return report;
}

// All that is said of the rules, one line each.
std::string remarks_of(const std::string& log, const std::string& yaml, std::string_view columns = "") {
  const Report report = report_of(log, yaml, columns);
  std::string out;
  for (const std::string& remark : scenario_remarks(report, report.rules)) out += remark + "\n";
  return out;
}

constexpr const char* kPerIp = "rules: [{name: per-ip, per: ip, limit: 100/m}]";

TEST(Remarks, AColumnWhoseNameHasABlankIsShownInQuotesBesideTheOptionThatNamesIt) {
  EXPECT_EQ(remarks_of("time,the address,path\n1715940303,203.0.113.5,/a\n", kPerIp),
            "1 request lacks the ip that per-ip counts by (refused); no line has an address; "
            "there are the columns time, 'the address', path: --columns ip=NAME says which holds it\n");
}

TEST(Remarks, MembersOfJsonInsideOthersAreNamedByTheirWay) {
  EXPECT_EQ(remarks_of(R"({"time":1715940303,"path":"/a","origin":{"adr":"203.0.113.5"}})", kPerIp),
            "1 request lacks the ip that per-ip counts by (refused); no line has an address; "
            "there are the columns time, path, origin.adr: --columns ip=NAME says which holds it\n");
}

constexpr const char* kLog =
    "203.0.113.5 - - [17/May/2024:10:05:03 +0000] \"GET /api/a HTTP/1.1\" 200 5 \"-\" \"c\"\n"
    "203.0.113.5 - ada [17/May/2024:10:05:04 +0000] \"GET /b HTTP/1.1\" 200 5 \"-\" \"c\"\n";

TEST(Remarks, ARuleByKeysOnAnAccessLogIsSaidToBeBeyondIt) {
  EXPECT_EQ(remarks_of(kLog, "rules: [{name: api, match: {path: /api/*}, per: api_key, limit: 5/m}]"),
            "1 request lacks the api_key that api counts by (refused); none of them has one; "
            "access logs do not record it, so they cannot show what this rule does\n");
  EXPECT_EQ(remarks_of(kLog, "rules: [{name: users, per: user, limit: 5/m, missing: skip}]"),
            "1 request lacks the user that users counts by (not counted)\n");
  EXPECT_EQ(remarks_of(kLog, "rules: [{name: users, per: user, limit: 5/m, mode: shadow}]"),
            "1 request lacks the user that users counts by (would be refused)\n");
}

TEST(Remarks, ARuleForAHostOnALogWithoutHostsIsSaidToApplyToNothing) {
  const char* rules = "rules: [{name: vhost, match: {host: shop.example.com}, per: ip, limit: 5/m}]";
  EXPECT_EQ(remarks_of(kLog, rules), "vhost applies to no request, because no line has a host\n");
  EXPECT_EQ(remarks_of("time,ip,vhost\n1715940303,203.0.113.5,a\n", rules),
            "vhost applies to no request, because no line has a host; "
            "there are the columns time, ip, vhost: --columns host=NAME says which holds it\n");
  // A log that has hosts, none of them the rule's, says nothing wrong.
  EXPECT_EQ(remarks_of("time,ip,host\n1715940303,203.0.113.5,a\n", rules), "");
}

TEST(Remarks, AnEmptyLogSaysWhereItsLinesMayBe) {
  const Report report = report_of("", kPerIp);
  EXPECT_EQ(input_remarks(report),
            std::vector<std::string>{
                "access.log is empty; after a rotation its lines are in access.log.1 or access.log.1.gz"});
}

TEST(Remarks, LinesThatNameNoRequestAndColumnsThatNoLineHasAreSaid) {
  const std::string log =
      "{\"time\":1715940303,\"msg\":\"started\"}\n{\"time\":1715940304,\"path\":\"/a\",\"adr\":\"203.0.113.5\"}\n";
  EXPECT_EQ(input_remarks(report_of(log, kPerIp, "ip=client_adr,user=who")),
            (std::vector<std::string>{
                "1 line names no request: messages of the program, which are left out",
                "no line has client_adr, which --columns names for ip",
                "no line has who, which --columns names for user; there are the columns time, msg, path, adr"}));
  EXPECT_TRUE(input_remarks(report_of(log, kPerIp, "ip=adr")).size() == 1);
}

TEST(Remarks, WhereTheOnlyColumnThatCouldNameACallerIsMissingThatIsSaid) {
  const std::string log =
      "{\"time\":1715940303,\"caller\":\"203.0.113.5\"}\n{\"time\":1715940304,\"caller\":\"203.0.113.5\"}\n";
  EXPECT_EQ(input_remarks(report_of(log, kPerIp, "ip=WRONG")),
            (std::vector<std::string>{
                "2 lines name no request: none has an address, a method, a path, or anything else to know one by",
                "no line has WRONG, which --columns names for ip; there are the columns time, caller"}));
}

constexpr const char* kIstioConnection =
    R"([2024-05-17T10:05:03.123Z] "- - -" 0 - - - "-" 1234 5678 100 - "-" "-" "-" "-" "10.0.0.1:3306" )"
    "outbound|3306||mysql.default.svc.cluster.local 10.1.1.1:40000 10.2.2.2:3306 10.1.1.1:39999 - -\n";

TEST(Remarks, IstiosLinesAboutConnectionsAreNoRequests) {
  const Report report = report_of(std::string(kIstioConnection) + kIstioConnection, kPerIp);
  EXPECT_EQ(report.requests, 0u);
  EXPECT_EQ(input_remarks(report),
            std::vector<std::string>{
                "2 lines name no request: they are about connections without one (TCP), and are left out"});
}

// Many requests of one client each, or of several in turn.
std::string log_of(std::initializer_list<const char*> clients, int requests = 20) {
  std::string out;
  for (int i = 0; i < requests; ++i) {
    out += fmt::format("{} - - [17/May/2024:{:02}:05:07 +0000] \"GET /a HTTP/1.1\" 200 5 \"-\" \"c\"\n",
                       clients.begin()[static_cast<size_t>(i) % clients.size()], i % 24);
  }
  return out;
}

TEST(Remarks, RequestsThatAllComeFromOneAddressMayComeThroughAProxy) {
  EXPECT_EQ(remarks_of(log_of({"10.0.0.5"}), kPerIp),
            "all 20 requests come from one address, 10.0.0.5, which looks like a proxy's: rules by ip count everybody "
            "who comes through it together; write listen: {trusted_proxies: [10.0.0.5]} in the rules, and if the log "
            "has X-Forwarded-For, --log-format with the field that holds it ($http_x_forwarded_for of nginx, "
            "%{X-Forwarded-For}i of Apache) reads it\n");
  EXPECT_EQ(remarks_of(log_of({"203.0.113.5"}), kPerIp), "");
  EXPECT_TRUE(remarks_of(log_of({"203.0.113.5"}, 1'000), kPerIp).contains("which may be a proxy's: "));
  EXPECT_EQ(remarks_of(log_of({"10.0.0.5", "10.0.0.6"}), kPerIp), "") << "two callers of a private network";
  EXPECT_EQ(remarks_of(kLog, kPerIp), "") << "too few to say";
  EXPECT_EQ(remarks_of(log_of({"10.0.0.5"}), "rules: [{name: all, per: global, limit: 100/m}]"), "");
}

TEST(Remarks, RequestsThatAllComeFromTrustedProxiesDoNotSayOnWhoseBehalf) {
  const std::string rules = "listen: {trusted_proxies: [10.0.0.0/8]}\n" + std::string(kPerIp);
  const std::string remark = remarks_of(log_of({"10.0.0.5", "10.0.0.6"}), rules);
  EXPECT_TRUE(
      remark.starts_with("all 20 requests come from proxies that trusted_proxies names, such as 10.0.0.5, and "
                         "their lines do not say on whose behalf: "))
      << remark;
  std::string csv = "time,ip,xff\n";
  for (int i = 0; i < 20; ++i) csv += fmt::format("17159403{:02},10.0.0.5,172.16.0.7\n", i);
  EXPECT_TRUE(remarks_of(csv, rules).ends_with("--columns header:X-Forwarded-For=NAME says which column holds it\n"));
  EXPECT_TRUE(remarks_of(csv, rules, "ip=ip,header:X-Forwarded-For=xff").contains("from one address, 172.16.0.7"));
}

TEST(Remarks, TheTableNamesTheLogsAndSaysUnderTheTotalWhyRequestsAreRefused) {
  const std::string text = table_text(report_of(kLog, "rules: [{name: api, per: api_key, limit: 5/m}]"), Colour::kNo);
  EXPECT_NE(text.find("2 requests, 2024-05-17 10:05:03 to 2024-05-17 10:05:04 UTC (1s)\nread access.log (combined)\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("rules.yaml: 0 admitted, 2 refused (100.0%)\n2 requests lack the api_key that api counts by"),
            std::string::npos)
      << text;
}

// 480 requests at a steady 8 a second, in a log that knows seconds, or milliseconds.
std::string steady_traffic(bool with_milliseconds) {
  std::string out = "time,ip\n";
  for (int i = 0; i < 480; ++i) {
    const int ms = i * 125;
    out += std::to_string(1'715'940'303 + ms / 1000);
    if (with_milliseconds) out += "." + std::to_string(1000 + ms % 1000).substr(1);
    out += ",203.0.113.5\n";
  }
  return out;
}

TEST(WholeSeconds, SteadyTrafficBelowALimitBySecondsIsNotRefusedForSharingAnInstant) {
  const char* rules = "rules: [{name: steady, per: ip, algorithm: gcra, limit: 10/1s burst 5}]";
  const Report whole = report_of(steady_traffic(false), rules);
  EXPECT_EQ(whole.rules.totals.admitted, 480u);
  EXPECT_EQ(whole.rules.totals.refused, 0u);
  EXPECT_EQ(whole.spread_requests, 480u);
  EXPECT_EQ(scenario_remarks(whole, whole.rules),
            std::vector<std::string>{"the log's times have whole seconds, and the 480 requests that shared one were "
                                     "spread evenly over it; the figures of steady, whose limits are shorter than 10s, "
                                     "are therefore estimates"});

  const Report exact = report_of(steady_traffic(true), rules);
  EXPECT_EQ(exact.rules.totals.refused, 0u);
  EXPECT_EQ(exact.spread_requests, 0u);
  EXPECT_TRUE(scenario_remarks(exact, exact.rules).empty());
}

TEST(WholeSeconds, AreNotMentionedWhereALimitIsLongEnoughForThemNotToMatter) {
  const Report report =
      report_of(steady_traffic(false), "rules: [{name: slow, per: ip, algorithm: token_bucket, limit: 600/1m}]");
  EXPECT_TRUE(scenario_remarks(report, report.rules).empty());
}

}  // namespace
}  // namespace rateguard::simulate
