// A text with placeholders that differ from question to question: {key}, {cost}, {n}.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rateguard::loadgen {

// The values of a question.
struct Question {
  std::string_view key = {};
  uint32_t cost = 1;
  uint64_t number = 0;   // counted from 0 in each worker
  bool used_up = false;  // asks about a limit that is used up
};

class TextTemplate {
 public:
  // Braces around anything else stay as they are, so that JSON needs no escapes.
  explicit TextTemplate(std::string_view text);
  // Appends the text of a question.
  void render(const Question& question, std::string& out) const;

 private:
  enum class Place : uint8_t { kNone, kKey, kCost, kNumber };
  struct Piece {
    std::string text;  // before the placeholder
    Place place = Place::kNone;
  };
  std::vector<Piece> pieces_;
};

}  // namespace rateguard::loadgen
