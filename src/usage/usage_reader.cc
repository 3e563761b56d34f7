#include "usage/usage_reader.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "text/number.h"
#include "usage/dollars.h"

namespace rateguard::usage {
namespace {

constexpr std::string_view kDone = "[DONE]";
constexpr size_t kModelBytesMax = 128;
constexpr size_t kTypeBytesMax = 32;
// More than any model takes or gives; a larger figure is a mistake of who tells it, and is not believed.
constexpr uint64_t kTokensMax = 1'000'000'000'000;

// The member of the usage object that `place` names: of "message.usage.output_tokens", "output_tokens". Empty: it is
// elsewhere.
std::string_view usage_member(std::string_view place) {
  for (const std::string_view object : {"usage.", "response.usage.", "message.usage."}) {
    if (place.starts_with(object)) return place.substr(object.size());
  }
  return {};
}

// Where an answer has its text, in pieces and whole.
bool is_content(std::string_view place) {
  static constexpr std::array<std::string_view, 20> kPlaces = {
      "choices[].delta.content",
      "choices[].delta.reasoning_content",
      "choices[].delta.reasoning",
      "choices[].delta.refusal",
      "choices[].delta.tool_calls[].function.name",
      "choices[].delta.tool_calls[].function.arguments",
      "choices[].message.content",
      "choices[].message.reasoning_content",
      "choices[].message.refusal",
      "choices[].message.tool_calls[].function.name",
      "choices[].message.tool_calls[].function.arguments",
      "choices[].text",
      "output[].content[].text",
      "output[].arguments",
      "delta",  // of a response's events
      "delta.text",
      "delta.thinking",
      "delta.partial_json",
      "content[].text",
      "content[].thinking",
  };
  return std::ranges::find(kPlaces, place) != kPlaces.end();
}

bool ends_answer(std::string_view type) {
  static constexpr std::array<std::string_view, 4> kLast = {"message_stop", "response.completed", "response.incomplete",
                                                            "response.failed"};
  return std::ranges::find(kLast, type) != kLast.end();
}

void append_within(std::string& text, std::string_view piece, size_t bytes_max) {
  text += piece.substr(0, bytes_max - std::min(bytes_max, text.size()));
}

}  // namespace

UsageReader::UsageReader(UsageDialect dialect, AnswerShape shape) : dialect_(dialect), shape_(shape) {}

void UsageReader::read(std::string_view bytes) {
  if (shape_ == AnswerShape::kJson) return void(walker_.read(bytes));
  while (!bytes.empty()) {
    const EventSplitter::Step step = events_.read(bytes, *this);
    bytes.remove_prefix(step.consumed);
    if (step.event_over) event_ended();
  }
}

void UsageReader::finish() {
  if (shape_ == AnswerShape::kJson) is_whole_ = walker_.finish();
}

void UsageReader::data_piece(std::string_view piece) {
  if (!data_is_json_ && kDone.substr(data_head_.size()).starts_with(piece)) {
    data_head_ += piece;
    return;
  }
  if (!std::exchange(data_is_json_, true)) walker_.read(data_head_);
  walker_.read(piece);
}

void UsageReader::event_ended() {
  const bool is_done = !data_is_json_ && data_head_ == kDone;
  if (is_done || ends_answer(type_)) is_whole_ = true;
  if (data_is_json_) walker_.reset();
  if (event_has_text_) ++text_events_;
  data_head_.clear();
  type_.clear();
  data_is_json_ = event_has_text_ = false;
}

void UsageReader::scalar(std::string_view place, JsonScalar kind, std::string_view text) {
  if (kind != JsonScalar::kNumber) return;
  const std::string_view member = usage_member(place);
  if (member.empty()) return;
  if (member == "cost") return take_cost(text);
  if (const auto value = parse_whole(text, {.max = kTokensMax})) take_figure(member, static_cast<int64_t>(*value));
}

void UsageReader::take_cost(std::string_view text) {
  if (const auto nano = nano_dollars(text)) cost_nano_dollars_.tell(*nano);
}

void UsageReader::take_figure(std::string_view member, int64_t value) {
  struct Row {
    std::string_view member;
    Figure UsageReader::* figure;
  };
  static constexpr std::array<Row, 10> kOpenAi = {{
      {"prompt_tokens", &UsageReader::input_},
      {"input_tokens", &UsageReader::input_},
      {"completion_tokens", &UsageReader::output_},
      {"output_tokens", &UsageReader::output_},
      {"prompt_tokens_details.cached_tokens", &UsageReader::cached_input_},
      {"input_tokens_details.cached_tokens", &UsageReader::cached_input_},
      {"prompt_cache_hit_tokens", &UsageReader::cached_input_},
      {"completion_tokens_details.reasoning_tokens", &UsageReader::reasoning_},
      {"output_tokens_details.reasoning_tokens", &UsageReader::reasoning_},
      {"reasoning_tokens", &UsageReader::reasoning_},
  }};
  static constexpr std::array<Row, 6> kAnthropic = {{
      {"input_tokens", &UsageReader::input_},
      {"output_tokens", &UsageReader::output_},
      {"cache_read_input_tokens", &UsageReader::cached_input_},
      {"cache_creation_input_tokens", &UsageReader::cache_write_},
      {"cache_creation.ephemeral_5m_input_tokens", &UsageReader::cache_write_5m_},
      {"cache_creation.ephemeral_1h_input_tokens", &UsageReader::cache_write_1h_},
  }};
  const auto tell = [&](const auto& rows) {
    const auto row = std::ranges::find(rows, member, &Row::member);
    if (row != rows.end()) (this->*row->figure).tell(value);
  };
  dialect_ == UsageDialect::kOpenAi ? tell(kOpenAi) : tell(kAnthropic);
}

void UsageReader::text_piece(std::string_view place, std::string_view piece) {
  if (place == "type") append_within(type_, piece, kTypeBytesMax);
  if (is_content(place)) {
    text_bytes_ += static_cast<int64_t>(piece.size());
    event_has_text_ = true;
  }
  const bool names_model = place == "model" || place == "message.model" || place == "response.model";
  if (names_model && !model_is_told_) append_within(model_, piece, kModelBytesMax);
}

void UsageReader::text_ends(std::string_view place) {
  if (place == "model" || place == "message.model" || place == "response.model") model_is_told_ = true;
}

TokenUsage UsageReader::told() const {
  TokenUsage usage = {.output = output_.value, .reasoning = std::min(reasoning_.value, output_.value)};
  if (dialect_ == UsageDialect::kOpenAi) {
    usage.cached_input = std::min(cached_input_.value, input_.value);
    usage.input = input_.value - usage.cached_input;
  } else {
    usage.input = input_.value;
    usage.cached_input = cached_input_.value;
    usage.cache_write_1h = cache_write_1h_.value;
    // The total is told by all; how long it is kept, by newer ones.
    usage.cache_write = std::max(cache_write_5m_.value, cache_write_.value - cache_write_1h_.value);
  }
  if (cost_nano_dollars_.is_told) usage.cost_nano_dollars = cost_nano_dollars_.value;
  return usage;
}

TokenUsage UsageReader::usage(int64_t input_estimate) const {
  TokenUsage usage = told();
  const bool has_input = input_.is_told;
  // The first event of Anthropic's stream tells a token or two of output; only a whole answer's figure is the last.
  const bool has_output = output_.is_told && (is_whole_ || dialect_ == UsageDialect::kOpenAi);
  if (has_input && (has_output || (is_whole_ && text_bytes_ == 0))) {
    usage.source = UsageSource::kReported;
    return usage;
  }
  if (!has_input && !output_.is_told && text_bytes_ == 0) return usage;
  usage.source = UsageSource::kEstimated;
  if (!has_input) usage.input = input_estimate;
  if (!has_output) {
    const int64_t counted = std::max((text_bytes_ + kBytesPerToken - 1) / kBytesPerToken, text_events_);
    usage.output = std::max(usage.output, counted);
  }
  return usage;
}

}  // namespace rateguard::usage
