#include "config/problems.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>
#include <tuple>
#include <utility>

#include "text/quote.h"

namespace rateguard::config {
namespace {

// Longer than any key, so a longer word is not a misspelt key.
constexpr size_t kWordMax = 40;

size_t distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i);
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row.back();
}

}  // namespace

void Problems::add(const YamlNode& where, std::string message) {
  if (full()) return;
  errors_.push_back({.message = context_ + message, .position = position(where)});
}

void Problems::add(Error error) {
  if (!full()) errors_.push_back(std::move(error));
}

SourcePosition Problems::position(const YamlNode& where) const {
  return {.file = file_name_, .line = where.line, .column = where.column};
}

Error Problems::to_error() const {
  std::vector<const Error*> sorted;
  for (const Error& error : errors_) sorted.push_back(&error);
  // At the same position the one found first stays first.
  std::ranges::sort(sorted, {},
                    [](const Error* error) { return std::tuple(error->position.line, error->position.column, error); });
  Error all = *sorted.front();
  for (size_t i = 1; i < sorted.size(); ++i) all.message += "\n" + sorted[i]->to_string();
  if (full()) all.message += "\nand perhaps more; the rest was not read";
  return all;
}

std::string_view nearest(std::string_view word, const std::vector<std::string_view>& known) {
  if (word.size() > kWordMax) return {};
  std::string_view best;
  const size_t edits_max = word.size() < 4 ? 1 : std::max<size_t>(2, word.size() / 3);
  size_t best_distance = edits_max + 1;
  for (const std::string_view candidate : known) {
    const size_t edits = distance(word, candidate);
    if (edits < best_distance) {
      best = candidate;
      best_distance = edits;
    }
  }
  return best;
}

std::string unknown_key(std::string_view key, std::string_view section, const std::vector<std::string_view>& known) {
  const std::string_view guess = nearest(key, known);
  if (!guess.empty()) return fmt::format("unknown key {} in {}; did you mean '{}'?", quote(key), section, guess);
  return fmt::format("unknown key {} in {}; expected one of {}", quote(key), section, fmt::join(known, ", "));
}

}  // namespace rateguard::config
