#include "simulate/logs/w3c_parser.h"

#include <gtest/gtest.h>

namespace rateguard::simulate {
namespace {

const WantedHeaders kAllHeaders({"referer", "user-agent", "x-forwarded-for"});
const Instant kTime = Instant::from_seconds(1'715'940'303);  // 2024-05-17T10:05:03Z

void directive(W3cParser& parser, std::string_view line) {
  LogEntry entry;
  ASSERT_TRUE(parser.parse(line, entry));
  EXPECT_EQ(entry.kind, LineKind::kNotARecord);
}

TEST(W3cParser, ReadsIis) {
  W3cParser parser({}, kAllHeaders);
  LogEntry entry;
  directive(parser, "#Software: Microsoft Internet Information Services 10.0");
  directive(
      parser,
      "#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) "
      "sc-status");
  ASSERT_TRUE(parser.parse(
      "2024-05-17 10:05:03 10.0.0.1 GET /a b=c 443 DOM\\bob 203.0.113.5 Mozilla/5.0+(X11;+Linux) - 200", entry));
  EXPECT_EQ(entry.time, kTime);
  EXPECT_EQ(entry.client, "203.0.113.5");
  EXPECT_EQ(entry.method, "GET");
  EXPECT_EQ(entry.path, "/a");
  EXPECT_EQ(entry.user, "DOM\\bob");
  ASSERT_EQ(entry.headers.size(), 1u);
  EXPECT_EQ(entry.headers[0].value, "Mozilla/5.0 (X11; Linux)");
  // The server started again, and was told to log other fields.
  directive(parser, "#Fields: date time c-ip cs-uri-stem");
  ASSERT_TRUE(parser.parse("2024-05-17 10:05:03 203.0.113.6 /b", entry));
  EXPECT_EQ(entry.client, "203.0.113.6");
  EXPECT_EQ(entry.path, "/b");
  EXPECT_FALSE(parser.parse("2024-05-17 10:05:03 203.0.113.6", entry));
  EXPECT_FALSE(parser.parse("2024-05-17 10:05 203.0.113.6 /b", entry));
}

TEST(W3cParser, ReadsCloudFront) {
  W3cParser parser({}, kAllHeaders);
  LogEntry entry;
  directive(parser, "#Version: 1.0");
  directive(parser,
            "#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) "
            "cs(User-Agent) x-host-header x-forwarded-for");
  ASSERT_TRUE(
      parser.parse("2024-05-17\t10:05:03\tFRA6-C1\t51\t203.0.113.5\tGET\td111.cloudfront.net\t/a\t200\t-\t"
                   "Mozilla/5.0%20(X11)+x\twww.example.com\t192.0.2.1",
                   entry));
  EXPECT_EQ(entry.time, kTime);
  EXPECT_EQ(entry.host, "www.example.com");
  EXPECT_EQ(entry.path, "/a");
  EXPECT_EQ(find_header(entry.headers, "User-Agent"), "Mozilla/5.0 (X11)+x");
  EXPECT_EQ(find_header(entry.headers, "X-Forwarded-For"), "192.0.2.1");
}

TEST(W3cParser, TakesTheDateOfTheDirectiveWhereLinesHaveNone) {
  W3cParser parser({}, kAllHeaders);
  LogEntry entry;
  EXPECT_FALSE(parser.parse("10:05:03 203.0.113.5", entry));
  directive(parser, "#Date: 2024-05-17 10:00:00");
  directive(parser, "#Fields: time c-ip");
  ASSERT_TRUE(parser.parse("10:05:03 203.0.113.5", entry));
  EXPECT_EQ(entry.time, kTime);
}

TEST(W3cParser, FollowsTheColumnMap) {
  const auto columns = ColumnMap::parse("ip=x-real,cost=sc-bytes+cs-bytes,header:X-T=x-tenant,user=nobody").value();
  W3cParser parser(columns, kAllHeaders);
  LogEntry entry;
  directive(parser, "#Fields: date time c-ip x-real sc-bytes cs-bytes x-tenant");
  ASSERT_TRUE(parser.parse("2024-05-17 10:05:03 10.0.0.1 203.0.113.5 3 4 acme", entry));
  EXPECT_EQ(entry.client, "203.0.113.5");
  EXPECT_EQ(entry.cost.units, 7u);
  EXPECT_EQ(find_header(entry.headers, "X-T"), "acme");
  EXPECT_EQ(parser.names_never_found(), std::vector<std::string>{"nobody"});
}

}  // namespace
}  // namespace rateguard::simulate
