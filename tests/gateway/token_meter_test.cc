// The example that meters calls of language models, between a client and a stand-in for a provider.
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <mutex>
#include <string>
#include <string_view>

#include "http/client/client_fixture_testing.h"
#include "http/server/server_fixture.h"
#include "net/eventually_testing.h"
#include "support/processes/child_process.h"

namespace rateguard::http {
namespace {

const std::string kHello = "data: {\"choices\":[{\"delta\":{\"content\":\"Hello\"}}],\"usage\":null}\n\n";
const std::string kUsage =
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1200,\"completion_tokens\":300,"
    "\"prompt_tokens_details\":{\"cached_tokens\":200}}}\n\n";
const std::string kDone = "data: [DONE]\n\n";

// Answers as providers do: a stream to whoever asks for one, and its usage only if that is asked for too.
class Provider final : public Handler {
 public:
  bool streams() const override { return true; }
  void handle(Exchange& exchange, Now) override {
    const std::string body(exchange.request().body);
    const std::lock_guard lock(mutex_);
    asked_ = body;
    if (exchange.request().path == "/v1/messages") {
      exchange.status(200);
      return exchange.body("application/json",
                           R"({"type":"message","content":[],"usage":{"input_tokens":10,"output_tokens":6}})");
    }
    const KeptExchange kept = exchange.keep(nullptr);
    exchange.status(200);
    exchange.header("content-type", "text/event-stream");
    exchange.write(kHello);
    if (body.find("\"cut\"") == std::string::npos) {
      exchange.write(kHello);
      if (body.find("\"include_usage\":true") != std::string::npos) exchange.write(kUsage);
      exchange.write(kDone);
    }
    exchange.finish();
  }
  void reject(const Rejection& rejection, Instant, Responder& responder) override {
    responder.status(rejection.status);
    responder.body("text/plain", rejection.field);
  }
  std::string asked() {
    const std::lock_guard lock(mutex_);
    return asked_;
  }

 private:
  std::mutex mutex_;
  std::string asked_;
};

class TokenMeter : public ClientFixture {
 protected:
  TokenMeter() {
    std::array<int, 2> pipe = {};
    EXPECT_EQ(::pipe(pipe.data()), 0);
    EXPECT_TRUE(meter_.start({.words = {TOKEN_METER, std::to_string(upstream_.port())}, .out = pipe[1]}))
        << meter_.problem();
    ::close(pipe[1]);
    out_ = pipe[0];
    here_ = origin(static_cast<uint16_t>(std::atoi(line().c_str())), Protocols::kHttp1);
  }
  ~TokenMeter() override { ::close(out_); }

  // The next line that it prints.
  std::string line() {
    std::string text;
    for (char c = 0; ::read(out_, &c, 1) == 1 && c != '\n';) text += c;
    return text;
  }
  std::string ask(std::string_view target, std::string_view body) {
    HeardCall heard;
    start(heard, here_, {.method = "POST", .target = target, .content = RequestContent::kStreamed});
    heard.call->write(body);
    heard.call->finish();
    EXPECT_TRUE(until([&] { return heard.is_over(); }));
    return heard.status == 200 ? heard.body : std::to_string(heard.status) + " " + heard.body;
  }

  Provider provider_;
  TestServer upstream_{provider_};
  test::ChildProcess meter_;
  int out_ = -1;
  std::shared_ptr<const Origin> here_;
};

TEST_F(TokenMeter, AsksForTheUsageOfAStreamAndKeepsItToItself) {
  EXPECT_EQ(ask("/v1/chat/completions", R"({"model":"gpt-4o","stream":true})"), kHello + kHello + kDone);
  EXPECT_EQ(provider_.asked(), R"({"stream_options":{"include_usage":true},"model":"gpt-4o","stream":true})");
  EXPECT_EQ(line(), "model=gpt-4o input=1000 cached=200 output=300 source=reported nano_dollars=6000000");
}

TEST_F(TokenMeter, WhoAsksForTheUsageGetsIt) {
  const std::string body = R"({"model":"gpt-4o","stream":true,"stream_options":{"include_usage":true}})";
  EXPECT_EQ(ask("/v1/chat/completions", body), kHello + kHello + kUsage + kDone);
  EXPECT_EQ(provider_.asked(), body);
  EXPECT_EQ(line(), "model=gpt-4o input=1000 cached=200 output=300 source=reported nano_dollars=6000000");
}

TEST_F(TokenMeter, CountsWhatPassedOfAStreamThatIsCut) {
  EXPECT_EQ(ask("/v1/chat/completions", R"({"model":"m","stream":true,"user":"cut"})"), kHello);
  EXPECT_EQ(line(), "model=m input=17 cached=0 output=2 source=estimated nano_dollars=62500");
}

TEST_F(TokenMeter, ReadsAnthropicsAnswers) {
  ask("/v1/messages", R"({"model":"claude","max_tokens":9})");
  EXPECT_EQ(line(), "model=claude input=10 cached=0 output=6 source=reported nano_dollars=85000");
}

TEST_F(TokenMeter, WhatCannotBeReadAheadIsRefused) {
  EXPECT_EQ(ask("/v1/chat/completions", R"({"model":"a","model":"b"})"), "400 \"model\" comes twice\n");
  EXPECT_EQ(provider_.asked(), "");
}

}  // namespace
}  // namespace rateguard::http
