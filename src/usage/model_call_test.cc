#include "usage/model_call.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace rateguard::usage {
namespace {

std::string problem(const std::string& body) {
  const auto call = read_model_call(body);
  return call ? "" : call.error().message;
}

TEST(ModelCallTest, ReadsWhatLimitsDependOn) {
  const auto call = read_model_call(
      R"( {"model":"gpt-4o","stream":true,"stream_options":{"include_usage":true},"max_tokens":500,"max_completion_tokens":200,"n":2,"messages":[{"role":"user","content":"Hello"}],"tools":[{"model":"inner","n":9}]} )");
  ASSERT_TRUE(call.has_value());
  EXPECT_EQ(*call, (ModelCall{.model = "gpt-4o",
                              .streams = true,
                              .asks_usage = true,
                              .output_tokens_max = 200,
                              .answers = 2,
                              .text_bytes = 6 + 4 + 5 + 5}));
}

TEST(ModelCallTest, WhatIsNotThereIsNull) {
  const auto call = read_model_call(R"({"model":null,"stream":null,"max_tokens":null,"stream_options":null})");
  ASSERT_TRUE(call.has_value());
  EXPECT_EQ(*call, ModelCall());
}

TEST(ModelCallTest, WhatIsWrongIsSaid) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"({"model":"a","model":"b"})", "\"model\" comes twice"},
      {R"({"stream":true,"stream":false})", "\"stream\" comes twice"},
      {R"({"stream_options":{},"stream_options":{}})", "\"stream_options\" comes twice"},
      {R"({"model":5})", "\"model\" is a number"},
      {R"({"model":["a"]})", "\"model\" is a list"},
      {R"({"stream":"true"})", "\"stream\" is a text"},
      {R"({"stream_options":true})", "\"stream_options\" is a boolean"},
      {R"({"max_tokens":"5"})", "\"max_tokens\" is a text"},
      {R"({"max_tokens":1.5})", "\"max_tokens\": 1.5 is not a whole number within its range"},
      {R"({"n":-1})", "\"n\": -1 is not a whole number within its range"},
      {R"(["model"])", "the body is not a JSON object"},
      {R"({"model":"a",})", "the body is not JSON: wrong at byte 13"},
      {R"({"model":"a"} x)", "the body is not JSON: wrong at byte 14"},
      {R"({"model":"a")", "the body is not JSON: wrong at byte 12"},
      {"", "the body is not JSON: wrong at byte 0"},
  };
  for (const auto& [body, message] : cases) EXPECT_EQ(problem(body), message) << body;
  EXPECT_EQ(problem(R"({"model":")" + std::string(257, 'm') + "\"}"), "\"model\" is longer than 256 bytes");
}

TEST(ModelCallTest, TextOutsideTheMembersThatMatterMayComeTwice) {
  EXPECT_EQ(problem(R"({"user":"a","user":"b","x":{"model":1}})"), "");
}

TEST(ModelCallTest, InputIsNeverMoreTokensThanBytes) {
  const auto call = read_model_call(R"({"messages":[{"content":"12345678"}]})");
  EXPECT_EQ(call->input_tokens_at_most(), 8 + 16);
  EXPECT_EQ(call->input_tokens_estimate(), 2 + 16);
}

TEST(ModelCallTest, UsageIsAskedForWithoutAnotherChange) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"( { "model":"a","stream":true})", R"( {"stream_options":{"include_usage":true}, "model":"a","stream":true})"},
      {R"({"stream":true,"stream_options":{}})", R"({"stream":true,"stream_options":{"include_usage":true}})"},
      {R"({"stream_options":{"x":1},"stream":true})",
       R"({"stream_options":{"include_usage":true,"x":1},"stream":true})"},
      {R"({"stream":true,"stream_options":null})", R"({"stream":true,"stream_options":{"include_usage":true}})"},
      {R"({"stream":true,"stream_options":{"include_usage": false}})",
       R"({"stream":true,"stream_options":{"include_usage":true}})"},
      {R"({"stream":true,"stream_options":{"include_usage":null,"x":2}})",
       R"({"stream":true,"stream_options":{"include_usage":true,"x":2}})"},
      {R"({"a":{"stream_options":{}},"stream":true})",
       R"({"stream_options":{"include_usage":true},"a":{"stream_options":{}},"stream":true})"},
  };
  for (const auto& [body, expected] : cases) {
    EXPECT_EQ(asking_for_usage(body), expected);
    const auto call = read_model_call(expected);
    ASSERT_TRUE(call.has_value()) << expected;
    EXPECT_TRUE(call->asks_usage) << expected;
  }
}

}  // namespace
}  // namespace rateguard::usage
