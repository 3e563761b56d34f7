#include "simulate/logs/access_log_parser.h"

#include <gtest/gtest.h>

namespace rateguard::simulate {
namespace {

constexpr std::string_view kTime = "[17/May/2015:10:05:03 +0000]";

const WantedHeaders kAllHeaders({"referer", "user-agent", "x-forwarded-for"});

std::string line_of(std::string_view request) {
  return "203.0.113.9 - - " + std::string(kTime) + " \"" + std::string(request) + "\" 200 512 \"http://r/\" \"agent\"";
}

TEST(AccessLogParser, ReadsTheCombinedFormat) {
  AccessLogParser parser(kAllHeaders);
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
  AccessLogParser parser(kAllHeaders);
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
  AccessLogParser parser(kAllHeaders);
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
  AccessLogParser parser(kAllHeaders);
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
  AccessLogParser parser(kAllHeaders);
  LogEntry entry;
  const struct {
    std::string_view line;
    std::string_view why;
  } cases[] = {
      {"", "no time"},
      {"nonsense", "no time"},
      {"a [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200 1", "HOST IDENT USER"},
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

constexpr std::string_view kRest = R"( [17/May/2015:10:05:03 +0000] "GET /a HTTP/1.1" 200 5 "-" "c")";

TEST(AccessLogParser, ReadsWhatIsPutBeforeACombinedLine) {
  AccessLogParser parser(kAllHeaders);
  LogEntry entry;
  const struct {
    std::string_view front;
    std::string_view host;
    std::string_view client;
    std::string_view user;
    std::string_view forwarded;
  } cases[] = {
      {"shop.example.com:443 203.0.113.5 - -", "shop.example.com:443", "203.0.113.5", "", ""},
      {"shop.example.com 2001:db8::1 - bob", "shop.example.com", "2001:db8::1", "bob", ""},
      {"203.0.113.5, 198.51.100.7 - -", "", "198.51.100.7", "", "203.0.113.5"},
      {"203.0.113.5, 192.0.2.1, 198.51.100.7 - bob", "", "198.51.100.7", "bob", "203.0.113.5, 192.0.2.1"},
      {"unknown, 198.51.100.7 - bob", "", "198.51.100.7", "bob", "unknown"},
      {"-, 203.0.113.5, 198.51.100.7 - -", "", "198.51.100.7", "", "-, 203.0.113.5"},
      {"203.0.113.5,198.51.100.7 - -", "", "198.51.100.7", "", "203.0.113.5"},
      {"shop.example.com:80 203.0.113.5, 198.51.100.7 - -", "shop.example.com:80", "198.51.100.7", "", "203.0.113.5"},
      {"shop.example.com:443 203.0.113.6 - -", "shop.example.com:443", "203.0.113.6", "", ""},
      {"shop.example.com:443 203.0.113.7 - -", "shop.example.com:443", "203.0.113.7", "", ""},
      {"shop.example.com:443 203.0.113.8, 203.0.113.9 - -", "shop.example.com:443", "203.0.113.9", "", "203.0.113.8"},
      {"- 203.0.113.5 - -", "", "203.0.113.5", "", ""},
      {"203.0.113.5 - [203.0.113.5] - -", "", "203.0.113.5", "", ""},  // ingress-nginx
      {"203.0.113.5 - [203.0.113.5, 10.0.0.1] - bob", "", "203.0.113.5", "bob", ""},
  };
  for (const auto& c : cases) {
    const std::string line = std::string(c.front) + std::string(kRest);
    const Parsed parsed = parser.parse(line, entry);
    ASSERT_TRUE(parsed) << c.front << ": " << parsed.error();
    EXPECT_EQ(entry.host, c.host) << c.front;
    EXPECT_EQ(entry.client, c.client) << c.front;
    EXPECT_EQ(entry.user, c.user) << c.front;
    EXPECT_EQ(find_header(entry.headers, "X-Forwarded-For"), c.forwarded) << c.front;
  }
}

TEST(AccessLogParser, InventsNoUserFromWhatItDoesNotKnow) {
  AccessLogParser parser(kAllHeaders);
  LogEntry entry;
  for (const std::string_view front :
       {"2016-10-06T00:17:09.669794202Z stdout F 203.0.113.5 - -", "web-1  | 203.0.113.5 - -",
        "Oct 11 22:14:15 host nginx: 203.0.113.5 - -", "203.0.113.5 198.51.100.7 - -"}) {
    const Parsed parsed = parser.parse(std::string(front) + std::string(kRest), entry);
    ASSERT_FALSE(parsed) << front << " gave the user '" << entry.user << "'";
    EXPECT_NE(parsed.error().find("--log-format"), std::string::npos) << parsed.error();
  }
}

TEST(AccessLogParser, AUserMayClaimAnyName) {
  AccessLogParser parser(kAllHeaders);
  LogEntry entry;
  const struct {
    std::string_view front;
    std::string_view user;
  } cases[] = {
      {"203.0.113.5 - a[b", "a[b"},
      {"203.0.113.5 - x [y] z", "x [y] z"},
      {"203.0.113.5 - - [q", "- [q"},
      {"203.0.113.5 - x [17/May/2015:10:05:03 +0000]", "x [17/May/2015:10:05:03 +0000]"},
      {"203.0.113.5 - 198.51.100.7", "198.51.100.7"},
      {"203.0.113.5 - bob 198.51.100.7 x", "bob 198.51.100.7 x"},
      {"203.0.113.5 - \"\"", ""},  // Apache writes so of an empty name
      {"203.0.113.5 - ", ""},
      {"203.0.113.5 - - -", ""},
      {R"(203.0.113.5 - a\x22b)", "a\"b"},
      {R"(203.0.113.5 - a\"b)", "a\"b"},
  };
  for (const auto& c : cases) {
    const std::string line = std::string(c.front) + std::string(kRest);
    const Parsed parsed = parser.parse(line, entry);
    ASSERT_TRUE(parsed) << c.front << ": " << parsed.error();
    EXPECT_EQ(entry.client, "203.0.113.5") << c.front;
    EXPECT_EQ(entry.user, c.user) << c.front;
    EXPECT_EQ(entry.path, "/a") << c.front;
  }
}

TEST(AccessLogParser, FindsTheQuotedFieldsAfterTheSize) {
  AccessLogParser parser(kAllHeaders);
  LogEntry entry;
  const struct {
    std::string_view trailer;
    std::string_view referer;
    std::string_view agent;
    std::string_view forwarded;
  } cases[] = {
      {R"( 0.001 "-" "curl/8")", "", "curl/8", ""},
      {R"( 0.001 17 "http://r/" "curl/8" 0.2)", "http://r/", "curl/8", ""},
      {R"( "-" "a \"b\" \x22c\x22")", "", R"(a "b" "c")", ""},
      {R"( "-" "curl/8" "-")", "", "curl/8", ""},
      {R"( "-" "curl/8" "203.0.113.5, 198.51.100.7")", "", "curl/8", "203.0.113.5, 198.51.100.7"},  // nginx's main
      {R"( "-" "curl/8" 1 "router@docker" "http://10.0.0.9:80" 2ms)", "", "curl/8", ""},            // Traefik
      {R"( "-" "curl/8" "not an address")", "", "curl/8", ""},
      {R"( "-" "curl/8)", "", "", ""},
      {"", "", "", ""},
  };
  for (const auto& c : cases) {
    const std::string line =
        R"(10.0.0.1 - - [17/May/2015:10:05:03 +0000] "GET /a HTTP/1.1" 200 5)" + std::string(c.trailer);
    ASSERT_TRUE(parser.parse(line, entry)) << line;
    EXPECT_EQ(find_header(entry.headers, "Referer"), c.referer) << line;
    EXPECT_EQ(find_header(entry.headers, "User-Agent"), c.agent) << line;
    EXPECT_EQ(find_header(entry.headers, "X-Forwarded-For"), c.forwarded) << line;
  }
}

TEST(AccessLogParser, NotesEachFieldAndWhatItIsUsedFor) {
  AccessLogParser parser(WantedHeaders({"user-agent"}));
  LogEntry entry;
  std::vector<NotedField> notes;
  parser.note_fields(&notes);
  ASSERT_TRUE(parser.parse(line_of("GET /a HTTP/1.1"), entry));
  std::string used;
  for (const NotedField& field : notes) used += field.use + "=" + field.text + "; ";
  EXPECT_EQ(used,
            "time=17/May/2015:10:05:03 +0000; ip=203.0.113.9; user=-; method, path=GET /a HTTP/1.1; =200 512 ; "
            "=http://r/; header User-Agent=agent; ");
}

}  // namespace
}  // namespace rateguard::simulate
