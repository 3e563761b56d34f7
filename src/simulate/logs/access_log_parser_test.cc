#include "simulate/logs/access_log_parser.h"

#include <gtest/gtest.h>

namespace rateguard::simulate {
namespace {

constexpr std::string_view kTime = "[17/May/2015:10:05:03 +0000]";

std::string line_of(std::string_view request) {
  return "203.0.113.9 - - " + std::string(kTime) + " \"" + std::string(request) + "\" 200 512 \"http://r/\" \"agent\"";
}

TEST(AccessLogParser, ReadsTheCombinedFormat) {
  AccessLogParser parser(AccessLogParser::Trailer::kRead);
  LogEntry entry;
  const std::string line =
      R"~(203.0.113.9 - alice [17/May/2015:10:05:03 +0000] "POST /a/b?c=d HTTP/1.1" 200 512 "http://r/\"x" "Agent (1; 2)")~";
  ASSERT_TRUE(parser.parse(line, entry));
  EXPECT_EQ(entry.client, "203.0.113.9");
  EXPECT_EQ(entry.user, "alice");
  EXPECT_EQ(entry.method, "POST");
  EXPECT_EQ(entry.path, "/a/b");
  EXPECT_EQ(entry.time, Instant::from_seconds(1'431'857'103));
  EXPECT_EQ(entry.cost.units, 1u);
  ASSERT_EQ(entry.headers.size(), 2u);
  EXPECT_EQ(entry.headers[1].name, "User-Agent");
  EXPECT_EQ(entry.headers[1].value, "Agent (1; 2)");
}

TEST(AccessLogParser, ReadsTheCommonFormatAndOddClients) {
  AccessLogParser parser(AccessLogParser::Trailer::kRead);
  LogEntry entry;
  const struct {
    std::string_view line;
    std::string_view client;
    std::string_view user;
  } cases[] = {
      {R"(2001:db8::1 - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 304 -)", "2001:db8::1", ""},
      {R"(crawl-66.example.com - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 0)", "crawl-66.example.com", ""},
      {R"(- - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 0)", "", ""},
      {R"(10.0.0.1 - Frank van Dam [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 0)", "10.0.0.1", "Frank van Dam"},
      {R"(10.0.0.1 - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 0 "cut)", "10.0.0.1", ""},
  };
  for (const auto& c : cases) {
    const Parsed parsed = parser.parse(c.line, entry);
    ASSERT_TRUE(parsed) << c.line << ": " << parsed.error();
    EXPECT_EQ(entry.client, c.client);
    EXPECT_EQ(entry.user, c.user);
    EXPECT_TRUE(entry.headers.empty());
  }
}

TEST(AccessLogParser, TakesRequestsApart) {
  AccessLogParser parser(AccessLogParser::Trailer::kSkip);
  LogEntry entry;
  const struct {
    std::string_view request;
    std::string_view method;
    std::string_view path;
    std::string_view host;
  } cases[] = {
      {"GET / HTTP/1.1", "GET", "/", ""},
      {"GET /a?b HTTP/2.0", "GET", "/a", ""},
      {"GET /a b HTTP/1.1", "GET", "/a b", ""},
      {"GET /old", "GET", "/old", ""},
      {"OPTIONS * HTTP/1.0", "OPTIONS", "*", ""},
      {"GET http://example.com:81/x?y HTTP/1.1", "GET", "/x", "example.com:81"},
      {"GET https://example.com HTTP/1.1", "GET", "/", "example.com"},
      {"CONNECT example.com:443 HTTP/1.1", "CONNECT", "example.com:443", ""},
      {R"(GET /say\"hi\" HTTP/1.1)", "GET", "/say\"hi\"", ""},
      {R"(GET /x\x22y\\z HTTP/1.1)", "GET", "/x\"y\\z", ""},
      {R"(GET /tail\\ HTTP/1.1)", "GET", "/tail\\", ""},
      {"M-SEARCH /x HTTP/1.1", "M-SEARCH", "/x", ""},
  };
  for (const auto& c : cases) {
    const std::string line = line_of(c.request);
    const Parsed parsed = parser.parse(line, entry);
    ASSERT_TRUE(parsed) << c.request << ": " << parsed.error();
    EXPECT_EQ(entry.method, c.method) << c.request;
    EXPECT_EQ(entry.path, c.path) << c.request;
    EXPECT_EQ(entry.host, c.host) << c.request;
    EXPECT_FALSE(entry.request_unreadable) << c.request;
  }
}

TEST(AccessLogParser, KeepsRequestsThatAreNoHttp) {
  AccessLogParser parser(AccessLogParser::Trailer::kSkip);
  LogEntry entry;
  for (const std::string_view request :
       {"-", "", R"(\x16\x03\x01\x02)", "GET", "GET ", " / HTTP/1.1", R"(\x00 /a HTTP/1.1)"}) {
    const std::string line = line_of(request);
    ASSERT_TRUE(parser.parse(line, entry)) << request;
    EXPECT_TRUE(entry.request_unreadable) << request;
    EXPECT_EQ(entry.method, "") << request;
    EXPECT_EQ(entry.path, "") << request;
  }
}

TEST(AccessLogParser, SaysWhatIsWrong) {
  AccessLogParser parser(AccessLogParser::Trailer::kRead);
  LogEntry entry;
  const struct {
    std::string_view line;
    std::string_view why;
  } cases[] = {
      {"", "no time"},
      {"nonsense", "no time"},
      {"a [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200 1", "no time"},
      {"a - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200 1", "HOST IDENT USER"},
      {"a - - [17/May/2015:10:05:03 +0000", "the time"},
      {"a - - [17/May/2015:10:05 +0000] \"GET / HTTP/1.1\" 200 1", "the time"},
      {"a - - [17/May/1969:10:05:03 +0000] \"GET / HTTP/1.1\" 200 1", "before 1970"},
      {"a - - [17/May/2042:10:05:03 +0000] \"GET / HTTP/1.1\" 200 1", "after 2041"},
      {"a - - [17/May/2015:10:05:03 +0000] GET / HTTP/1.1 200 1", "in quotes"},
      {"a - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1 200 1", "closing quote"},
      {"a - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\\\" 200 1", "closing quote"},
      {"a - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\"", "no status"},
      {"a - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" OK 1", "the status"},
      {"a - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200", "the size"},
  };
  for (const auto& c : cases) {
    const Parsed parsed = parser.parse(c.line, entry);
    ASSERT_FALSE(parsed) << c.line;
    EXPECT_NE(parsed.error().find(c.why), std::string::npos) << c.line << ": " << parsed.error();
  }
}

}  // namespace
}  // namespace rateguard::simulate
