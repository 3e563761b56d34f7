#include "peers/message.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <utility>

namespace rateguard::peers {
namespace {

constexpr std::array<std::pair<MessageKind, std::string_view>, 4> kKinds = {{
    {MessageKind::kReset, "reset"},
    {MessageKind::kReload, "reload"},
    {MessageKind::kForget, "forget"},
    {MessageKind::kCatalog, "catalog"},
}};

// The text up to the next space; removes both from `text`.
std::string_view take_word(std::string_view& text) {
  const size_t space = text.find(' ');
  const std::string_view word = text.substr(0, space);
  text = space == std::string_view::npos ? std::string_view() : text.substr(space + 1);
  return word;
}

std::optional<uint64_t> number_in(std::string_view text, int base) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

std::string encode_id(uint64_t id) {
  return fmt::format("{:016x}", id);
}

std::optional<uint64_t> decode_id(std::string_view text) {
  return text.size() == 16 ? number_in(text, 16) : std::nullopt;
}

std::string encode_uncounted(uint64_t sender, MessageKind kind, std::string_view payload) {
  std::string text = encode_id(sender) + " ";
  for (const auto& [known, word] : kKinds) {
    if (known == kind) text += word;
  }
  if (kind != MessageKind::kForget) text += ' ';
  text += payload;
  return text;
}

std::optional<Message> decode_message(std::string_view text) {
  const auto count = number_in(take_word(text), 10);
  const auto sender = decode_id(take_word(text));
  const std::string_view word = take_word(text);
  if (!count || !sender) return std::nullopt;
  for (const auto& [kind, known] : kKinds) {
    if (word == known) return Message{.count = *count, .sender = *sender, .kind = kind, .payload = text};
  }
  return std::nullopt;
}

}  // namespace rateguard::peers
