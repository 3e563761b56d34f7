// What a request to a language model's API asks for, as far as limits and budgets depend on it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace rateguard::usage {

struct ModelCall {
  std::string model = {};
  bool streams = false;     // "stream": true
  bool asks_usage = false;  // "stream_options": {"include_usage": true}
  // The most output that the caller takes: the smallest of max_tokens, max_completion_tokens and max_output_tokens.
  std::optional<int64_t> output_tokens_max = {};
  int64_t answers = 1;     // "n": as many answers, each with so much output
  int64_t text_bytes = 0;  // of all strings, names of members aside

  bool operator==(const ModelCall&) const = default;

  // No input of text has more tokens than bytes, and a few more that the provider puts around it. Images and audio that
  // are named by a URL are not counted.
  int64_t input_tokens_at_most() const { return text_bytes + kTokensAround; }
  // A guess near the truth for text.
  int64_t input_tokens_estimate() const { return text_bytes / 4 + kTokensAround; }

  static constexpr int64_t kTokensAround = 16;
};

// Errors: kInvalid with what is wrong: not JSON (with the byte), not an object, a member that matters twice (upstreams
// differ in which one they take), or of the wrong type.
Result<ModelCall> read_model_call(std::string_view body);

// The same request asking for usage in its stream. Only where it `streams` and does not ask already.
// REQUIRES: read_model_call() has accepted `body`.
std::string asking_for_usage(std::string_view body);

}  // namespace rateguard::usage
