#include "server/resp/command_table.h"

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

constexpr auto kCommands = std::to_array<Command>({
    {.name = "cl.throttle",
     .arity = -1,
     .access = Access::kToken,
     .group = kRateLimiting,
     .summary = "Asks for `quantity` units (1) of a limit that admits `max_burst` + 1 at once and `count` per `period` "
                "seconds, as redis-cell does. 0 looks and takes nothing.",
     .reply = "Five integers: 1 if limited, else 0; `max_burst` + 1; what is left; the seconds to wait, or -1 when "
              "admitted or never; the seconds until all is free again.",
     .arguments = kThrottleArguments,
     .flags = "write fast",
     .has_key = true,
     .answer = answers::cl_throttle,
     .asked_together = true},
    {.name = "throttle",
     .arity = -5,
     .access = Access::kToken,
     .group = kRateLimiting,
     .summary =
         "Asks for `quantity` units (1) of a limit that admits `max_burst` at once and `count` per `period` seconds, "
         "as throttlecrab does. 0 looks and takes nothing.",
     .reply =
         "Five integers: 1 if admitted, else 0; `max_burst`; what is left; the seconds until all is free again; the "
         "seconds to wait, or 0.",
     .arguments = kThrottleArguments,
     .flags = "write fast",
     .has_key = true,
     .answer = answers::throttle,
     .asked_together = true},
    {.name = "rg.check",
     .arity = -3,
     .access = Access::kToken,
     .group = kRateLimiting,
     .summary = "Asks a configured rule for `cost` units (1) of one subject; a negative cost gives units back, at most "
                "what is used. A rule by several things takes the further ones after AND, a rule by nothing an empty "
                "key.",
     .reply = kMapOfCheck,
     .arguments = kCheckArguments,
     .flags = "write fast",
     .answer = answers::rg_check,
     .asked_together = true},
    {.name = "rg.peek",
     .arity = -3,
     .access = Access::kToken,
     .group = kRateLimiting,
     .summary = "Looks at a subject's counter and takes nothing.",
     .reply =
         "A map: `rule`, `algorithm`, `limit`, `remaining`, `reset_after_ms`; the middle three null for an unlimited "
         "plan.",
     .arguments = kCounterArguments,
     .flags = "readonly fast",
     .answer = answers::rg_peek},
    {.name = "rg.reset",
     .arity = -3,
     .access = Access::kAdmin,
     .group = kRateLimiting,
     .summary = "Forgets a subject's counter.",
     .reply = "1 if there was one, else 0.",
     .arguments = kCounterArguments,
     .flags = "write admin fast",
     .answer = answers::rg_reset},
    {.name = "rg.release",
     .arity = 2,
     .access = Access::kToken,
     .group = kRateLimiting,
     .summary = "Gives a hold of a concurrency limit back, once.",
     .reply = "1; or 0 for a hold that was never given, is released already, or has expired.",
     .arguments = kHold,
     .flags = "write fast",
     .answer = answers::rg_release},

    {.name = "auth",
     .arity = -2,
     .access = Access::kAny,
     .group = kConnection,
     .summary = "Shows a token. With a user's name: `default` takes any token, `admin` one of `listen.admin_tokens`.",
     .reply = "OK, or an error.",
     .arguments = kAuthArguments,
     .flags = "noscript loading stale fast no_auth",
     .answer = answers::auth},
    {.name = "client",
     .arity = -2,
     .access = Access::kToken,
     .group = kConnection,
     .summary = "What the server keeps about this connection."},
    {.name = "client|getname",
     .arity = 2,
     .access = Access::kToken,
     .group = kConnection,
     .summary = "The connection's name.",
     .reply = "The name, or null.",
     .flags = "noscript loading stale",
     .answer = answers::client_getname},
    {.name = "client|id",
     .arity = 2,
     .access = Access::kToken,
     .group = kConnection,
     .summary = "The connection's number.",
     .reply = "An integer.",
     .flags = "noscript loading stale",
     .answer = answers::client_id},
    {.name = "client|info",
     .arity = 2,
     .access = Access::kToken,
     .group = kConnection,
     .summary = "The connection in one line.",
     .reply = "Text.",
     .flags = "noscript loading stale",
     .answer = answers::client_info},
    {.name = "client|no-evict",
     .arity = 3,
     .access = Access::kToken,
     .group = kConnection,
     .summary = "Nothing is evicted here; accepted.",
     .reply = "OK.",
     .arguments = kOnOff,
     .flags = "noscript loading stale",
     .answer = answers::client_on_off},
    {.name = "client|no-touch",
     .arity = 3,
     .access = Access::kToken,
     .group = kConnection,
     .summary = "Nothing is touched here; accepted.",
     .reply = "OK.",
     .arguments = kOnOff,
     .flags = "noscript loading stale",
     .answer = answers::client_on_off},
    {.name = "client|reply",
     .arity = 3,
     .access = Access::kToken,
     .group = kConnection,
     .summary = "Whether commands are answered: ON, OFF, or SKIP for the next one.",
     .reply = "OK after ON, else nothing.",
     .arguments = kOnOffSkip,
     .flags = "noscript loading stale",
     .answer = answers::client_reply},
    {.name = "client|setinfo",
     .arity = 4,
     .access = Access::kToken,
     .group = kConnection,
     .summary = "Names the library that speaks.",
     .reply = "OK.",
     .arguments = kSetInfo,
     .flags = "noscript loading stale",
     .answer = answers::client_setinfo},
    {.name = "client|setname",
     .arity = 3,
     .access = Access::kToken,
     .group = kConnection,
     .summary = "Names the connection.",
     .reply = "OK.",
     .arguments = kName,
     .flags = "noscript loading stale",
     .answer = answers::client_setname},
    {.name = "client|tracking",
     .arity = -3,
     .access = Access::kToken,
     .group = kConnection,
     .summary = "Nothing is cached, so there is nothing to track; accepted, for clients that ask for it by themselves.",
     .reply = "OK.",
     .arguments = kTracking,
     .flags = "noscript loading stale",
     .answer = answers::client_on_off},
    {.name = "echo",
     .arity = 2,
     .access = Access::kToken,
     .group = kConnection,
     .summary = "Says it again.",
     .reply = "The message.",
     .arguments = kMessage,
     .flags = "loading stale fast",
     .answer = answers::echo},
    {.name = "hello",
     .arity = -1,
     .access = Access::kAny,
     .group = kConnection,
     .summary = "Chooses the protocol version, 2 or 3; on the way authenticates and names the connection.",
     .reply = "A map: `server`, `version`, `proto`, `id`, `mode`, `role`, `modules`.",
     .arguments = kHelloArguments,
     .flags = "noscript loading stale fast no_auth",
     .answer = answers::hello},
    {.name = "ping",
     .arity = -1,
     .access = Access::kToken,
     .group = kConnection,
     .summary = "Whether the server is there.",
     .reply = "PONG, or the message.",
     .arguments = kOptionalMessage,
     .flags = "fast",
     .answer = answers::ping},
    {.name = "quit",
     .arity = -1,
     .access = Access::kAny,
     .group = kConnection,
     .summary = "Ends the connection.",
     .reply = "OK.",
     .flags = "noscript loading stale fast no_auth",
     .answer = answers::quit},
    {.name = "reset",
     .arity = 1,
     .access = Access::kAny,
     .group = kConnection,
     .summary = "Makes the connection as it was when it began.",
     .reply = "RESET.",
     .flags = "noscript loading stale fast no_auth",
     .answer = answers::reset},
    {.name = "select",
     .arity = 2,
     .access = Access::kToken,
     .group = kConnection,
     .summary = "There is one database, number 0.",
     .reply = "OK, or an error.",
     .arguments = kIndex,
     .flags = "loading stale fast",
     .answer = answers::select},

    {.name = "command",
     .arity = -1,
     .access = Access::kToken,
     .group = kServer,
     .summary = "Every command, as clients read it.",
     .reply = "An array.",
     .flags = "loading stale",
     .answer = answers::command},
    {.name = "command|count",
     .arity = 2,
     .access = Access::kToken,
     .group = kServer,
     .summary = "How many commands there are.",
     .reply = "An integer.",
     .flags = "loading stale",
     .answer = answers::command_count},
    {.name = "command|docs",
     .arity = -2,
     .access = Access::kToken,
     .group = kServer,
     .summary = "What commands do and take.",
     .reply = "A map by name.",
     .arguments = kCommandNames,
     .flags = "loading stale",
     .answer = answers::command_docs},
    {.name = "command|info",
     .arity = -2,
     .access = Access::kToken,
     .group = kServer,
     .summary = "Commands, as clients read them.",
     .reply = "An array; null for what there is not.",
     .arguments = kCommandNames,
     .flags = "loading stale",
     .answer = answers::command_info},
    {.name = "command|list",
     .arity = 2,
     .access = Access::kToken,
     .group = kServer,
     .summary = "The commands' names.",
     .reply = "An array.",
     .flags = "loading stale",
     .answer = answers::command_list},
    {.name = "config",
     .arity = -2,
     .access = Access::kToken,
     .group = kServer,
     .summary = "Redis's parameters, for programs that ask."},
    {.name = "config|get",
     .arity = -3,
     .access = Access::kToken,
     .group = kServer,
     .summary = "`save`, `appendonly`, `databases`, `maxmemory`, `proto-max-bulk-len`, or `*`.",
     .reply = "A map.",
     .arguments = kParameters,
     .flags = "noscript loading stale",
     .answer = answers::config_get},
    {.name = "host:",
     .arity = -1,
     .access = Access::kAny,
     .group = kServer,
     .summary = "A line of HTTP: the connection is closed.",
     .reply = "Nothing.",
     .flags = "noscript loading stale no_auth",
     .answer = answers::not_redis},
    {.name = "info",
     .arity = -1,
     .access = Access::kToken,
     .group = kServer,
     .summary = "About the server, in the sections `server`, `clients`, `persistence`, `stats`, `replication`.",
     .reply = "Text.",
     .arguments = kSections,
     .flags = "loading stale",
     .answer = answers::info},
    {.name = "post",
     .arity = -1,
     .access = Access::kAny,
     .group = kServer,
     .summary = "A line of HTTP: the connection is closed.",
     .reply = "Nothing.",
     .flags = "noscript loading stale no_auth",
     .answer = answers::not_redis},
    {.name = "time",
     .arity = 1,
     .access = Access::kToken,
     .group = kServer,
     .summary = "The server's clock.",
     .reply = "Two strings: seconds since the Unix epoch, and microseconds.",
     .flags = "loading stale fast",
     .answer = answers::time},
});

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

}  // namespace rateguard::resp
