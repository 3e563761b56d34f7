// Reads what an answer of a language model used while its bytes pass, in constant memory and without delaying them.
//
// OpenAI's API (chat completions, completions, responses, embeddings, images, transcriptions) and those compatible with
// it: `prompt_tokens` or `input_tokens` count cached input too, and `completion_tokens` or `output_tokens` count
// reasoning. In a stream the figures come in the last chunk, or in each, and then the last one counts. Anthropic's
// messages: `input_tokens` do not count what was read from or written to a cache; `message_start` has the input, and
// the figures of each `message_delta` are totals, not differences. A zero is a figure; a null is none.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "usage/event_splitter.h"
#include "usage/json_walker.h"
#include "usage/token_usage.h"

namespace rateguard::usage {

enum class UsageDialect : uint8_t { kOpenAi, kAnthropic };
enum class AnswerShape : uint8_t { kJson, kEvents };

class UsageReader final : private EventData, private JsonVisitor {
 public:
  UsageReader(UsageDialect dialect, AnswerShape shape);

  // The next bytes of the body, decompressed.
  void read(std::string_view bytes);
  // No more bytes come.
  void finish();

  // The answer came to its end by its own word: whole JSON, "[DONE]", message_stop, response.completed and its like.
  bool is_whole() const { return is_whole_; }
  // What was used. What the answer did not report is counted from the text that passed, and as `input_estimate`.
  TokenUsage usage(int64_t input_estimate) const;
  // The model that answered, which may be another than was asked for. Empty: it does not say.
  std::string_view model() const { return model_; }

  // Text that one token stands for, where nothing better is known: English is near it, code below.
  static constexpr int64_t kBytesPerToken = 4;

 private:
  // Of one figure: whether it was told, and the last that was.
  struct Figure {
    int64_t value = 0;
    bool is_told = false;
    void tell(int64_t now) { *this = {now, true}; }
  };

  void data_piece(std::string_view piece) override;
  void event_ended();
  void scalar(std::string_view place, JsonScalar kind, std::string_view text) override;
  void text_piece(std::string_view place, std::string_view piece) override;
  void text_ends(std::string_view place) override;
  void take_figure(std::string_view member, int64_t value);
  void take_cost(std::string_view text);
  TokenUsage told() const;

  const UsageDialect dialect_;
  const AnswerShape shape_;
  EventSplitter events_;
  JsonWalker walker_{*this};
  std::string data_head_;  // of an event's data, while it may yet be "[DONE]"
  bool data_is_json_ = false;
  std::string type_;  // of the event
  std::string model_;
  bool model_is_told_ = false;
  bool is_whole_ = false;
  Figure input_;
  Figure output_;
  Figure cached_input_;
  Figure cache_write_;
  Figure cache_write_5m_;
  Figure cache_write_1h_;
  Figure reasoning_;
  Figure cost_nano_dollars_;
  int64_t text_bytes_ = 0;   // of the answer's content
  int64_t text_events_ = 0;  // that had some
  bool event_has_text_ = false;
};

}  // namespace rateguard::usage
