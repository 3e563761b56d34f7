// The protocols without sockets: what a question looks like, and what is made of answers however they are cut.
#include "loadgen/speaker.h"

#include <gtest/gtest.h>

#include "loadgen/grpc_speaker.h"

namespace rateguard::loadgen {
namespace {

using Kind = QuestionResult::Kind;

std::string asked(Speaker& speaker, const Question& question, Ticket ticket = 0) {
  std::string out;
  speaker.ask(question, ticket, out);
  return out;
}

// "0:admitted 1:refused 2:HTTP 500"
std::string text_of(const std::vector<QuestionResult>& answers) {
  std::string out;
  for (const QuestionResult& answer : answers) {
    const std::string what = answer.kind == Kind::kAdmitted  ? "admitted"
                             : answer.kind == Kind::kRefused ? "refused"
                                                             : answer.error;
    out += (out.empty() ? "" : " ") + std::to_string(answer.ticket) + ":" + what;
  }
  return out;
}

// Hears `bytes` cut into two at every place, each by a speaker that has asked `questions` times; the answers must be
// the same wherever the cut is.
std::string heard(const Plan& plan, int questions, const std::string& bytes) {
  std::string result;
  for (size_t cut = 0; cut <= bytes.size(); ++cut) {
    const auto speaker = make_speaker(plan);
    std::string out;
    for (int i = 0; i < questions; ++i) speaker->ask({.key = "k"}, static_cast<Ticket>(i), out);
    std::vector<QuestionResult> answers;
    auto good = speaker->hear(std::string_view(bytes).substr(0, cut), answers, out);
    if (good) good = speaker->hear(std::string_view(bytes).substr(cut), answers, out);
    std::string text = text_of(answers);
    if (!good) text += (text.empty() ? "! " : " ! ") + good.error();
    if (cut > 0) {
      EXPECT_EQ(text, result) << cut;
    }
    result = text;
  }
  return result;
}

Plan plan_for(std::string_view url) {
  Plan plan{.target = Target::parse(url).value()};
  plan.limit = {.capacity = 10, .units = 5, .period = Duration::seconds(1)};
  return plan;
}

TEST(HttpSpeaker, AsksWithItsOwnLimit) {
  const auto speaker = make_speaker(plan_for("http://127.0.0.1:8080"));
  EXPECT_EQ(asked(*speaker, {.key = "k1"}),
            "POST /check HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nUser-Agent: rateguard-bench\r\nAccept: */*\r\n"
            "Content-Type: application/json\r\nContent-Length: 78\r\n\r\n"
            R"({"key":"k1","algorithm":"token_bucket","capacity":10,"refill_rate":"5/1000ms"})");
  EXPECT_TRUE(asked(*speaker, {.key = "u", .used_up = true})
                  .ends_with(R"({"key":"u","algorithm":"gcra","burst":1,"rate":"1/30d"})"));
}

TEST(HttpSpeaker, AsksByRuleOrByTemplate) {
  Plan by_rule = plan_for("http://[::1]:1");
  by_rule.rule = "a\"b\tc";
  by_rule.cost = 3;
  by_rule.token = "secret";
  by_rule.headers = {"X-Tenant: t"};
  const std::string text = asked(*make_speaker(by_rule), {.key = "k", .cost = 3});
  EXPECT_TRUE(text.ends_with(R"({"rule":"a\"b\tc","key":"k","cost":3})")) << text;
  EXPECT_NE(text.find("\r\nHost: [::1]:1\r\n"), std::string::npos);
  EXPECT_NE(text.find("\r\nAuthorization: Bearer secret\r\nX-Tenant: t\r\n"), std::string::npos);

  Plan by_template = plan_for("http://h:1/v1/x?y=1");
  by_template.body = R"({"who":"{key}","units":{cost},"n":{n},"other":{}})";
  const std::string templated = asked(*make_speaker(by_template), {.key = "k", .cost = 2, .number = 9});
  EXPECT_TRUE(templated.starts_with("POST /v1/x?y=1 HTTP/1.1\r\n"));
  EXPECT_TRUE(templated.ends_with(R"({"who":"k","units":2,"n":9,"other":{}})")) << templated;

  EXPECT_TRUE(asked(*make_speaker(plan_for("http://h:1/health")), {}).starts_with("GET /health HTTP/1.1\r\n"));
}

TEST(HttpSpeaker, HearsPipelinedAnswersHoweverTheyAreCut) {
  EXPECT_EQ(heard(plan_for("http://h"), 6,
                  "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
                  "HTTP/1.1 429 Too Many Requests\r\ncontent-length:0\r\n\r\n"
                  "HTTP/1.1 100 Continue\r\n\r\n"
                  "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 3\r\n\r\nabc"
                  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX: y\r\n\r\n"
                  "HTTP/1.1 204 No Content\r\n\r\n"
                  "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n"),
            "0:admitted 1:refused 2:HTTP 503 3:admitted 4:admitted 5:HTTP 302");
}

TEST(HttpSpeaker, StopsAfterBytesThatAreNotHttp) {
  EXPECT_EQ(heard(plan_for("http://h"), 1, "SSH-2.0-OpenSSH_9.2\r\n\r\n"), "! malformed HTTP answer");
  EXPECT_EQ(heard(plan_for("http://h"), 1, "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"), "! malformed HTTP answer");
  EXPECT_EQ(heard(plan_for("http://h"), 1, "HTTP/1.1 200 OK\r\n\r\n"), "! HTTP answer without a length");
  EXPECT_EQ(heard(plan_for("http://h"), 1,
                  "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
            "0:admitted ! malformed HTTP answer")
      << "an answer to nothing";
}

TEST(HttpSpeaker, MayEndAfterTheAnswerThatSaidSo) {
  const auto speaker = make_speaker(plan_for("http://h"));
  std::string out;
  std::vector<QuestionResult> answers;
  asked(*speaker, {.key = "k"});
  EXPECT_FALSE(speaker->may_end());
  ASSERT_TRUE(speaker->hear("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", answers, out));
  EXPECT_TRUE(speaker->may_end());
}

TEST(RespSpeaker, AsksAsRedisCellIsAsked) {
  const auto speaker = make_speaker(plan_for("redis://h"));
  EXPECT_EQ(asked(*speaker, {.key = "k", .cost = 2}),
            "*6\r\n$11\r\nCL.THROTTLE\r\n$1\r\nk\r\n$1\r\n9\r\n$1\r\n5\r\n$1\r\n1\r\n$1\r\n2\r\n");
  EXPECT_EQ(asked(*speaker, {.key = "k", .used_up = true}),
            "*6\r\n$11\r\nCL.THROTTLE\r\n$1\r\nk\r\n$1\r\n0\r\n$1\r\n1\r\n$7\r\n2592000\r\n$1\r\n1\r\n");
}

TEST(RespSpeaker, AsksByRuleOrByCommand) {
  Plan by_rule = plan_for("redis://h");
  by_rule.rule = "two words";
  EXPECT_EQ(asked(*make_speaker(by_rule), {.key = "k"}),
            "*4\r\n$8\r\nRG.CHECK\r\n$9\r\ntwo words\r\n$1\r\nk\r\n$1\r\n1\r\n");
  Plan by_command = plan_for("redis://h");
  by_command.command = " GET  {key} ";
  EXPECT_EQ(asked(*make_speaker(by_command), {.key = "a b"}), "*2\r\n$3\r\nGET\r\n$3\r\na b\r\n");
}

TEST(RespSpeaker, HearsDecisionsHoweverTheyAreCut) {
  EXPECT_EQ(heard(plan_for("redis://h"), 4,
                  "*5\r\n:0\r\n:10\r\n:9\r\n:-1\r\n:1\r\n"
                  "*5\r\n:1\r\n:10\r\n:0\r\n:1\r\n:1\r\n"
                  "-ERR no such thing\r\n"
                  ">2\r\n+message\r\n:1\r\n"
                  "*0\r\n"),
            "0:admitted 1:refused 2:ERR 3:no decision in the reply");
  Plan by_rule = plan_for("redis://h");
  by_rule.rule = "r";
  EXPECT_EQ(heard(by_rule, 3,
                  "*4\r\n$7\r\nallowed\r\n:1\r\n$5\r\nlimit\r\n:7\r\n"
                  "%2\r\n$7\r\nallowed\r\n#f\r\n$5\r\nlimit\r\n:7\r\n"
                  "!15\r\nUNAVAILABLE the\r\n"),
            "0:admitted 1:refused 2:UNAVAILABLE");
}

TEST(RespSpeaker, AnyReplyAnswersACommandThatDecidesNothing) {
  Plan ping = plan_for("redis://h");
  ping.command = "PING";
  EXPECT_EQ(heard(ping, 5, "+PONG\r\n$-1\r\n:0\r\n*2\r\n*1\r\n$2\r\nab\r\n_\r\n|1\r\n+a\r\n+b\r\n,1.5\r\n"),
            "0:admitted 1:admitted 2:admitted 3:admitted 4:admitted");
}

TEST(RespSpeaker, StopsAfterBytesThatAreNotResp) {
  for (const char* bad : {"HTTP/1.1 400\r\n", ":x\r\n", "$-2\r\n", "*1000001\r\n", "$2\r\nabc\r\n", "\r\n", "#x\r\n"}) {
    EXPECT_EQ(heard(plan_for("redis://h"), 1, bad), "! malformed RESP reply") << bad;
  }
  EXPECT_EQ(heard(plan_for("redis://h"), 0, "+OK\r\n"), "! a RESP reply without a command");
}

TEST(RespSpeaker, AuthenticatesFirst) {
  Plan plan = plan_for("redis://h");
  plan.token = "secret";
  plan.command = "PING";
  const auto speaker = make_speaker(plan);
  std::string out;
  speaker->open(out);
  EXPECT_EQ(out, "*2\r\n$4\r\nAUTH\r\n$6\r\nsecret\r\n");
  speaker->ask({}, 5, out);
  std::vector<QuestionResult> answers;
  ASSERT_TRUE(speaker->hear("+OK\r\n+PONG\r\n", answers, out));
  EXPECT_EQ(text_of(answers), "5:admitted");

  const auto refused = make_speaker(plan);
  refused->open(out);
  EXPECT_EQ(refused->hear("-WRONGPASS no\r\n", answers, out).error(), "AUTH refused: WRONGPASS");
}

TEST(GrpcSpeaker, FindsTheVerdict) {
  const std::string frame(5, '\0');
  EXPECT_EQ(overall_code(""), 0u);
  EXPECT_EQ(overall_code(frame), 0u);
  EXPECT_EQ(overall_code(frame + "\x08\x01"), 1u);
  EXPECT_EQ(overall_code(frame + "\x12\x02\x08\x01\x08\x02"), 2u) << "a status first";
  EXPECT_EQ(overall_code(frame + "\x12\x05\x08"), 0u) << "cut short";
}

TEST(GrpcSpeaker, StopsAfterBytesThatAreNotHttp2) {
  const auto speaker = make_speaker(plan_for("grpc://h"));
  std::string out;
  speaker->open(out);
  EXPECT_TRUE(out.starts_with("PRI * HTTP/2.0"));
  speaker->ask({.key = "k"}, 1, out);
  std::vector<QuestionResult> answers;
  EXPECT_FALSE(speaker->hear("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", answers, out));
}

}  // namespace
}  // namespace rateguard::loadgen
