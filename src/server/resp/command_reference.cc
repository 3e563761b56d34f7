// What the documentation says of each command.
#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "server/resp/command_table.h"

namespace rateguard::resp {
namespace {

using server::Access;
using Presence = Argument::Presence;

std::string upper(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  return out;
}

std::string anchor(const Command& command) {
  std::string out;
  for (const char c : command.name) {
    if (c == '|') {
      out += '-';
    } else if (c != '.' && c != ':') {
      out += c;
    }
  }
  return out;
}

std::string_view who(Access access) {
  switch (access) {
    case Access::kAny:
      return "anyone";
    case Access::kToken:
      return "who has a token, where `listen.tokens` asks for one";
    case Access::kAdmin:
      return "clients with an admin token; without admin tokens, peers on this machine";
  }
  return {};
}

}  // namespace

std::string usage(const Command& command) {
  std::string out = upper(command.name);
  std::ranges::replace(out, '|', ' ');
  for (const Argument& argument : command.arguments) {
    std::string text(argument.token);
    if (!text.empty()) text += ' ';
    text += argument.name;
    const bool many = argument.presence == Presence::kOptionalMany || argument.presence == Presence::kMany;
    if (many) text += fmt::format(" [{} ...]", argument.name);
    const bool optional = argument.presence == Presence::kOptional || argument.presence == Presence::kOptionalMany;
    out += optional ? " [" + text + "]" : " " + text;
  }
  return out;
}

std::string command_reference() {
  std::string out =
      "# RESP commands\n\n"
      "Made from the table in `src/server/resp/command_table.cc`; a test holds this page to it. [resp.md](resp.md) "
      "says how to connect.\n\n"
      "A map is a flat array of names and values in RESP2; true and false are 1 and 0 there.\n";
  std::string_view group;
  for (const Command& command : commands()) {
    if (command.answer == nullptr || command.answer == answers::not_redis) continue;
    if (command.group != group) out += fmt::format("\n## {}\n", command.group);
    group = command.group;
    out += fmt::format("\n<a id=\"{}\"></a>\n### `{}`\n\n{}\n\n", anchor(command), usage(command), command.summary);
    out += fmt::format("Answers: {}\n\nFor: {}.\n", command.reply, who(command.access));
  }
  return out;
}

}  // namespace rateguard::resp
