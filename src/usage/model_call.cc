#include "usage/model_call.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "text/number.h"
#include "usage/json_walker.h"

namespace rateguard::usage {
namespace {

constexpr size_t kModelBytesMax = 256;
constexpr uint64_t kTokensMax = 1'000'000'000'000;
constexpr uint64_t kAnswersMax = 1'000;
constexpr std::string_view kOptions = "stream_options";
constexpr std::string_view kAsksUsage = "stream_options.include_usage";

// The members that matter, each of which may come once.
constexpr std::array<std::string_view, 8> kSingle = {
    "model", "stream", kOptions, kAsksUsage, "max_tokens", "max_completion_tokens", "max_output_tokens", "n"};

class CallVisitor final : public JsonVisitor {
 public:
  ModelCall call;
  std::string wrong;
  bool is_object = false;

  void object_begins(std::string_view place) override {
    if (place.empty() && !begun_) is_object = true;
    begun_ = true;
    if (place == kOptions) return once(place);
    if (is_single(place)) is_of("an object", place);
  }
  void array_begins(std::string_view place) override {
    begun_ = true;
    if (is_single(place)) is_of("a list", place);
  }
  void scalar(std::string_view place, JsonScalar kind, std::string_view text) override {
    if (!is_single(place)) return;
    once(place);
    if (kind == JsonScalar::kNull) return;
    if (place == "stream" || place == kAsksUsage) {
      if (kind == JsonScalar::kNumber) return is_of("a number", place);
      (place == "stream" ? call.streams : call.asks_usage) = kind == JsonScalar::kTrue;
    } else if (place == "model" || place == kOptions) {
      is_of(kind == JsonScalar::kNumber ? "a number" : "a boolean", place);
    } else if (kind != JsonScalar::kNumber) {
      is_of("a boolean", place);
    } else {
      take_count(place, text);
    }
  }
  void text_piece(std::string_view place, std::string_view piece) override {
    call.text_bytes += static_cast<int64_t>(piece.size());
    if (place == "model")
      call.model += piece.substr(0, kModelBytesMax + 1 - std::min(kModelBytesMax + 1, call.model.size()));
  }
  void text_ends(std::string_view place) override {
    if (!is_single(place)) return;
    if (place != "model") return is_of("a text", place);
    once(place);
    if (call.model.size() > kModelBytesMax) say(fmt::format("\"model\" is longer than {} bytes", kModelBytesMax));
  }

 private:
  static bool is_single(std::string_view place) { return std::ranges::find(kSingle, place) != kSingle.end(); }
  void say(std::string what) {
    if (wrong.empty()) wrong = std::move(what);
  }
  void is_of(std::string_view type, std::string_view place) { say(fmt::format("\"{}\" is {}", place, type)); }
  void once(std::string_view place) {
    bool& seen = seen_[static_cast<size_t>(std::ranges::find(kSingle, place) - kSingle.begin())];
    if (std::exchange(seen, true)) say(fmt::format("\"{}\" comes twice", place));
  }
  void take_count(std::string_view place, std::string_view text) {
    const bool counts_answers = place == "n";
    const auto count = parse_whole(text, {.max = counts_answers ? kAnswersMax : kTokensMax});
    if (!count) return say(fmt::format("\"{}\": {} is not a whole number within its range", place, text));
    const auto value = static_cast<int64_t>(*count);
    if (counts_answers) {
      call.answers = std::max<int64_t>(value, 1);
    } else {
      call.output_tokens_max = std::min(call.output_tokens_max.value_or(value), value);
    }
  }

  bool begun_ = false;
  std::array<bool, kSingle.size()> seen_ = {};
};

// Tells that the walk has come to a place.
class PlaceFinder final : public JsonVisitor {
 public:
  bool at_options = false;       // stream_options begins as an object
  bool options_is_null = false;  // ... or is null
  bool asks_usage = false;       // stream_options.include_usage, whatever it says
  void object_begins(std::string_view place) override { at_options = at_options || place == kOptions; }
  void scalar(std::string_view place, JsonScalar, std::string_view) override {
    options_is_null = options_is_null || place == kOptions;
    asks_usage = asks_usage || place == kAsksUsage;
  }
};

// Where the walk tells what `found` waits for: the bytes up to there.
template <typename Found>
size_t bytes_until(std::string_view body, const Found& found) {
  PlaceFinder finder;
  JsonWalker walker(finder);
  for (size_t i = 0; i < body.size(); ++i) {
    walker.read(body.substr(i, 1));
    if (found(finder)) return i + 1;
  }
  return body.size();
}

std::string with(std::string_view body, size_t from, size_t to, std::string_view text) {
  return fmt::format("{}{}{}", body.substr(0, from), text, body.substr(to));
}

}  // namespace

Result<ModelCall> read_model_call(std::string_view body) {
  CallVisitor visitor;
  JsonWalker walker(visitor);
  if (!walker.read(body) || !walker.finish()) {
    return fail(ErrorCode::kInvalid, fmt::format("the body is not JSON: wrong at byte {}", walker.wrong_at()));
  }
  if (!visitor.is_object) return fail(ErrorCode::kInvalid, "the body is not a JSON object");
  if (!visitor.wrong.empty()) return fail(ErrorCode::kInvalid, visitor.wrong);
  return std::move(visitor.call);
}

std::string asking_for_usage(std::string_view body) {
  PlaceFinder all;
  JsonWalker walker(all);
  walker.read(body);
  if (all.asks_usage) {  // false, or null
    const size_t end = bytes_until(body, [](const PlaceFinder& finder) { return finder.asks_usage; });
    const size_t value = body.substr(0, end).find_last_of(':') + 1;
    const size_t length = body.substr(body.find_first_not_of(" \t\r\n", value)).starts_with('f') ? 5 : 4;
    return with(body, value, body.find_first_not_of(" \t\r\n", value) + length, "true");
  }
  if (all.at_options) {
    const size_t begin = bytes_until(body, [](const PlaceFinder& finder) { return finder.at_options; });
    const bool is_empty = body.substr(body.find_first_not_of(" \t\r\n", begin)).starts_with('}');
    return with(body, begin, begin, is_empty ? R"("include_usage":true)" : R"("include_usage":true,)");
  }
  if (all.options_is_null) {
    const size_t end = bytes_until(body, [](const PlaceFinder& finder) { return finder.options_is_null; });
    const size_t null = body.substr(0, end).rfind("null");
    return with(body, null, null + 4, R"({"include_usage":true})");
  }
  const size_t begin = body.find('{') + 1;
  return with(body, begin, begin, R"("stream_options":{"include_usage":true},)");
}

}  // namespace rateguard::usage
