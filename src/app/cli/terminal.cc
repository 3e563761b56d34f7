#include "app/cli/terminal.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

namespace rateguard::app {

bool is_terminal(std::FILE* stream) {
  return isatty(fileno(stream)) == 1;
}

bool wants_colour(std::FILE* stream) {
  const char* no_colour = std::getenv("NO_COLOR");
  return (no_colour == nullptr || *no_colour == '\0') && is_terminal(stream);
}

std::string paint(std::FILE* stream, TextStyle style, std::string_view text) {
  // SGR codes (ECMA-48, section 8.3.117), in the order of TextStyle.
  constexpr const char* kCodes[] = {"", "31", "32", "33", "2", "1"};
  if (style == TextStyle::kNone || !wants_colour(stream)) return std::string(text);
  return fmt::format("\033[{}m{}\033[0m", kCodes[static_cast<int>(style)], text);
}

void complain(std::string_view message) {
  while (true) {
    const size_t end = std::min(message.find('\n'), message.size());
    fmt::print(stderr, "{} {}\n", paint(stderr, TextStyle::kRed, "rateguard:"), message.substr(0, end));
    if (end == message.size()) return;
    message.remove_prefix(end + 1);
  }
}

std::string as_warning(const Error& warning) {
  Error marked = warning;
  marked.message = "warning: " + marked.message;
  return marked.to_string();
}

}  // namespace rateguard::app
