#include "simulate/logs/json_lines_parser.h"

#include <gtest/gtest.h>

namespace rateguard::simulate {
namespace {

JsonLinesParser parser_with(std::string_view columns, std::vector<std::string> headers = {}) {
  return JsonLinesParser(ColumnMap::parse(columns).value(), std::move(headers));
}

TEST(JsonLinesParser, ReadsFieldsByTheirUsualNames) {
  auto parser = parser_with("", {"x-tenant"});
  LogEntry entry;
  ASSERT_TRUE(parser.parse(
      R"({"ts":1700158623.97996,"remote_addr":"10.0.0.1","method":"GET","request_uri":"/a?b","host":"h","user":42,)"
      R"("api_key":"k","plan":"pro","workspace":null,"cost":7,"headers":{"X-Tenant":"t","X-Other":"o"},"status":200})",
      entry));
  EXPECT_EQ(entry.time, Instant{1'700'158'623'979'960});
  EXPECT_EQ(entry.client, "10.0.0.1");
  EXPECT_EQ(entry.path, "/a");
  EXPECT_EQ(entry.user, "42");
  EXPECT_EQ(entry.workspace, "");
  EXPECT_EQ(entry.cost.units, 7u);
  ASSERT_EQ(entry.headers.size(), 1u);  // only what was wanted
  EXPECT_EQ(entry.headers[0].value, "t");
}

TEST(JsonLinesParser, ReadsEveryFormOfTime) {
  auto parser = parser_with("");
  LogEntry entry;
  const struct {
    std::string_view line;
    int64_t us;
  } cases[] = {
      {R"({"time":"2023-11-16T18:17:03.97Z"})", 1'700'158'623'970'000},
      {R"({"time":1700158623})", 1'700'158'623'000'000},
      {R"({"timestamp":1700158623970})", 1'700'158'623'970'000},
      {R"({"time":1700158623.123457})", 1'700'158'623'123'457},
      {R"({"time":"1700158623.97"})", 1'700'158'623'970'000},
      {R"({"time":null,"ts":5})", 5'000'000},
  };
  for (const auto& c : cases) {
    const Parsed parsed = parser.parse(c.line, entry);
    ASSERT_TRUE(parsed) << c.line << parsed.error();
    EXPECT_EQ(entry.time, Instant{c.us}) << c.line;
  }
}

TEST(JsonLinesParser, FollowsTheColumnMapIntoObjects) {
  auto parser = parser_with("time=at,cost=usage.in+usage.out,user=who.id");
  LogEntry entry;
  ASSERT_TRUE(parser.parse(R"({"at":1,"usage":{"in":3,"out":4},"who":{"id":"u"}})", entry));
  EXPECT_EQ(entry.cost.units, 7u);
  EXPECT_EQ(entry.user, "u");
  const Parsed parsed = parser.parse(R"({"at":1,"usage":{"in":3}})", entry);
  ASSERT_FALSE(parsed);
  EXPECT_NE(parsed.error().find("usage.out"), std::string::npos);
}

TEST(JsonLinesParser, SaysWhatIsWrongAndGoesOn) {
  auto parser = parser_with("");
  LogEntry entry;
  const struct {
    std::string_view line;
    std::string_view why;
  } cases[] = {
      {"{", "not JSON"},
      {R"({"time":1} x)", "more text"},
      {"[1]", "not a JSON object"},
      {R"({"ip":"10.0.0.1"})", "no time"},
      {R"({"time":"yesterday"})", "the time"},
      {R"({"time":-1})", "the time"},
      {R"({"time":1e300})", "the time"},
      {R"({"time":true})", "neither text nor a number"},
      {R"({"time":1,"cost":-1})", "cost"},
      {R"({"time":1,"cost":4294967296})", "cost"},
      {R"({"time":1,"cost":1.5})", "cost"},
      {R"({"time":1,"headers":[]})", "headers"},
      {R"({"time":1,"ip":{}})", "'ip'"},
  };
  for (const auto& c : cases) {
    const Parsed parsed = parser.parse(c.line, entry);
    ASSERT_FALSE(parsed) << c.line;
    EXPECT_NE(parsed.error().find(c.why), std::string::npos) << c.line << ": " << parsed.error();
    ASSERT_TRUE(parser.parse(R"({"time":1})", entry));
  }
  // Deep nesting ends in an error, not in the stack's end.
  EXPECT_FALSE(parser.parse(R"({"time":1,"a":)" + std::string(100'000, '['), entry));
  EXPECT_TRUE(parser.parse("{\"time\":1,\"user\":\"\xFF\xFE\"}", entry));
  EXPECT_EQ(entry.user, "\xFF\xFE");
}

}  // namespace
}  // namespace rateguard::simulate
