#include "loadgen/text_template.h"

#include <fmt/format.h>

#include <iterator>
#include <utility>

namespace rateguard::loadgen {

TextTemplate::TextTemplate(std::string_view text) {
  constexpr std::pair<std::string_view, Place> kPlaces[] = {
      {"{key}", Place::kKey}, {"{cost}", Place::kCost}, {"{n}", Place::kNumber}};
  Piece piece;
  while (!text.empty()) {
    size_t taken = 1;
    for (const auto& [name, place] : kPlaces) {
      if (!text.starts_with(name)) continue;
      piece.place = place;
      taken = name.size();
    }
    if (piece.place == Place::kNone) {
      piece.text += text[0];
    } else {
      pieces_.push_back(std::exchange(piece, {}));
    }
    text.remove_prefix(taken);
  }
  pieces_.push_back(std::move(piece));
}

void TextTemplate::render(const Question& question, std::string& out) const {
  for (const Piece& piece : pieces_) {
    out += piece.text;
    switch (piece.place) {
      case Place::kKey:
        out += question.key;
        break;
      case Place::kCost:
        fmt::format_to(std::back_inserter(out), "{}", question.cost);
        break;
      case Place::kNumber:
        fmt::format_to(std::back_inserter(out), "{}", question.number);
        break;
      case Place::kNone:
        break;
    }
  }
}

}  // namespace rateguard::loadgen
