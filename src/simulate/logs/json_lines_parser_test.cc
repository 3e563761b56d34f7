#include "simulate/logs/json_lines_parser.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace rateguard::simulate {
namespace {

JsonLinesParser parser_with(std::string_view columns, std::vector<std::string> headers = {}) {
  return JsonLinesParser(ColumnMap::parse(columns).value(), WantedHeaders(std::move(headers)));
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
      {R"({"time":1e400,"ip":"203.0.113.5"})", "time"},
      {R"({"time":true})", "no time"},
      {R"({"time":1,"cost":-1})", "the cost in 'cost' is negative"},
      {R"({"time":1,"cost":9007199254740992})", "not a whole number from 0 to 9007199254740991"},
      {R"({"time":1,"cost":1.5})", "cost"},
      {R"({"time":1)", "ends too early"},
      {R"({"time":1,})", "member's name"},
      {R"({"time" 1})", "a colon"},
      {R"({"time":1 "a":2})", "a comma"},
      {R"({"time":1,"a":tru})", "a value"},
      {R"({"time":1,"a":01})", "a comma"},
      {R"({"time":1,"a":[1,]})", "a value"},
      {R"({"time":1,"a":"x)", "within a string"},
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

// Reads one line, which has to be readable.
struct OneLine {
  OneLine(std::string_view line, std::string_view columns = "", std::vector<std::string> headers = {})
      : parser(ColumnMap::parse(columns).value(), WantedHeaders(std::move(headers))) {
    const Parsed parsed = parser.parse(line, entry);
    EXPECT_TRUE(parsed) << line << ": " << parsed.error();
  }
  JsonLinesParser parser;
  LogEntry entry;
};

TEST(JsonLinesParser, TakesADashForNone) {
  const OneLine line(
      R"({"time":1,"remote_addr":"-","user":"-","remote_user":"bob","api_key":"","workspace":"-","plan":"-","host":"-",)"
      R"("path":"/a","headers":{"X-Tenant":"-"}})",
      "", {"x-tenant"});
  EXPECT_EQ(line.entry.client, "");
  EXPECT_EQ(line.entry.user, "bob");  // the next usual name is tried
  EXPECT_EQ(line.entry.api_key, "");
  EXPECT_EQ(line.entry.workspace, "");
  EXPECT_EQ(line.entry.plan, "");
  EXPECT_EQ(line.entry.host, "");
  EXPECT_TRUE(line.entry.headers.empty());
}

TEST(JsonLinesParser, PassesOverWhatStandsAtAUsualNameAndIsNoText) {
  const OneLine ecs(
      R"({"@timestamp":"2024-05-17T10:05:03Z","host":{"name":"web1"},"source":{"ip":"203.0.113.5"},"url":{"path":"/login"}})",
      "ip=source.ip,path=url.path");
  EXPECT_EQ(ecs.entry.client, "203.0.113.5");
  EXPECT_EQ(ecs.entry.path, "/login");
  EXPECT_EQ(ecs.entry.host, "");
  const OneLine client(
      R"({"time":1,"client":{"id":7},"client_ip":"203.0.113.5","headers":[1],"user":true,"method":["a"]})", "",
      {"x-tenant"});
  EXPECT_EQ(client.entry.client, "203.0.113.5");
  EXPECT_EQ(client.entry.user, "");
  // At a name that was given it is a mistake.
  auto parser = parser_with("ip=client");
  LogEntry entry;
  const Parsed parsed = parser.parse(R"({"time":1,"client":{}})", entry);
  ASSERT_FALSE(parsed);
  EXPECT_NE(parsed.error().find("'client' is neither text nor a number"), std::string::npos);
}

TEST(JsonLinesParser, TakesTheFirstOfAHeadersListAndAllOfForwardedFor) {
  const std::string_view text =
      R"({"time":1,"ip":"203.0.113.5","headers":{"X-User":["bob","eve"],"X-Forwarded-For":["192.0.2.1","192.0.2.2"],"X-No":[]}})";
  const OneLine by_name(text, "", {"x-user", "x-forwarded-for", "x-no"});
  EXPECT_EQ(find_header(by_name.entry.headers, "X-User"), "bob");
  EXPECT_EQ(find_header(by_name.entry.headers, "X-Forwarded-For"), "192.0.2.1, 192.0.2.2");
  EXPECT_EQ(by_name.entry.headers.size(), 2u);
  const OneLine by_column(text, "header:X-User=headers.X-User,header:X-Forwarded-For=headers.X-Forwarded-For");
  EXPECT_EQ(find_header(by_column.entry.headers, "X-User"), "bob");
  EXPECT_EQ(find_header(by_column.entry.headers, "X-Forwarded-For"), "192.0.2.1, 192.0.2.2");
}

TEST(JsonLinesParser, TakesWhoCallsFromAHeadersListToo) {
  const std::string_view text = R"({"time":1,"ip":"203.0.113.5","user":["bob"],"headers":{"X-Key":["k1","k2"]}})";
  const OneLine by_name(text, "");
  EXPECT_EQ(by_name.entry.user, "bob");
  const OneLine by_column(text, "user=headers.X-Key,api_key=headers.X-Key,plan=user");
  EXPECT_EQ(by_column.entry.user, "k1");
  EXPECT_EQ(by_column.entry.api_key, "k1");
  EXPECT_EQ(by_column.entry.plan, "bob");
}

TEST(JsonLinesParser, TellsWhatHappenedFromARequest) {
  for (const std::string_view line :
       {R"({"level":"info","ts":1651591054.9,"logger":"admin","msg":"started"})", R"({"time":1,"host":"web1"})",
        R"({"log":"text\n","stream":"stdout","time":"2024-05-17T10:05:03Z"})", R"({"time":1,"user":"-","path":""})"}) {
    EXPECT_EQ(OneLine(line).entry.kind, LineKind::kNoRequest) << line;
  }
  for (const std::string_view line :
       {R"({"time":1,"ip":"203.0.113.5"})", R"({"time":1,"user":"bob"})", R"({"time":1,"api_key":"k"})",
        R"({"time":1,"cost":0})", R"({"time":1,"path":"/"})"}) {
    EXPECT_EQ(OneLine(line).entry.kind, LineKind::kRequest) << line;
  }
}

TEST(JsonLinesParser, ReadsTheRequestLine) {
  const OneLine line(R"({"time":1,"request":"POST /a\/b?c HTTP/1.1"})");
  EXPECT_EQ(line.entry.method, "POST");
  EXPECT_EQ(line.entry.path, "/a/b");
  const OneLine own_fields(R"({"time":1,"request":"POST /a HTTP/1.1","path":"/b"})");
  EXPECT_EQ(own_fields.entry.method, "POST");
  EXPECT_EQ(own_fields.entry.path, "/b");
  const OneLine by_column(R"({"time":1,"ip":"203.0.113.5","rl":"\u0016\u0003"})", "request=rl");
  EXPECT_TRUE(by_column.entry.request_unreadable);
}

TEST(JsonLinesParser, KnowsTheNamesOfServers) {
  const std::vector<std::string> headers = {"user-agent", "x-forwarded-for"};
  const struct {
    std::string_view server;
    std::string_view line;
    Instant time;
  } cases[] = {
      {"Caddy",
       R"({"level":"info","ts":1715940303.5,"logger":"http.log.access","msg":"handled request","request":{"remote_ip":"10.0.0.1","client_ip":"203.0.113.5","proto":"HTTP/2.0","method":"GET","host":"h.example","uri":"/a?b","headers":{"User-Agent":["curl/8"],"X-Forwarded-For":["192.0.2.1"]}},"user_id":"bob","status":200})",
       {1'715'940'303'500'000}},
      {"Traefik",
       R"({"ClientAddr":"203.0.113.5:4711","ClientHost":"203.0.113.5","ClientUsername":"bob","RequestHost":"h.example","RequestMethod":"GET","RequestPath":"/a?b","StartUTC":"2024-05-17T10:05:03.5Z","time":"2024-05-17T10:05:04Z","request_User-Agent":"curl/8","request_X-Forwarded-For":"192.0.2.1"})",
       {1'715'940'303'500'000}},
      {"Envoy",
       R"({"start_time":"2024-05-17T10:05:03.5Z","method":"GET","path":"/a?b","authority":"h.example","user_agent":"curl/8","x_forwarded_for":"192.0.2.1","downstream_remote_address":"203.0.113.5:4711","user":"bob"})",
       {1'715'940'303'500'000}},
      {"Elastic",
       R"({"@timestamp":"2024-05-17T10:05:03.5Z","source":{"ip":"203.0.113.5"},"http":{"request":{"method":"GET","headers":{"X-Forwarded-For":"192.0.2.1"}}},"url":{"path":"/a","domain":"h.example"},"user":{"name":"bob"},"user_agent":{"original":"curl/8"}})",
       {1'715'940'303'500'000}},
      {"Elastic, dotted",
       R"({"@timestamp":"2024-05-17T10:05:03.5Z","source.ip":"203.0.113.5","http.request.method":"GET","url.original":"/a?b","url.domain":"h.example","user.name":"bob","user_agent.original":"curl/8","x_forwarded_for":"192.0.2.1"})",
       {1'715'940'303'500'000}},
      {"nginx",
       R"({"time_iso8601":"2024-05-17T10:05:03+00:00","remote_addr":"203.0.113.5","remote_user":"bob","request":"GET /a?b HTTP/1.1","host":"h.example","http_user_agent":"curl/8","http_x_forwarded_for":"192.0.2.1"})",
       {1'715'940'303'000'000}},
      {"Google",
       R"({"timestamp":"2024-05-17T10:05:03.5Z","user":"bob","xff":"192.0.2.1","httpRequest":{"requestMethod":"GET","requestUrl":"https://h.example/a?b","remoteIp":"203.0.113.5","userAgent":"curl/8"}})",
       {1'715'940'303'500'000}},
  };
  for (const auto& c : cases) {
    const OneLine line(c.line, "", headers);
    EXPECT_EQ(line.entry.time, c.time) << c.server;
    EXPECT_EQ(parse_client(line.entry.client), IpAddress::parse("203.0.113.5")) << c.server;
    EXPECT_EQ(line.entry.method, "GET") << c.server;
    EXPECT_EQ(line.entry.path, "/a") << c.server;
    EXPECT_EQ(line.entry.host, "h.example") << c.server;
    EXPECT_EQ(line.entry.user, "bob") << c.server;
    EXPECT_EQ(find_header(line.entry.headers, "User-Agent"), "curl/8") << c.server;
    EXPECT_EQ(find_header(line.entry.headers, "X-Forwarded-For"), "192.0.2.1") << c.server;
    EXPECT_EQ(line.entry.kind, LineKind::kRequest) << c.server;
  }
}

TEST(JsonLinesParser, RemembersWhichGivenNamesNoLineHad) {
  auto parser = parser_with("ip=client_adr,user=who.id,cost=a,header:X-T=t");
  LogEntry entry;
  ASSERT_TRUE(parser.parse(R"({"time":1,"who":{"id":null},"a":1})", entry));
  EXPECT_EQ(parser.names_never_found(), (std::vector<std::string>{"client_adr", "t"}));
}

TEST(JsonLinesParser, NotesEveryMemberAndWhatItIsUsedFor) {
  auto parser = parser_with("", {"x-tenant"});
  LogEntry entry;
  std::vector<NotedField> notes;
  parser.note_fields(&notes);
  ASSERT_TRUE(parser.parse(
      R"({"ts":1,"request":{"uri":"/a","headers":{"X-Tenant":["t"],"X-Other":["o"]}},"status":200,"uri":"/b"})",
      entry));
  std::string all;
  for (const NotedField& field : notes) all += field.from + "=" + field.text + " (" + field.use + "); ";
  EXPECT_EQ(all,
            "ts=1 (time); request.uri=/a (); request.headers.X-Tenant=[\"t\"] (header X-Tenant); "
            "request.headers.X-Other=[\"o\"] (); status=200 (); uri=/b (path); ");
}

// A parser expects members in the order that lines before had them.
TEST(JsonLinesParser, ReadsMembersInAnyOrderAndNumberFromLineToLine) {
  const std::string_view lines[] = {
      R"({"ts":1,"level":"info","request":{"remote_ip":"10.0.0.1","uri":"/a","headers":{"X-Tenant":["t"]}},"status":200})",
      R"({"ts":2,"request":{"uri":"/b","remote_ip":"10.0.0.2"},"status":200,"level":"info"})",
      R"({"request":{"remote_ip":"10.0.0.3","proto":"HTTP/2.0","headers":{"X-Other":"o","X-Tenant":["u"]},"uri":"/c"},"ts":3})",
      R"({ "ts" : 4 , "new":{"uri":"/no"}, "request" : {"uri":"/d", "remote_ip":"10.0.0.4" }})",
      R"({"ts":5,"ts":6,"request":{"uri":"/e"},"remote_ip":"10.0.0.5"})",
      R"({"ts":7,"request":"GET /f HTTP/1.1","remote_ip":"10.0.0.6"})",
      R"({"ts":8,"request)",
      R"({"ts":9,"request":{"remote_ip" "10.0.0.7"}})",
      R"({"tsx":9,"t":1,"requests":{"uri":"/h"},"remote_ip":"10.0.0.8"})",
      R"({"ts":1,"level":"info","request":{"remote_ip":"10.0.0.1","uri":"/a","headers":{"X-Tenant":["t"]}},"status":200})",
  };
  const auto read = [](JsonLinesParser& parser, std::string_view line) {
    LogEntry entry;
    const Parsed parsed = parser.parse(line, entry);
    if (!parsed) return parsed.error();
    return fmt::format("{} {} {} {}", entry.time.us, entry.client, entry.path, find_header(entry.headers, "x-tenant"));
  };
  auto used = parser_with("", {"x-tenant"});
  for (int i = 0; i < 20; ++i) {  // each before each other one
    for (size_t line = 0; line < std::size(lines); ++line) {
      auto fresh = parser_with("", {"x-tenant"});
      const std::string_view text = lines[(line * static_cast<size_t>(i + 1)) % std::size(lines)];
      EXPECT_EQ(read(used, text), read(fresh, text)) << text;
    }
  }
  EXPECT_EQ(read(used, lines[2]), "3000000 10.0.0.3 /c u");
}

TEST(JsonLinesParser, ReadsLinesOfMoreNamesThanItExpects) {
  auto parser = parser_with("");
  LogEntry entry;
  for (int line = 0; line < 100; ++line) {
    std::string text = "{";
    for (int name = 0; name < 100; ++name) text += fmt::format(R"("n{}_{}":"v",)", line, name);
    text += fmt::format(R"("ts":{},"ip":"10.0.0.{}"}})", line, line);
    ASSERT_TRUE(parser.parse(text, entry)) << text;
    EXPECT_EQ(entry.time, Instant::from_seconds(line));
    EXPECT_EQ(entry.client, fmt::format("10.0.0.{}", line));
  }
}

}  // namespace
}  // namespace rateguard::simulate
