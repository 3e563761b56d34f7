#include "config/open_quote.h"

#include <fmt/format.h>

#include <algorithm>

namespace rateguard::config {
namespace {

constexpr std::string_view kSpace = " \t\r\n";

bool is_quote(char c) {
  return c == '"' || c == '\'';
}

// Reads a text from a node on, keeping its position.
class Scanner {
 public:
  Scanner(std::string_view text, const YamlNode& node) : rest_(text) {
    while (line_ < node.line && !rest_.empty()) take();
    while (column_ < node.column && !rest_.empty()) take();
    skip_properties();
  }

  bool at_end() const { return rest_.empty(); }
  char next() const { return rest_.front(); }
  SourcePosition place(const std::string& file) const { return {.file = file, .line = line_, .column = column_}; }

  char take() {
    const char c = rest_.front();
    rest_.remove_prefix(1);
    column_ = c == '\n' ? 1 : column_ + 1;
    line_ += c == '\n' ? 1 : 0;
    return c;
  }

  // Skips an anchor, a tag, and the white space after them.
  void skip_properties() {
    while (!at_end() && (next() == '&' || next() == '!')) {
      while (!at_end() && !kSpace.contains(next())) take();
      while (!at_end() && kSpace.contains(next())) take();
    }
  }

  void skip_line() {
    while (!at_end() && next() != '\n') take();
  }

  // Skips the text in quotes that comes next. Returns whether it is closed.
  bool take_quoted() {
    const char quote = take();
    while (!at_end()) {
      const char c = take();
      if (c == '\\' && quote == '"') {
        if (!at_end()) take();
      } else if (c == quote) {
        if (quote == '"' || at_end() || next() != quote) return true;
        take();  // two single quotes mean one
      }
    }
    return false;
  }

 private:
  std::string_view rest_;
  int line_ = 1;
  int column_ = 1;
};

// Looks for an opened quote that is not closed, at places where values can begin: elsewhere a quote is a character of a
// plain value.
class QuoteSearch {
 public:
  explicit QuoteSearch(Scanner scanner) : scanner_(scanner) {}

  // Searches the list or map in brackets that comes next.
  std::optional<SourcePosition> in_brackets(const std::string& file) {
    while (!scanner_.at_end()) {
      if (auto found = step(file)) return found;
      if (depth_ == 0) break;
    }
    return std::nullopt;
  }

  // Searches to the end of the text, or to a block scalar, which may contain anything.
  std::optional<SourcePosition> in_text(const std::string& file) {
    while (!scanner_.at_end()) {
      if (can_begin_ && depth_ == 0 && (scanner_.next() == '|' || scanner_.next() == '>')) break;
      if (auto found = step(file)) return found;
    }
    return std::nullopt;
  }

 private:
  bool is_space_next() const { return scanner_.at_end() || kSpace.contains(scanner_.next()); }

  std::optional<SourcePosition> step(const std::string& file) {
    const char c = scanner_.next();
    if (c == '#' && is_behind_space_) {
      scanner_.skip_line();
    } else if (can_begin_ && is_quote(c)) {
      const SourcePosition place = scanner_.place(file);
      if (!scanner_.take_quoted()) return place;
      can_begin_ = false;
    } else if (can_begin_ && (c == '&' || c == '!')) {
      scanner_.skip_properties();
    } else {
      pass(scanner_.take());
    }
    return std::nullopt;
  }

  void pass(char c) {
    is_behind_space_ = kSpace.contains(c);
    if (is_behind_space_) {
      can_begin_ = can_begin_ || (c == '\n' && depth_ == 0);
      return;
    }
    const bool opens = (c == '[' || c == '{') && (can_begin_ || depth_ > 0);
    if (depth_ > 0) {
      can_begin_ = std::string_view("[{,:?").contains(c);
      depth_ -= c == ']' || c == '}' ? 1 : 0;
    } else {
      const bool is_indicator = c == ':' || c == '?' || (c == '-' && can_begin_);
      can_begin_ = opens || (is_indicator && is_space_next());
    }
    depth_ += opens ? 1 : 0;
  }

  Scanner scanner_;
  bool can_begin_ = true;
  bool is_behind_space_ = true;
  int depth_ = 0;  // of brackets
};

std::optional<SourcePosition> open_quote(std::string_view text, const YamlNode& node, const std::string& file) {
  Scanner scanner(text, node);
  if (scanner.at_end()) return std::nullopt;
  if (scanner.next() == '[' || scanner.next() == '{') return QuoteSearch(scanner).in_brackets(file);
  if (!is_quote(scanner.next()) || scanner.take_quoted()) return std::nullopt;
  return SourcePosition{.file = file, .line = node.line, .column = node.column};
}

Error open_quote_error(std::string_view text, SourcePosition place) {
  const auto lines = std::ranges::count(text, '\n') + (text.ends_with('\n') ? 0 : 1);
  return {
      .message = fmt::format("this is not valid YAML: a quote is opened here and not closed before the file ends, in "
                             "line {}",
                             lines),
      .position = std::move(place)};
}

}  // namespace

std::optional<Error> explain_open_quote(std::string_view text, const YamlNode& node, const std::string& file_name) {
  auto place = open_quote(text, node, file_name);
  return place ? std::optional(open_quote_error(text, *std::move(place))) : std::nullopt;
}

std::optional<Error> explain_open_quote(std::string_view text, const std::string& file_name) {
  auto place = QuoteSearch(Scanner(text, YamlNode{})).in_text(file_name);
  return place ? std::optional(open_quote_error(text, *std::move(place))) : std::nullopt;
}

}  // namespace rateguard::config
