#include "simulate/logs/envelope.h"

#include <gtest/gtest.h>

#include "simulate/logs/input_format.h"

namespace rateguard::simulate {
namespace {

constexpr std::string_view kLine = R"(203.0.113.5 - - [17/May/2024:10:05:03 +0000] "GET /a HTTP/1.1" 200 5 "-" "c")";
constexpr std::string_view kDocker =
    R"({"log":"203.0.113.5 - - [17/May/2024:10:05:03 +0000] \"GET /a HTTP/1.1\" 200 5 \"-\" \"c\"\n","stream":"stdout","time":"2024-05-17T10:05:03.1Z"})";

TEST(Unwrapper, TakesTheLineOutOfItsEnvelope) {
  const struct {
    Envelope envelope;
    std::string line;
  } cases[] = {
      {Envelope::kDockerJson, std::string(kDocker)},
      {Envelope::kCri, "2016-10-06T00:17:09.669794202Z stdout F " + std::string(kLine)},
      {Envelope::kCri, "2016-10-06T00:17:09.669794202+02:00 stderr F " + std::string(kLine)},
      {Envelope::kSyslog, "<34>Oct 11 22:14:15 host nginx: " + std::string(kLine)},
      {Envelope::kSyslog, "Oct  1 22:14:15 host nginx[12]: " + std::string(kLine)},
      {Envelope::kSyslog, "<190>Oct 11 22:14:15 nginx: " + std::string(kLine)},
      {Envelope::kSyslog, "2003-10-11T22:14:15.003123+02:00 host nginx[12]: " + std::string(kLine)},
      {Envelope::kSyslog,
       "<165>1 2003-10-11T22:14:15.003Z host nginx - ID47 [a@1 b=\"]\\\"\" c=\"d\"][e@2] " + std::string(kLine)},
      {Envelope::kSyslog, "<165>1 2003-10-11T22:14:15.003Z - - - - - \xEF\xBB\xBF" + std::string(kLine)},
      {Envelope::kCompose, "web-1  | " + std::string(kLine)},
  };
  for (const auto& c : cases) {
    Unwrapper unwrapper(c.envelope);
    const auto inside = unwrapper.unwrap(c.line);
    ASSERT_TRUE(inside) << c.line;
    EXPECT_EQ(inside->text, kLine) << c.line;
    EXPECT_FALSE(inside->goes_on) << c.line;
    for (const Envelope other : kEnvelopes) {
      if (other == c.envelope) continue;
      EXPECT_FALSE(Unwrapper(other).unwrap(c.line)) << to_string(other) << ": " << c.line;
    }
  }
}

TEST(Unwrapper, LeavesAloneWhatHasNoEnvelope) {
  for (const std::string_view line :
       {kLine, std::string_view(), std::string_view(R"({"time":1,"ip":"203.0.113.5"})"),
        std::string_view(R"({"log":"x\n"})"), std::string_view(R"({"log":"x\n","stream":"stdout")"),
        std::string_view("2016-10-06T00:17:09Z stdout X y"), std::string_view("2016-10-06T00:17:09Z 1 2 3"),
        std::string_view("a|b"), std::string_view("<34>"), std::string_view("<165>1 2003-10-11T22:14:15.003Z h"),
        std::string_view("Oct 11 22:14:15 host no colon"), std::string_view("Oct 11 22:14")}) {
    for (const Envelope envelope : kEnvelopes) {
      EXPECT_FALSE(Unwrapper(envelope).unwrap(line)) << to_string(envelope) << ": " << line;
    }
  }
}

TEST(EnvelopedParser, PutsTheLinesTogetherThatWereCut) {
  const auto parser = make_line_parser({.format = InputFormat::kCombined, .envelopes = {Envelope::kCri}});
  LogEntry entry;
  ASSERT_TRUE(parser->parse("2016-10-06T00:17:09.6Z stdout P " + std::string(kLine.substr(0, 40)), entry));
  EXPECT_EQ(entry.kind, LineKind::kNotARecord);
  // The other stream's lines come between.
  ASSERT_TRUE(parser->parse("2016-10-06T00:17:09.6Z stderr F " + std::string(kLine), entry));
  EXPECT_EQ(entry.kind, LineKind::kRequest);
  ASSERT_TRUE(parser->parse("2016-10-06T00:17:09.7Z stdout F " + std::string(kLine.substr(40)), entry));
  EXPECT_EQ(entry.kind, LineKind::kRequest);
  EXPECT_EQ(entry.path, "/a");
  const std::string whole = "2016-10-06T00:17:09.7Z stdout F " + std::string(kLine);  // where `entry` will point
  ASSERT_TRUE(parser->parse(whole, entry));
  EXPECT_EQ(entry.client, "203.0.113.5");
  EXPECT_FALSE(parser->parse(kLine, entry));
}

TEST(TakeEnvelopes, FindsThoseInOneAnother) {
  std::vector<std::string> lines = {"web-1  | 2016-10-06T00:17:09.6Z stdout F " + std::string(kLine),
                                    "web-1  | 2016-10-06T00:17:09.7Z stdout F " + std::string(kLine), "something else"};
  EXPECT_EQ(take_envelopes(lines), (std::vector<Envelope>{Envelope::kCompose, Envelope::kCri}));
  EXPECT_EQ(lines, (std::vector<std::string>{std::string(kLine), std::string(kLine)}));
}

}  // namespace
}  // namespace rateguard::simulate
