#include "simulate/logs/line_format.h"

#include <gtest/gtest.h>

#include "simulate/logs/formatted_line_parser.h"

namespace rateguard::simulate {
namespace {

const WantedHeaders kAllHeaders({"referer", "user-agent", "x-forwarded-for", "x-tenant"});
const Instant kTime = Instant::from_seconds(1'715'940'303);  // 2024-05-17T10:05:03Z

// What one line says, read by a format.
std::string read(std::string_view format, std::string_view line) {
  auto compiled = compile_line_format(format);
  if (!compiled) return compiled.error().message;
  FormattedLineParser parser(std::move(*compiled), kAllHeaders);
  LogEntry entry;
  if (const Parsed parsed = parser.parse(line, entry); !parsed) return parsed.error();
  std::string out = entry.time == kTime ? "" : "at " + std::to_string(entry.time.us) + " ";
  for (const std::string_view text : {entry.client, entry.method, entry.host, entry.path, entry.user}) {
    out += std::string(text) + "|";
  }
  for (const Header& header : entry.headers) out += std::string(header.name) + ":" + std::string(header.value) + "|";
  return out;
}

TEST(LineFormat, TakesNginxsDirectiveAsItStands) {
  const std::string_view main = R"(log_format  main  '$remote_addr - $remote_user [$time_local] "$request" '
                      '$status $body_bytes_sent "$http_referer" '
                      '"$http_user_agent" "$http_x_forwarded_for"';)";
  EXPECT_EQ(
      read(
          main,
          R"(10.0.0.1 - bob [17/May/2024:10:05:03 +0000] "GET /a?b HTTP/1.1" 200 5 "http://r/" "a\x22b" "203.0.113.5")"),
      "10.0.0.1|GET||/a|bob|referer:http://r/|user-agent:a\"b|x-forwarded-for:203.0.113.5|");
  EXPECT_EQ(
      read(R"(log_format x escape=json # a comment; with a semicolon
    '{"t":"$time_iso8601","a":"$remote_addr",' "\"u\":\"$request_uri\"," '"h":"$host","ms":$msec}';)",
           R"({"t":"2024-05-17T10:05:03+00:00","a":"203.0.113.5","u":"\/a\"b","h":"h.example","ms":1715940303.000})"),
      "203.0.113.5||h.example|/a\"b||");
  EXPECT_EQ(read("log_format x escape=none '$remote_addr $msec $uri';", R"(203.0.113.5 1715940303 /a\x22)"),
            R"(203.0.113.5|||/a\x22||)");
}

TEST(LineFormat, AnAddressAtTheEndDoesNotTakeTheRestOfTheLine) {
  const std::string_view format = "$msec $request_method $uri $remote_addr";
  EXPECT_EQ(read(format, "1715940303 GET /a 203.0.113.5 and more"), "203.0.113.5|GET||/a||");
  EXPECT_EQ(read(format, "1715940303 GET /a 203.0.113.5"), "203.0.113.5|GET||/a||");
  EXPECT_EQ(read(format, "1715940303 GET /a 198.51.100.7, 203.0.113.5 - -"),
            "203.0.113.5|GET||/a||X-Forwarded-For:198.51.100.7|");
}

TEST(LineFormat, AConnectionWithoutARequestIsNone) {
  auto format =
      compile_line_format("[%START_TIME%] \"%REQ(:METHOD)% %REQ(:PATH)% %PROTOCOL%\" %DOWNSTREAM_REMOTE_ADDRESS%");
  FormattedLineParser parser(std::move(*format), kAllHeaders);
  const auto kind_of = [&](std::string_view request) {
    LogEntry entry;
    EXPECT_TRUE(parser.parse("[2024-05-17T10:05:03Z] \"" + std::string(request) + "\" 203.0.113.5:4711", entry));
    return entry.kind;
  };
  EXPECT_EQ(kind_of("- - -"), LineKind::kNoRequest);
  EXPECT_EQ(kind_of("GET /a HTTP/1.1"), LineKind::kRequest);
  EXPECT_EQ(kind_of("- - HTTP/1.1"), LineKind::kRequest) << "a request that Envoy could not read";
}

TEST(LineFormat, TakesWhatStandsInNginxsQuotes) {
  EXPECT_EQ(read("$remote_addr $msec $request_method $host$request_uri", ""),
            "log format: nothing stands between $host and $request_uri, so where one ends is unknown");
  EXPECT_EQ(read("${remote_addr}:$remote_port $msec $request_method \"$uri\" $upstream_addr",
                 "203.0.113.5:4711 1715940303.000 GET \"/a b\" 10.0.0.1:80, 10.0.0.2:80"),
            "203.0.113.5|GET||/a b||");
  EXPECT_EQ(read("'$remote_addr [$time_local] ' '\"$request\"'",
                 R"(203.0.113.5 [17/May/2024:12:05:03 +0200] "GET /a HTTP/1.1")"),
            "203.0.113.5|GET||/a||");
  EXPECT_EQ(read("$http_host $remote_addr $time_local $request_method $uri $http_x_tenant",
                 "h.example 203.0.113.5 17/May/2024:10:05:03 +0000 GET /a acme corp"),
            "203.0.113.5|GET|h.example|/a||x-tenant:acme corp|");
}

TEST(LineFormat, TakesApachesLetters) {
  const std::string_view vhost = R"(%v:%p %h %l %u %t "%r" %>s %O "%{Referer}i" "%{User-Agent}i")";
  const std::string_view line =
      R"(h.example:443 203.0.113.5 - bob [17/May/2024:10:05:03 +0000] "GET /a HTTP/1.1" 200 5 "-" "a \"b\"")";
  const std::string_view read_line = "203.0.113.5|GET|h.example|/a|bob|user-agent:a \"b\"|";
  EXPECT_EQ(read(vhost, line), read_line);
  EXPECT_EQ(
      read(R"(LogFormat "%v:%p %h %l %u %t \"%r\" %>s %O \"%{Referer}i\" \"%{User-Agent}i\"" vhost_combined)", line),
      read_line);
  EXPECT_EQ(read(R"("%v:%p %h %l %u %t \"%r\" %>s %O \"%{Referer}i\" \"%{User-Agent}i\"" vhost_combined)", line),
            read_line);
  EXPECT_EQ(read(R"(%v:%p %h %l %u %t \"%r\" %>s %O \"%{Referer}i\" \"%{User-Agent}i\")", line), read_line);
  // A format may stop where it has said what is needed.
  EXPECT_EQ(read(R"(%v:%p %h %l %u %t "%r" %s)", line), "203.0.113.5|GET|h.example|/a|bob|");
  EXPECT_EQ(read(R"("%h" %u %t %m %U %!200,304{Host}i %%)",
                 R"("203.0.113.5" - [17/May/2024:10:05:03 +0000] GET /a h.example %)"),
            "203.0.113.5|GET|h.example|/a||");
}

TEST(LineFormat, TakesTimesInPieces) {
  EXPECT_EQ(read(R"(%h [%{%d/%b/%Y %T}t.%{msec_frac}t %{%z}t] "%r")",
                 R"(203.0.113.5 [17/May/2024 12:05:03.250 +0200] "GET /a HTTP/1.1")"),
            "at 1715940303250000 203.0.113.5|GET||/a||");
  EXPECT_EQ(read("%h %{sec}t %U", "203.0.113.5 1715940303 /a"), "203.0.113.5|||/a||");
  EXPECT_EQ(read("%h %{usec}t %U", "203.0.113.5 1715940303000000 /a"), "203.0.113.5|||/a||");
  EXPECT_EQ(read("%h %{%Y-%m-%d}t %{%I:%M:%S %p}t %U", "203.0.113.5 2024-05-17 10:05:03 AM /a"), "203.0.113.5|||/a||");
  EXPECT_EQ(read("%h %{%F %T}t %U", "203.0.113.5 2024-05-17 1x:05:03 /a"),
            "%{%F %T}t is not like '2024-05-17 1x:05:03 /a'");
  EXPECT_EQ(read("%h %{%Q}t %U", ""), "%Q in the time '%Q' is not known; use %Y %m %d %b %H %M %S %f %z %s %T %F");
}

TEST(LineFormat, TakesEnvoysOperators) {
  EXPECT_EQ(
      read(
          R"([%START_TIME(%Y/%m/%dT%H:%M:%S%z)%] %REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH):80% "%REQ(USER-AGENT)%" )"
          R"(%REQ(:AUTHORITY)% %DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT% %RESPONSE_CODE%)",
          R"([2024/05/17T10:05:03+0000] GET /a?b "a"b" h.example 203.0.113.5 200)"),
      "203.0.113.5|GET|h.example|/a||user-agent:a\"b|");
  EXPECT_EQ(
      read("%START_TIME% %REQ(X-FORWARDED-FOR)% %REQ(:PATH)%", "2024-05-17T10:05:03.000Z 192.0.2.1,203.0.113.5 /a"),
      "203.0.113.5|||/a||X-Forwarded-For:192.0.2.1|");
}

TEST(LineFormat, AListOfAddressesIsAClientWhereThereIsNoOther) {
  EXPECT_EQ(read(R"(%{X-Forwarded-For}i %l %u %t "%r")",
                 R"(192.0.2.1, 203.0.113.5 - - [17/May/2024:10:05:03 +0000] "GET /a HTTP/1.1")"),
            "203.0.113.5|GET||/a||X-Forwarded-For:192.0.2.1|");
  EXPECT_EQ(read(R"($http_x_forwarded_for - $remote_addr [$time_local] "$request")",
                 R"(192.0.2.1, 203.0.113.5 - 10.0.0.1 [17/May/2024:10:05:03 +0000] "GET /a HTTP/1.1")"),
            "10.0.0.1|GET||/a||x-forwarded-for:192.0.2.1, 203.0.113.5|");
}

TEST(LineFormat, AUserMayClaimAnyName) {
  EXPECT_EQ(read(R"(%h %l %u %t "%r")", R"(203.0.113.5 - x [y] [17/May/2024:10:05:03 +0000] "GET /a HTTP/1.1")"),
            "203.0.113.5|GET||/a|x [y]|");
  EXPECT_EQ(read(R"(%h %l %u %t "%r")", R"(203.0.113.5 - "" [17/May/2024:10:05:03 +0000] "GET /a HTTP/1.1")"),
            "203.0.113.5|GET||/a||");
}

TEST(LineFormat, SaysWhatIsMissing) {
  const struct {
    std::string_view format;
    std::string_view why;
  } cases[] = {
      {"$remote_addr $request", "no time: $time_local, $time_iso8601 or $msec (nginx), %t (Apache)"},
      {"%h %r", "no time"},
      {"%h %{%T}t %r", "no time"},
      {"%t %r", "no address: $remote_addr or $http_x_forwarded_for (nginx), %h, %a"},
      {"$msec $request", "no address"},
      {"[%START_TIME%] %REQ(:PATH)%", "no address"},
      {"combined", "has no field"},
      {"", "has no field"},
      {"log_format main '$remote_addr", "never closed"},
      {"LogFormat %h", "in quotes"},
      {"LogFormat \"%h", "never closed"},
      {"%{Referer", "brace"},
      {"%h %t %", "no field"},
      {"%START_TIME% %REQ(:PATH", "parenthesis"},
      {"%START_TIME% %REQ(:PATH)", "not closed"},
  };
  for (const auto& c : cases) {
    const auto made = compile_line_format(c.format);
    if (made) {
      EXPECT_EQ(c.format, "%h %t %");  // a % at the end is text
      continue;
    }
    EXPECT_NE(made.error().message.find(c.why), std::string::npos) << c.format << ": " << made.error().message;
  }
}

TEST(FormattedLineParser, SaysWhereALineLeavesTheFormat) {
  const std::string_view format = R"($remote_addr - [$time_local] "$request" $status)";
  EXPECT_EQ(read(format, "203.0.113.5"), "expected ' - [' after $remote_addr");
  EXPECT_EQ(read(format, "203.0.113.5 - [17/May/2024:10:05:03 +0000] GET"), "expected '] \"' after $time_local");
  EXPECT_EQ(read(format, R"(203.0.113.5 - [yesterday] "GET)"),
            "the time is neither like 2023-11-16T18:17:03.97Z nor a count of seconds or milliseconds");
  EXPECT_EQ(read(format, R"(203.0.113.5 - [17/May/2024:10:05:03 +0000] "GET /a)"), "expected '\" ' after $request");
  EXPECT_EQ(read("<$remote_addr> $msec", "203.0.113.5"), "expected '<' before $remote_addr, and found '203.0.113.5'");
}

// Words that nobody wants are passed over together.
TEST(FormattedLineParser, PassesOverAsManyWordsAsTheFormatHas) {
  const std::string_view format =
      R"($remote_addr $upstream_addr $request_length $pipe [$time_iso8601] $status "$request")";
  const std::string_view rest = R"([2024-05-17T10:05:03Z] 200 "GET /a HTTP/1.1")";
  EXPECT_EQ(read(format, "203.0.113.5 10.0.0.1:80 1024 . " + std::string(rest)), "203.0.113.5|GET||/a||");
  EXPECT_EQ(read(format, "203.0.113.5 - a-word-longer-than-sixteen-bytes p " + std::string(rest)),
            "203.0.113.5|GET||/a||");
  EXPECT_EQ(read(format, "203.0.113.5    " + std::string(rest)), "203.0.113.5|GET||/a||");  // each of them empty
  EXPECT_EQ(read(format, "203.0.113.5 10.0.0.1:80 1024 " + std::string(rest)), "expected ' [' after $pipe");
  EXPECT_EQ(read(format, "203.0.113.5 10.0.0.1:80 1024"), "expected ' ' after $request_length");
}

TEST(FormattedLineParser, NotesEachFieldAndWhatItIsUsedFor) {
  FormattedLineParser parser(compile_line_format("$remote_addr $msec \"$http_x_tenant\" $status").value(), kAllHeaders);
  std::vector<NotedField> notes;
  parser.note_fields(&notes);
  LogEntry entry;
  ASSERT_TRUE(parser.parse("203.0.113.5 1715940303 \"acme\" 200", entry));
  std::string all;
  for (const NotedField& field : notes) all += field.from + "=" + field.text + " (" + field.use + "); ";
  EXPECT_EQ(all,
            "$remote_addr=203.0.113.5 (ip); $msec=1715940303 (time); $http_x_tenant=acme (header x-tenant); "
            "$status=200 (); ");
}

}  // namespace
}  // namespace rateguard::simulate
