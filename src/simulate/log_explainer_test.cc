#include "simulate/log_explainer.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <filesystem>
#include <fstream>

namespace rateguard::simulate {
namespace {

class LogExplainer : public testing::Test {
 protected:
  LogExplainer() {
    path_ = std::filesystem::temp_directory_path() / ("rateguard_explained_" + std::to_string(getpid()));
  }
  ~LogExplainer() override { std::filesystem::remove(path_); }

  Result<LogExplanation> explain(std::string_view log, const ReadOptions& options = {}) {
    std::ofstream(path_, std::ios::binary) << log;
    auto explanation = explain_log(path_, options);
    if (explanation) explanation->file = "the.log";
    return explanation;
  }

  std::filesystem::path path_;
};

constexpr std::string_view kVhost =
    "h.example:443 203.0.113.9, 10.0.0.1 - bob [17/May/2024:10:05:03 +0000] \"GET /a?b HTTP/1.1\" 200 5 \"-\" \"c\"\n";

TEST_F(LogExplainer, ShowsEveryFieldWhereItCameFromAndWhatItBecame) {
  const auto explanation = explain(kVhost, {.wanted_headers = {"x-forwarded-for"}});
  ASSERT_TRUE(explanation) << explanation.error().to_string();
  EXPECT_EQ(explanation_text(*explanation),
            R"(the.log: combined (known by its first line, which fits)

line 1: h.example:443 203.0.113.9, 10.0.0.1 - bob [17/May/2024:10:05:03 +0000] "GET /a?b HTTP/1.1" 200 5 "-" "c"
  the time in brackets         17/May/2024:10:05:03 +0000  time: 2024-05-17T10:05:03Z
  the word before the client   h.example:443               host: h.example:443
  the second word              203.0.113.9, 10.0.0.1       ip: 10.0.0.1
  what stands before the time  bob                         user: bob
  the request in quotes        GET /a?b HTTP/1.1           method, path: GET /a
  status and size              200 5                       not used
  the first quoted field       -                           not used
  the second quoted field      c                           not used
)");
}

TEST_F(LogExplainer, SaysWhatIsWrongWithALineAndWhichNamesNoRequest) {
  const auto explanation =
      explain("{\"time\":1715940303.25,\"ip\":\"203.0.113.9\\u001b\"}\n{\"time\":1,\"msg\":\"x\"}\n{\n");
  ASSERT_TRUE(explanation) << explanation.error().to_string();
  EXPECT_EQ(explanation_text(*explanation), R"(the.log: jsonl (known by 3 of its first 3 lines, which fit)

line 1: {"time":1715940303.25,"ip":"203.0.113.9\u001b"}
  time  1715940303.25      time: 2024-05-17T10:05:03.250000Z
  ip    203.0.113.9\u001b  ip: 203.0.113.9\x1B

line 2: {"time":1,"msg":"x"}
  names no request: it is left out
  time  1  time: 1970-01-01T00:00:01Z
  msg   x  not used

line 3: {
  cannot be read: not JSON: the line ends too early, at character 2
)");
}

TEST_F(LogExplainer, ExplainsTablesLayoutsAndEnvelopes) {
  const auto csv = explain("time,ip,x\n1,-,y\n");
  ASSERT_TRUE(csv) << csv.error().to_string();
  EXPECT_NE(explanation_text(*csv).find("  ip    -  ip: none\n  x     y  not used\n"), std::string::npos)
      << explanation_text(*csv);
  ReadOptions options;
  options.layout = compile_line_format("$remote_addr $msec").value();
  const auto layout = explain("web-1 | 203.0.113.9 1\n", options);
  ASSERT_TRUE(layout) << layout.error().to_string();
  EXPECT_EQ(explanation_text(*layout).substr(0, 68),
            "the.log: log-format, in lines of docker compose (known by --log-form");
  EXPECT_NE(explanation_text(*layout).find("$remote_addr  203.0.113.9  ip: 203.0.113.9"), std::string::npos);
  const auto w3c = explain("#Fields: date time c-ip x\n2024-05-17 10:05:03 203.0.113.9 y\n");
  ASSERT_TRUE(w3c);
  EXPECT_NE(explanation_text(*w3c).find("  time  10:05:03     time: 2024-05-17T10:05:03Z\n"), std::string::npos)
      << explanation_text(*w3c);
}

TEST_F(LogExplainer, AVariableThatIsNotUsedAndNearToOneThatIsMayBeMisspelt) {
  ReadOptions options;
  options.layout =
      compile_line_format("$remote_addr $time_iso8601 $request_metod $request_id $urt ${hots} $status").value();
  const auto explanation = explain("203.0.113.9 2024-05-17T10:05:03Z GET 17 0.1 a 200\n", options);
  ASSERT_TRUE(explanation) << explanation.error().to_string();
  EXPECT_TRUE(explanation_text(*explanation).ends_with(R"(
  $remote_addr    203.0.113.9           ip: 203.0.113.9
  $time_iso8601   2024-05-17T10:05:03Z  time: 2024-05-17T10:05:03Z
  $request_metod  GET                   not used; did you mean $request_method?
  $request_id     17                    not used
  $urt            0.1                   not used
  ${hots}         a                     not used
  $status         200                   not used
)")) << explanation_text(*explanation);
}

TEST_F(LogExplainer, WritesTheSameAsJson) {
  const auto explanation = explain(kVhost);
  ASSERT_TRUE(explanation);
  const boost::json::value json = boost::json::parse(explanation_json(*explanation));
  EXPECT_EQ(json.at("format"), "combined");
  const auto& line = json.at("lines").at(0);
  EXPECT_EQ(line.at("line"), 1);
  EXPECT_TRUE(line.at("why_not").is_null());
  EXPECT_TRUE(line.at("is_request").as_bool());
  EXPECT_EQ(line.at("fields").at(0).at("use"), "time");
  EXPECT_EQ(line.at("fields").at(0).at("value"), "2024-05-17T10:05:03Z");
  EXPECT_TRUE(line.at("fields").at(5).at("use").is_null());
}

TEST_F(LogExplainer, SaysWhyALogCannotBeExplained) {
  EXPECT_FALSE(explain(""));
  EXPECT_NE(explain("what is this\n").error().message.find("as a combined log"), std::string::npos);
  EXPECT_FALSE(explain("\x28\xB5\x2F\xFD broken"));
  EXPECT_FALSE(explain_log("/nowhere/at/all.log", {}));
}

}  // namespace
}  // namespace rateguard::simulate
