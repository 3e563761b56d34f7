#include "simulate/logs/input_format.h"

#include <gtest/gtest.h>

namespace rateguard::simulate {
namespace {

constexpr std::string_view kGood =
    R"(203.0.113.9 - - [17/May/2024:10:05:03 +0000] "GET /a HTTP/1.1" 200 512 "-" "agent")";

std::string lines(std::string_view line, size_t count) {
  std::string out;
  for (size_t i = 0; i < count; ++i) (out += line) += '\n';
  return out;
}

// One line of each format that is known by its shape.
struct Example {
  InputFormat format;
  std::string_view line;
  std::string_view host = "";
};
constexpr Example kExamples[] = {
    {InputFormat::kCombined, kGood},
    {InputFormat::kCombined,
     R"(h.example:443 203.0.113.9 - - [17/May/2024:10:05:03 +0000] "GET /a HTTP/1.1" 200 512 "-" "agent")",
     "h.example:443"},
    {InputFormat::kCombined,
     R"(203.0.113.9 - - [17/May/2024:10:05:03 +0000] "GET /a HTTP/1.1" 200 5 "-" "c" 93 0.001 [default-web-80] [] 10.0.0.9:80 5 0.001 200 9f)"},
    {InputFormat::kCommon, R"(203.0.113.9 - - [17/May/2024:10:05:03 +0000] "GET /a HTTP/1.1" 200 1)"},
    {InputFormat::kHaproxy,
     R"(203.0.113.9:33317 [17/May/2024:10:05:03.000] http-in static/srv1 10/0/30/69/109 200 2750 - - ---- 1/1/1/1/0 0/0 {1wt.eu} {} "GET /a HTTP/1.1")"},
    {InputFormat::kHaproxy,
     R"(203.0.113.9:33317 [17/May/2024:10:05:03.000] http-in~ static/srv1 10/0/30/69/109 200 2750 - - ---- 1/1/1/1/0 0/0 "GET /a HTTP/1.1")"},
    {InputFormat::kEnvoy,
     R"([2024-05-17T10:05:03.000Z] "GET /a?b HTTP/2" 204 - 154 0 226 100 "203.0.113.9" "nsq2http" "cc21d9b0" "h.example" "tcp://10.0.2.1:80")",
     "h.example"},
    {InputFormat::kIstio,
     R"([2024-05-17T10:05:03.000Z] "GET /a HTTP/1.1" 200 - via_upstream - "-" 0 135 4 4 "192.0.2.1" "curl/7.73.0-DEV" "84961386" "h.example" "10.44.1.27:80" inbound|8000|| 127.0.0.1:41854 10.44.1.27:80 203.0.113.9:37652 outbound_.8000_._.h default)",
     "h.example"},
    {InputFormat::kAlb,
     R"(https 2024-05-17T10:05:03.000000Z app/lb/50dc6c495c0c9188 203.0.113.9:2817 10.0.0.1:80 0.086 0.048 0.037 200 200 0 57 "GET https://h.example:443/a HTTP/1.1" "curl/7.46.0" ECDHE-RSA TLSv1.2 arn:aws "Root=1-58337281" "h.example" "arn:aws" 1 2018-07-02T22:22:48.364000Z "authenticate,forward" "-" "-" "10.0.0.1:80" "200" "-" "-")",
     "h.example:443"},
    {InputFormat::kElb,
     R"(2024-05-17T10:05:03.000000Z my-lb 203.0.113.9:2817 10.0.0.1:80 0.086 0.048 0.037 200 200 0 57 "GET http://h.example:80/a HTTP/1.1" "curl/7.46.0" - -)",
     "h.example:80"},
    {InputFormat::kJsonLines,
     R"({"ts":1715940303,"request":{"client_ip":"203.0.113.9","method":"GET","host":"h.example","uri":"/a"}})",
     "h.example"},
};

TEST(DetectFormat, KnowsEachFormatByItsFirstLinesAndReadsIt) {
  for (const Example& example : kExamples) {
    const DetectedFormat detected = detect_format(lines(example.line, 3));
    EXPECT_EQ(to_string(detected.format), to_string(example.format)) << example.line;
    EXPECT_TRUE(detected.envelopes.empty()) << example.line;
    EXPECT_EQ(detected.fitting, 3u) << example.line;
    const auto parser = make_line_parser({.format = example.format});
    LogEntry entry;
    const Parsed parsed = parser->parse(example.line, entry);
    ASSERT_TRUE(parsed) << example.line << ": " << parsed.error();
    EXPECT_EQ(entry.time, Instant::from_seconds(1'715'940'303)) << example.line;
    EXPECT_EQ(parse_client(entry.client), IpAddress::parse("203.0.113.9")) << example.line;
    EXPECT_EQ(entry.method, "GET") << example.line;
    EXPECT_EQ(entry.path, "/a") << example.line;
    EXPECT_EQ(entry.host, example.host) << example.line;
    EXPECT_EQ(entry.user, "") << example.line;
  }
}

TEST(DetectFormat, KnowsThemInEveryEnvelopeToo) {
  for (const Example& example : kExamples) {
    std::string escaped;
    for (const char c : example.line) (escaped += c == '"' || c == '\\' ? "\\" : "") += c;
    const struct {
      Envelope envelope;
      std::string line;
    } cases[] = {
        {Envelope::kDockerJson,
         "{\"log\":\"" + escaped + "\\n\",\"stream\":\"stdout\",\"time\":\"2024-05-17T10:05:03Z\"}"},
        {Envelope::kCri, "2024-05-17T10:05:03.1Z stdout F " + std::string(example.line)},
        {Envelope::kSyslog, "<134>May 17 10:05:03 host app[1]: " + std::string(example.line)},
        {Envelope::kCompose, "web-1  | " + std::string(example.line)},
    };
    for (const auto& c : cases) {
      const DetectedFormat detected = detect_format(lines(c.line, 2));
      EXPECT_EQ(to_string(detected.format), to_string(example.format)) << c.line;
      ASSERT_EQ(detected.envelopes, std::vector<Envelope>{c.envelope}) << c.line;
      const auto parser = make_line_parser({.format = detected.format, .envelopes = detected.envelopes});
      LogEntry entry;
      const Parsed parsed = parser->parse(c.line, entry);
      ASSERT_TRUE(parsed) << c.line << ": " << parsed.error();
      EXPECT_EQ(entry.path, "/a") << c.line;
      EXPECT_EQ(parse_client(entry.client), IpAddress::parse("203.0.113.9")) << c.line;
    }
  }
}

TEST(DetectFormat, KnowsTables) {
  EXPECT_EQ(detect_format("time,ip\n1,2\n").format, InputFormat::kCsv);
  EXPECT_EQ(detect_format("#Version: 1.0\n#Fields: date time c-ip\n2024-05-17 10:05:03 203.0.113.9\n").format,
            InputFormat::kW3c);
  EXPECT_EQ(detect_format("\n{\"time\":1}\n").format, InputFormat::kJsonLines);
}

TEST(DetectFormat, KnowsNothingOfWhatItCannotRead) {
  for (const std::string_view head : {"", "garbage\nmore", "# a comment\nmore"}) {
    EXPECT_EQ(detect_format(head).format, InputFormat::kAuto) << head;
  }
}

TEST(DetectFormat, BrokenLinesAtTheHeadDoNotHideWhatTheRestIs) {
  EXPECT_EQ(detect_format("garbage\n{broken\n" + lines(kGood, 3)).format, InputFormat::kCombined);
  const std::string claimed = R"(203.0.113.9 - a[b [17/May/2024:10:05:03 +0000] "GET / HTTP/1.1" 401 5 "-" "c")";
  EXPECT_EQ(detect_format(lines(claimed, 60)).format, InputFormat::kCombined);
}

TEST(ParseInputFormat, TakesEveryNameAndNoOther) {
  for (const std::string_view name : input_format_names()) EXPECT_EQ(to_string(*parse_input_format(name)), name);
  EXPECT_FALSE(parse_input_format("log-format"));  // which needs a layout
  EXPECT_NE(parse_input_format("x").error().message.find("haproxy"), std::string::npos);
}

}  // namespace
}  // namespace rateguard::simulate
