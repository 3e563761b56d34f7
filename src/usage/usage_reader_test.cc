#include "usage/usage_reader.h"

#include <gtest/gtest.h>

#include <string>

namespace rateguard::usage {
namespace {

// However the bytes are cut.
TokenUsage usage_of(UsageDialect dialect, AnswerShape shape, const std::string& body, int64_t input_estimate = 77) {
  UsageReader whole(dialect, shape);
  whole.read(body);
  whole.finish();
  const TokenUsage usage = whole.usage(input_estimate);
  for (const size_t size : {1, 3, 7}) {
    UsageReader cut(dialect, shape);
    for (size_t at = 0; at < body.size(); at += size) cut.read(std::string_view(body).substr(at, size));
    cut.finish();
    EXPECT_EQ(cut.usage(input_estimate), usage) << size;
    EXPECT_EQ(cut.is_whole(), whole.is_whole()) << size;
    EXPECT_EQ(cut.model(), whole.model()) << size;
  }
  return usage;
}

TokenUsage openai_json(const std::string& body) {
  return usage_of(UsageDialect::kOpenAi, AnswerShape::kJson, body);
}
TokenUsage openai_events(const std::string& body) {
  return usage_of(UsageDialect::kOpenAi, AnswerShape::kEvents, body);
}
TokenUsage anthropic_json(const std::string& body) {
  return usage_of(UsageDialect::kAnthropic, AnswerShape::kJson, body);
}
TokenUsage anthropic_events(const std::string& body) {
  return usage_of(UsageDialect::kAnthropic, AnswerShape::kEvents, body);
}

TEST(UsageReaderTest, OpenAiCountsCachedInputAsInputAndReasoningAsOutput) {
  const TokenUsage usage = openai_json(
      R"({"id":"c","object":"chat.completion","model":"gpt-4o-2024-08-06","choices":[{"index":0,"message":{"role":"assistant","content":"Hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1200,"completion_tokens":90,"total_tokens":1290,"prompt_tokens_details":{"cached_tokens":1024,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":64,"audio_tokens":0,"accepted_prediction_tokens":0}}})");
  EXPECT_EQ(usage,
            (TokenUsage{
                .input = 176, .cached_input = 1'024, .output = 90, .reasoning = 64, .source = UsageSource::kReported}));
  EXPECT_EQ(usage.all_input(), 1'200);
}

TEST(UsageReaderTest, AResponseOfOpenAiNamesItsFiguresOtherwise) {
  const std::string response =
      R"({"id":"r","object":"response","status":"completed","model":"o4-mini","output":[{"type":"message","content":[{"type":"output_text","text":"Hi"}]}],"usage":{"input_tokens":36,"input_tokens_details":{"cached_tokens":0},"output_tokens":87,"output_tokens_details":{"reasoning_tokens":64},"total_tokens":123}})";
  const TokenUsage expected = {.input = 36, .output = 87, .reasoning = 64, .source = UsageSource::kReported};
  EXPECT_EQ(openai_json(response), expected);
  EXPECT_EQ(openai_events("event: response.output_text.delta\n"
                          "data: {\"type\":\"response.output_text.delta\",\"delta\":\"Hi\"}\n\n"
                          "event: response.completed\ndata: {\"type\":\"response.completed\",\"response\":" +
                          response + "}\n\n"),
            expected);
}

TEST(UsageReaderTest, EmbeddingsHaveInputAlone) {
  EXPECT_EQ(
      openai_json(
          R"({"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.1,-2e-3]}],"model":"text-embedding-3-small","usage":{"prompt_tokens":8,"total_tokens":8}})"),
      (TokenUsage{.input = 8, .source = UsageSource::kReported}));
}

const std::string kChunk =
    R"(data: {"id":"c","object":"chat.completion.chunk","model":"gpt-4o","choices":[{"index":0,"delta":{"content":"Hello"},"finish_reason":null}],"usage":null})"
    "\n\n";
const std::string kUsageChunk =
    R"(data: {"id":"c","object":"chat.completion.chunk","model":"gpt-4o","choices":[],"usage":{"prompt_tokens":12,"completion_tokens":5,"total_tokens":17}})"
    "\n\n";
const std::string kDone = "data: [DONE]\n\n";

TEST(UsageReaderTest, AStreamOfOpenAiTellsItInItsLastChunk) {
  EXPECT_EQ(openai_events(kChunk + kChunk + kUsageChunk + kDone),
            (TokenUsage{.input = 12, .output = 5, .source = UsageSource::kReported}));
}

TEST(UsageReaderTest, FiguresInEveryChunkAreTotals) {
  const auto chunk = [](int tokens) {
    return R"(data: {"choices":[{"delta":{"content":"x"}}],"usage":{"prompt_tokens":9,"completion_tokens":)" +
           std::to_string(tokens) + "}}\n\n";
  };
  EXPECT_EQ(openai_events(chunk(1) + chunk(2) + chunk(3) + kDone),
            (TokenUsage{.input = 9, .output = 3, .source = UsageSource::kReported}));
}

TEST(UsageReaderTest, AStreamThatTellsNothingIsCountedFromItsText) {
  // Ten pieces of five bytes: more pieces than tokens of four bytes would be fewer.
  std::string body;
  for (int i = 0; i < 10; ++i) body += kChunk;
  EXPECT_EQ(openai_events(body + kDone), (TokenUsage{.input = 77, .output = 13, .source = UsageSource::kEstimated}));
  EXPECT_EQ(openai_events(body.substr(0, body.size() - 9)).source, UsageSource::kEstimated) << "cut";
}

TEST(UsageReaderTest, AZeroIsAFigureAndANullIsNone) {
  EXPECT_EQ(openai_json(R"({"choices":[],"usage":{"prompt_tokens":0,"completion_tokens":0}})"),
            (TokenUsage{.source = UsageSource::kReported}));
  EXPECT_EQ(openai_json(R"({"choices":[],"usage":null})"), TokenUsage());
}

TEST(UsageReaderTest, FiguresThatNoModelHasAreNotBelieved) {
  EXPECT_EQ(
      openai_json(
          R"({"usage":{"prompt_tokens":-5,"completion_tokens":1e3,"input_tokens":99999999999999999999,"output_tokens":4}})"),
      (TokenUsage{.input = 77, .output = 4, .source = UsageSource::kEstimated}));
  EXPECT_EQ(
      openai_json(
          R"({"usage":{"prompt_tokens":5,"completion_tokens":4,"prompt_tokens_details":{"cached_tokens":9},"completion_tokens_details":{"reasoning_tokens":7}}})"),
      (TokenUsage{.cached_input = 5, .output = 4, .reasoning = 4, .source = UsageSource::kReported}));
}

TEST(UsageReaderTest, FiguresElsewhereInTheAnswerAreNone) {
  EXPECT_EQ(
      openai_json(
          R"({"choices":[{"message":{"content":"{\"usage\":{\"prompt_tokens\":5}}"}}],"x":{"usage":{"prompt_tokens":6}},"usage":{"prompt_tokens":1,"completion_tokens":2,"nested":{"prompt_tokens":7}}})"),
      (TokenUsage{.input = 1, .output = 2, .source = UsageSource::kReported}));
}

TEST(UsageReaderTest, WhatTheProviderChargesIsTakenAsItSays) {
  for (const auto& [text, nano] : std::vector<std::pair<std::string, int64_t>>{
           {"0.00123", 1'230'000}, {"1.2e-05", 12'000}, {"9.19", 9'190'000'000}, {"0", 0}, {"1e-10", 1}}) {
    EXPECT_EQ(
        openai_json(R"({"usage":{"prompt_tokens":1,"completion_tokens":2,"cost":)" + text + "}}").cost_nano_dollars,
        nano)
        << text;
  }
}

TEST(UsageReaderTest, AnthropicTellsInputFirstAndTotalsOfOutputAfterwards) {
  const std::string start =
      "event: message_start\n"
      R"(data: {"type":"message_start","message":{"id":"m","type":"message","model":"claude-sonnet-4","content":[],"usage":{"input_tokens":25,"cache_creation_input_tokens":300,"cache_read_input_tokens":4000,"cache_creation":{"ephemeral_5m_input_tokens":100,"ephemeral_1h_input_tokens":200},"output_tokens":1}}})"
      "\n\n";
  const std::string text =
      "event: content_block_delta\n"
      R"(data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hello there"}})"
      "\n\n";
  const auto delta = [](int tokens) {
    return "event: message_delta\n"
           R"(data: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":)" +
           std::to_string(tokens) + "}}\n\n";
  };
  const std::string stop = "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
  TokenUsage expected = {.input = 25,
                         .cached_input = 4'000,
                         .cache_write = 100,
                         .cache_write_1h = 200,
                         .output = 15,
                         .source = UsageSource::kReported};
  EXPECT_EQ(anthropic_events(start + "event: ping\ndata: {\"type\":\"ping\"}\n\n" + text + delta(9) + delta(15) + stop),
            expected);
  expected.output = 3;
  expected.source = UsageSource::kEstimated;
  EXPECT_EQ(anthropic_events(start + text), expected) << "cut: the text counts, the input was told";
}

TEST(UsageReaderTest, AnOlderAnswerOfAnthropicTellsCacheWritesInOneFigure) {
  EXPECT_EQ(
      anthropic_json(
          R"({"type":"message","model":"claude-3","content":[{"type":"text","text":"Hi"}],"usage":{"input_tokens":10,"cache_creation_input_tokens":30,"cache_read_input_tokens":0,"output_tokens":6}})"),
      (TokenUsage{.input = 10, .cache_write = 30, .output = 6, .source = UsageSource::kReported}));
}

TEST(UsageReaderTest, ItSaysWhichModelAnsweredAndWhetherTheStreamCameToItsEnd) {
  UsageReader reader(UsageDialect::kOpenAi, AnswerShape::kEvents);
  reader.read(kChunk + kUsageChunk);
  EXPECT_EQ(reader.model(), "gpt-4o");
  EXPECT_FALSE(reader.is_whole());
  reader.read("data: [DONE");
  EXPECT_FALSE(reader.is_whole());
  reader.read("]\n\n");
  EXPECT_TRUE(reader.is_whole());
}

TEST(UsageReaderTest, WhatOnlyBeginsAsTheLastEventIsNotTheLast) {
  for (const std::string data : {"[DONE]x", "[DONE", "x[DONE]"}) {
    UsageReader reader(UsageDialect::kOpenAi, AnswerShape::kEvents);
    for (const char c : "data: " + data + "\n\n") reader.read({&c, 1});
    EXPECT_FALSE(reader.is_whole()) << data;
  }
}

TEST(UsageReaderTest, AnEventThatIsNoJsonHarmsNoOther) {
  EXPECT_EQ(openai_events("data: {\"usage\":{\"prompt_tokens\":4\n\ndata: oops\n\n" + kUsageChunk + kDone),
            (TokenUsage{.input = 12, .output = 5, .source = UsageSource::kReported}));
}

TEST(UsageReaderTest, AnAnswerThatSaysNothingHasNoUsage) {
  EXPECT_EQ(openai_json(R"({"error":{"message":"overloaded"}})"), TokenUsage());
  EXPECT_EQ(openai_json("<html>"), TokenUsage());
  EXPECT_EQ(openai_json(""), TokenUsage());
}

}  // namespace
}  // namespace rateguard::usage
