#include "server/resp/command_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "model/ascii.h"

namespace rateguard::resp {
namespace {

using server::Access;
using Presence = Argument::Presence;

constexpr Argument kThrottleArguments[] = {{"key", "key"},
                                           {"max_burst", "integer"},
                                           {"count", "integer"},
                                           {"period", "integer"},
                                           {"quantity", "integer", Presence::kOptional}};
constexpr Argument kCheckArguments[] = {{"rule", "string"},
                                        {"key", "key"},
                                        {"cost", "integer", Presence::kOptional},
                                        {"plan", "string", Presence::kOptional, "PLAN"},
                                        {"part", "string", Presence::kOptionalMany, "AND"}};
constexpr Argument kCounterArguments[] = {{"rule", "string"},
                                          {"key", "key"},
                                          {"plan", "string", Presence::kOptional, "PLAN"},
                                          {"part", "string", Presence::kOptionalMany, "AND"}};
constexpr Argument kHold[] = {{"hold", "string"}};
constexpr Argument kMessage[] = {{"message", "string"}};
constexpr Argument kOptionalMessage[] = {{"message", "string", Presence::kOptional}};
constexpr Argument kHelloArguments[] = {{"protover", "integer", Presence::kOptional},
                                        {"username password", "string", Presence::kOptional, "AUTH"},
                                        {"clientname", "string", Presence::kOptional, "SETNAME"}};
constexpr Argument kAuthArguments[] = {{"username", "string", Presence::kOptional}, {"password", "string"}};
constexpr Argument kIndex[] = {{"index", "integer"}};
constexpr Argument kName[] = {{"connection-name", "string"}};
constexpr Argument kSetInfo[] = {{"LIB-NAME|LIB-VER", "string"}, {"value", "string"}};
constexpr Argument kOnOff[] = {{"ON|OFF", "string"}};
constexpr Argument kTracking[] = {{"ON|OFF", "string"}, {"option", "string", Presence::kOptionalMany}};
constexpr Argument kOnOffSkip[] = {{"ON|OFF|SKIP", "string"}};
constexpr Argument kCommandNames[] = {{"command-name", "string", Presence::kOptionalMany}};
constexpr Argument kSections[] = {{"section", "string", Presence::kOptionalMany}};
constexpr Argument kParameters[] = {{"parameter", "string", Presence::kMany}};

constexpr std::string_view kRateLimiting = "Rate limiting";
constexpr std::string_view kConnection = "Connection";
constexpr std::string_view kServer = "Server";

constexpr std::string_view kMapOfCheck =
    "A map: `allowed`, `limit`, `remaining`, `retry_after_ms` (0 when admitted, null when never), `reset_after_ms`, "
    "`rule`, `degraded`; for a leaky bucket `delay_ms`, for a hold `hold`.";

constexpr std::array kCommands = {
    Command{"cl.throttle", -1, Access::kToken, kRateLimiting,
            "Asks for `quantity` units (1) of a limit that admits `max_burst` + 1 at once and `count` per `period` "
            "seconds, as redis-cell does. 0 looks and takes nothing.",
            "Five integers: 1 if limited, else 0; `max_burst` + 1; what is left; the seconds to wait, or -1 when "
            "admitted or never; the seconds until all is free again.",
            kThrottleArguments, "write fast", true, answers::cl_throttle, true},
    Command{
        "throttle", -5, Access::kToken, kRateLimiting,
        "Asks for `quantity` units (1) of a limit that admits `max_burst` at once and `count` per `period` seconds, "
        "as throttlecrab does. 0 looks and takes nothing.",
        "Five integers: 1 if admitted, else 0; `max_burst`; what is left; the seconds until all is free again; the "
        "seconds to wait, or 0.",
        kThrottleArguments, "write fast", true, answers::throttle, true},
    Command{
        "rg.check", -3, Access::kToken, kRateLimiting,
        "Asks a configured rule for `cost` units (1) of one subject; a negative cost gives units back, at most what is "
        "used. A rule by several things takes the further ones "
        "after AND, a rule by nothing an empty key.",
        kMapOfCheck, kCheckArguments, "write fast", false, answers::rg_check, true},
    Command{
        "rg.peek", -3, Access::kToken, kRateLimiting, "Looks at a subject's counter and takes nothing.",
        "A map: `rule`, `algorithm`, `limit`, `remaining`, `reset_after_ms`; the middle three null for an unlimited "
        "plan.",
        kCounterArguments, "readonly fast", false, answers::rg_peek},
    Command{"rg.reset", -3, Access::kAdmin, kRateLimiting, "Forgets a subject's counter.",
            "1 if there was one, else 0.", kCounterArguments, "write admin fast", false, answers::rg_reset},
    Command{"rg.release", 2, Access::kToken, kRateLimiting, "Gives a hold of a concurrency limit back, once.",
            "1; or 0 for a hold that was never given, is released already, or has expired.", kHold, "write fast", false,
            answers::rg_release},

    Command{"auth", -2, Access::kAny, kConnection,
            "Shows a token. With a user's name: `default` takes any token, `admin` one of `listen.admin_tokens`.",
            "OK, or an error.", kAuthArguments, "noscript loading stale fast no_auth", false, answers::auth},
    Command{"client",
            -2,
            Access::kToken,
            kConnection,
            "What the server keeps about this connection.",
            "",
            {},
            "",
            false,
            nullptr},
    Command{"client|getname",
            2,
            Access::kToken,
            kConnection,
            "The connection's name.",
            "The name, or null.",
            {},
            "noscript loading stale",
            false,
            answers::client_getname},
    Command{"client|id",
            2,
            Access::kToken,
            kConnection,
            "The connection's number.",
            "An integer.",
            {},
            "noscript loading stale",
            false,
            answers::client_id},
    Command{"client|info",
            2,
            Access::kToken,
            kConnection,
            "The connection in one line.",
            "Text.",
            {},
            "noscript loading stale",
            false,
            answers::client_info},
    Command{"client|no-evict", 3, Access::kToken, kConnection, "Nothing is evicted here; accepted.", "OK.", kOnOff,
            "noscript loading stale", false, answers::client_on_off},
    Command{"client|no-touch", 3, Access::kToken, kConnection, "Nothing is touched here; accepted.", "OK.", kOnOff,
            "noscript loading stale", false, answers::client_on_off},
    Command{"client|reply", 3, Access::kToken, kConnection,
            "Whether commands are answered: ON, OFF, or SKIP for the next one.", "OK after ON, else nothing.",
            kOnOffSkip, "noscript loading stale", false, answers::client_reply},
    Command{"client|setinfo", 4, Access::kToken, kConnection, "Names the library that speaks.", "OK.", kSetInfo,
            "noscript loading stale", false, answers::client_setinfo},
    Command{"client|setname", 3, Access::kToken, kConnection, "Names the connection.", "OK.", kName,
            "noscript loading stale", false, answers::client_setname},
    Command{"client|tracking", -3, Access::kToken, kConnection,
            "Nothing is cached, so there is nothing to track; accepted, for clients that ask for it by themselves.",
            "OK.", kTracking, "noscript loading stale", false, answers::client_on_off},
    Command{"echo", 2, Access::kToken, kConnection, "Says it again.", "The message.", kMessage, "loading stale fast",
            false, answers::echo},
    Command{"hello", -1, Access::kAny, kConnection,
            "Chooses the protocol version, 2 or 3; on the way authenticates and names the connection.",
            "A map: `server`, `version`, `proto`, `id`, `mode`, `role`, `modules`.", kHelloArguments,
            "noscript loading stale fast no_auth", false, answers::hello},
    Command{"ping", -1, Access::kToken, kConnection, "Whether the server is there.", "PONG, or the message.",
            kOptionalMessage, "fast", false, answers::ping},
    Command{"quit",
            -1,
            Access::kAny,
            kConnection,
            "Ends the connection.",
            "OK.",
            {},
            "noscript loading stale fast no_auth",
            false,
            answers::quit},
    Command{"reset",
            1,
            Access::kAny,
            kConnection,
            "Makes the connection as it was when it began.",
            "RESET.",
            {},
            "noscript loading stale fast no_auth",
            false,
            answers::reset},
    Command{"select", 2, Access::kToken, kConnection, "There is one database, number 0.", "OK, or an error.", kIndex,
            "loading stale fast", false, answers::select},

    Command{"command",
            -1,
            Access::kToken,
            kServer,
            "Every command, as clients read it.",
            "An array.",
            {},
            "loading stale",
            false,
            answers::command},
    Command{"command|count",
            2,
            Access::kToken,
            kServer,
            "How many commands there are.",
            "An integer.",
            {},
            "loading stale",
            false,
            answers::command_count},
    Command{"command|docs", -2, Access::kToken, kServer, "What commands do and take.", "A map by name.", kCommandNames,
            "loading stale", false, answers::command_docs},
    Command{"command|info", -2, Access::kToken, kServer, "Commands, as clients read them.",
            "An array; null for what there is not.", kCommandNames, "loading stale", false, answers::command_info},
    Command{"command|list",
            2,
            Access::kToken,
            kServer,
            "The commands' names.",
            "An array.",
            {},
            "loading stale",
            false,
            answers::command_list},
    Command{"config",
            -2,
            Access::kToken,
            kServer,
            "Redis's parameters, for programs that ask.",
            "",
            {},
            "",
            false,
            nullptr},
    Command{"config|get", -3, Access::kToken, kServer,
            "`save`, `appendonly`, `databases`, `maxmemory`, `proto-max-bulk-len`, or `*`.", "A map.", kParameters,
            "noscript loading stale", false, answers::config_get},
    Command{"host:",
            -1,
            Access::kAny,
            kServer,
            "A line of HTTP: the connection is closed.",
            "Nothing.",
            {},
            "noscript loading stale no_auth",
            false,
            answers::not_redis},
    Command{"info", -1, Access::kToken, kServer,
            "About the server, in the sections `server`, `clients`, `persistence`, `stats`, `replication`.", "Text.",
            kSections, "loading stale", false, answers::info},
    Command{"post",
            -1,
            Access::kAny,
            kServer,
            "A line of HTTP: the connection is closed.",
            "Nothing.",
            {},
            "noscript loading stale no_auth",
            false,
            answers::not_redis},
    Command{"time",
            1,
            Access::kToken,
            kServer,
            "The server's clock.",
            "Two strings: seconds since the Unix epoch, and microseconds.",
            {},
            "loading stale fast",
            false,
            answers::time},
};

// Rows by the length of their name: a look-up compares two or three names.
constexpr size_t kNameMax = 16;
using ByLength = std::array<std::vector<const Command*>, kNameMax + 1>;

const ByLength& by_length() {
  static const ByLength table = [] {
    ByLength made;
    for (const Command& command : kCommands) made[command.name.size()].push_back(&command);
    return made;
  }();
  return table;
}

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

std::span<const Command> commands() {
  return kCommands;
}

const Command* find_command(std::string_view name) {
  if (name.size() > kNameMax) return nullptr;
  for (const Command* command : by_length()[name.size()]) {
    if (equal_ignoring_case(command->name, name)) return command->is_subcommand() ? nullptr : command;
  }
  return nullptr;
}

const Command* find_subcommand(const Command& parent, std::string_view name) {
  const size_t prefix = parent.name.size() + 1;
  for (const Command& command : kCommands) {
    if (command.name.size() != prefix + name.size() || !command.name.starts_with(parent.name)) continue;
    if (command.name[prefix - 1] == '|' && equal_ignoring_case(command.name.substr(prefix), name)) return &command;
  }
  return nullptr;
}

bool has_subcommands(const Command& command) {
  const Command* const next = &command + 1;
  return next != kCommands.data() + kCommands.size() && next->name.size() > command.name.size() &&
         next->name.starts_with(command.name) && next->name[command.name.size()] == '|';
}

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
      "says "
      "how to connect.\n\n"
      "A map is a flat array of names and values in RESP2; true and false are 1 and 0 there.\n";
  std::string_view group;
  for (const Command& command : kCommands) {
    if (command.answer == nullptr || command.answer == answers::not_redis) continue;
    if (command.group != group) out += fmt::format("\n## {}\n", command.group);
    group = command.group;
    out += fmt::format("\n<a id=\"{}\"></a>\n### `{}`\n\n{}\n\n", anchor(command), usage(command), command.summary);
    out += fmt::format("Answers: {}\n\nFor: {}.\n", command.reply, who(command.access));
  }
  return out;
}

}  // namespace rateguard::resp
