#include "simulate/logs/csv_parser.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "model/limit.h"

namespace rateguard::simulate {
namespace {

using Fields = std::vector<std::string_view>;

TEST(SplitCsv, UndoesQuotes) {
  Fields fields;
  std::string unquoted;
  const struct {
    std::string_view record;
    Fields fields;
  } cases[] = {
      {"", {""}},
      {"a", {"a"}},
      {"a,b,", {"a", "b", ""}},
      {R"("a","b c",d)", {"a", "b c", "d"}},
      {R"("a,b","say ""hi""","")", {"a,b", "say \"hi\"", ""}},
      {"\"two\nlines\",x", {"two\nlines", "x"}},
      {R"(a"b,c)", {"a\"b", "c"}},
  };
  for (const auto& c : cases) {
    ASSERT_EQ(split_csv(c.record, ',', fields, unquoted), CsvSplit::kComplete) << c.record;
    EXPECT_EQ(fields, c.fields) << c.record;
  }
}

TEST(SplitCsv, TellsAnOpenQuoteFromABadOne) {
  Fields fields;
  std::string unquoted;
  EXPECT_EQ(split_csv(R"(a,"b)", ',', fields, unquoted), CsvSplit::kUnterminated);
  EXPECT_EQ(split_csv(R"(a,"b"")", ',', fields, unquoted), CsvSplit::kUnterminated);
  EXPECT_EQ(split_csv(R"("a"b,c)", ',', fields, unquoted), CsvSplit::kBadQuote);
}

TEST(SplitCsv, ReadsWhatAWriterQuoted) {
  EXPECT_TRUE(rc::check("split(quote(fields)) == fields", [] {
    const auto fields = *rc::gen::nonEmpty(rc::gen::container<std::vector<std::string>>(
        rc::gen::container<std::string>(rc::gen::element('a', '"', ',', '\n', ' '))));
    std::string record;
    for (const std::string& field : fields) {
      record += record.empty() ? "\"" : ",\"";
      for (const char c : field) record += c == '"' ? std::string("\"\"") : std::string(1, c);
      record += '"';
    }
    Fields out;
    std::string unquoted;
    RC_ASSERT(split_csv(record, ',', out, unquoted) == CsvSplit::kComplete);
    RC_ASSERT(std::vector<std::string>(out.begin(), out.end()) == fields);
  }));
}

LogEntry entry_of(CsvParser& parser, std::string_view record) {
  LogEntry entry;
  EXPECT_EQ(parser.split(record), CsvSplit::kComplete);
  const Parsed parsed = parser.entry(entry);
  EXPECT_TRUE(parsed) << parsed.error();
  return entry;
}

TEST(CsvParser, FindsColumnsByTheirUsualNames) {
  auto parser = CsvParser::create("Timestamp,remote_addr,METHOD,url,user,api_key,workspace,plan,cost,bytes", {},
                                  WantedHeaders({}))
                    .value();
  const LogEntry entry =
      entry_of(parser, "2023-11-16 18:17:03.9799600,10.0.0.1,GET,https://h.example/a?b,u,k,w,pro,7,99");
  EXPECT_EQ(entry.time, Instant{1'700'158'623'979'960});
  EXPECT_EQ(entry.client, "10.0.0.1");
  EXPECT_EQ(entry.method, "GET");
  EXPECT_EQ(entry.host, "h.example");
  EXPECT_EQ(entry.path, "/a");
  EXPECT_EQ(entry.user, "u");
  EXPECT_EQ(entry.api_key, "k");
  EXPECT_EQ(entry.workspace, "w");
  EXPECT_EQ(entry.plan, "pro");
  EXPECT_EQ(entry.cost.units, 7u);
}

TEST(CsvParser, FollowsTheColumnMap) {
  const auto columns = ColumnMap::parse("time=TIMESTAMP,cost=ContextTokens+GeneratedTokens,header:X-Tenant=t").value();
  auto parser = CsvParser::create("TIMESTAMP,ContextTokens,GeneratedTokens,t", columns, WantedHeaders({})).value();
  const LogEntry entry = entry_of(parser, "2023-11-16 18:17:03.9799600,4808,10,acme");
  EXPECT_EQ(entry.cost.units, 4818u);
  ASSERT_EQ(entry.headers.size(), 1u);
  EXPECT_EQ(entry.headers[0].name, "X-Tenant");
  EXPECT_EQ(entry.headers[0].value, "acme");
}

TEST(CsvParser, CostsAreExactUpToTheLargestAmount) {
  const auto columns = ColumnMap::parse("cost=a+b").value();
  auto parser = CsvParser::create("time,a,b", columns, WantedHeaders({})).value();
  EXPECT_EQ(entry_of(parser, "0,9007199254740990,1").cost.units, kUnitsMax);
  EXPECT_EQ(entry_of(parser, "0,0,0").cost.units, 0u);
  EXPECT_EQ(entry_of(parser, "0,1000.0,1e3").cost.units, 2000u);
  EXPECT_EQ(entry_of(parser, "0,1e10,4294967296").cost.units, 14'294'967'296u);
  LogEntry entry;
  for (const std::string_view record : {"0,9007199254740990,2", "0,9007199254740992,0", "0,99999999999999999999,1",
                                        "0,-1,5", "0,1.5,1", "0,,1", "0, 1,1", "0,1e16,1", "0,x1,1", "0,1x,1"}) {
    ASSERT_EQ(parser.split(record), CsvSplit::kComplete);
    const Parsed parsed = parser.entry(entry);
    ASSERT_FALSE(parsed) << record;
    EXPECT_NE(parsed.error().find("cost"), std::string::npos) << parsed.error();
  }
}

TEST(CsvParser, NamesTheColumnsThereAreWhenOneIsMissing) {
  const auto no_time = CsvParser::create("when,x", {}, WantedHeaders({}));
  ASSERT_FALSE(no_time);
  EXPECT_NE(no_time.error().message.find("--columns time=NAME"), std::string::npos);
  EXPECT_NE(no_time.error().message.find("when, x"), std::string::npos);
  const auto wrong = CsvParser::create("time,x", ColumnMap::parse("ip=client").value(), WantedHeaders({}));
  ASSERT_FALSE(wrong);
  EXPECT_NE(wrong.error().message.find("no column 'client'"), std::string::npos);
}

TEST(CsvParser, RefusesRecordsOfAnotherWidth) {
  auto parser = CsvParser::create("time;x", {}, WantedHeaders({})).value();  // no comma: semicolons
  LogEntry entry;
  ASSERT_EQ(parser.split("0"), CsvSplit::kComplete);
  EXPECT_FALSE(parser.entry(entry));
  ASSERT_EQ(parser.split("0;1"), CsvSplit::kComplete);
  EXPECT_TRUE(parser.entry(entry));
}

TEST(ColumnMap, SaysWhatIsPossible) {
  for (const std::string_view text : {"time", "=x", "time=", "nonsense=x", "cost=a++b", "cost=+a", "time=a,,cost=b"}) {
    EXPECT_FALSE(ColumnMap::parse(text)) << text;
  }
  EXPECT_TRUE(ColumnMap::parse(""));
  EXPECT_NE(ColumnMap::parse("nonsense=x").error().message.find("api_key"), std::string::npos);
}

TEST(CsvParser, TakesADashForNone) {
  auto parser =
      CsvParser::create("time,ip,user,api_key,workspace,plan,host,http_x_tenant", {}, WantedHeaders({"x-tenant"}))
          .value();
  const LogEntry entry = entry_of(parser, "1,-,-,-,-,-,-,-");
  EXPECT_EQ(entry.client, "");
  EXPECT_EQ(entry.user, "");
  EXPECT_EQ(entry.api_key, "");
  EXPECT_EQ(entry.workspace, "");
  EXPECT_EQ(entry.plan, "");
  EXPECT_EQ(entry.host, "");
  EXPECT_TRUE(entry.headers.empty());
  EXPECT_EQ(entry_of(parser, "1,-,-,-,-,-,-,acme").headers.size(), 1u);
}

TEST(CsvParser, LeavesOutTheSpacesOfRowsThatAreWrittenWithThem) {
  auto parser = CsvParser::create("time, ip, path", {}, WantedHeaders({})).value();
  const LogEntry entry = entry_of(parser, "1715940303, 203.0.113.5, /a");
  EXPECT_EQ(entry.client, "203.0.113.5");
  EXPECT_EQ(entry.path, "/a");
}

TEST(CsvParser, ReadsAListOfAddressesAndARequestLine) {
  const auto columns = ColumnMap::parse("ip=xff,request=line").value();
  auto parser = CsvParser::create("time,xff,line", columns, WantedHeaders({})).value();
  const LogEntry entry = entry_of(parser, "1,\"203.0.113.5, 198.51.100.7\",POST http://h.example/a?b HTTP/1.1");
  EXPECT_EQ(entry.client, "198.51.100.7");
  EXPECT_EQ(find_header(entry.headers, "X-Forwarded-For"), "203.0.113.5");
  EXPECT_EQ(entry.method, "POST");
  EXPECT_EQ(entry.path, "/a");
  EXPECT_EQ(entry.host, "h.example");
}

TEST(CsvParser, ShowsNoRawBytesOfAHeaderRowThatIsNone) {
  const auto binary = CsvParser::create(std::string_view("a\0b,\xB5/\xFD", 7), {}, WantedHeaders({}));
  ASSERT_FALSE(binary);
  EXPECT_NE(binary.error().message.find("not text"), std::string::npos) << binary.error().message;
  const auto many = CsvParser::create("a" + std::string(300, 'b') + ",\xE2\x80\xA8", {}, WantedHeaders({}));
  ASSERT_FALSE(many);
  EXPECT_LT(many.error().message.size(), 400u);
  std::string wide = "x";
  for (int i = 0; i < 500; ++i) wide += ",column" + std::to_string(i);
  EXPECT_LT(CsvParser::create(wide, {}, WantedHeaders({})).error().message.size(), 900u);
}

}  // namespace
}  // namespace rateguard::simulate
