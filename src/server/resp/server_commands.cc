// INFO, CONFIG GET, TIME: questions of Redis clients and tools about the server.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

#include "model/ascii.h"
#include "server/resp/call.h"

namespace rateguard::resp {
namespace {

// The version of Redis whose protocol and connection commands these are: clients derive from it what they may use.
constexpr std::string_view kRedisVersion = "7.0.0";

struct Section {
  std::string_view name;
  std::string (*text)(const CommandCall& call);
};

RespSource::Connections connections_of(const CommandCall& call) {
  const RespSource* const totals = call.workspace.shared_counters.totals;
  return totals != nullptr ? totals->connections() : RespSource::Connections{};
}

constexpr Section kSections[] = {
    {"server",
     [](const CommandCall& call) {
       return fmt::format("redis_version:{}\r\nredis_mode:standalone\r\nrateguard_version:{}\r\nprocess_id:{}\r\n",
                          kRedisVersion, call.workspace.service.settings.version, getpid());
     }},
    {"clients",
     [](const CommandCall& call) { return fmt::format("connected_clients:{}\r\n", connections_of(call).open); }},
    // ioredis waits until `loading` is 0 before it sends anything else.
    {"persistence", [](const CommandCall&) { return std::string("loading:0\r\n"); }},
    {"stats",
     [](const CommandCall& call) {
       const RespSource* const totals = call.workspace.shared_counters.totals;
       const uint64_t commands = totals != nullptr ? totals->commands() : 0;
       const RespSource::Connections connections = connections_of(call);
       return fmt::format("total_connections_received:{}\r\nrejected_connections:{}\r\ntotal_commands_processed:{}\r\n",
                          connections.accepted, connections.refused, commands);
     }},
    {"replication", [](const CommandCall&) { return std::string("role:master\r\nconnected_slaves:0\r\n"); }},
};

bool wants(const CommandCall& call, std::string_view section) {
  if (call.words.size() == 1) return true;
  return std::ranges::any_of(call.words.subspan(1), [&](std::string_view word) {
    return equal_ignoring_case(word, section) || equal_ignoring_case(word, "all") ||
           equal_ignoring_case(word, "everything") || equal_ignoring_case(word, "default");
  });
}

struct Parameter {
  std::string_view name;
  std::string_view value;
};

// Parameters that redis-benchmark and monitoring tools ask for, with the values of a Redis without persistence.
constexpr Parameter kParameters[] = {
    {"appendonly", "no"}, {"databases", "1"}, {"maxmemory", "0"}, {"proto-max-bulk-len", "65536"}, {"save", ""},
};
static_assert(kBulkBytesMax == 65'536);

}  // namespace

void answers::info(CommandCall& call) {
  std::string text;
  for (const Section& section : kSections) {
    if (!wants(call, section.name)) continue;
    if (!text.empty()) text += "\r\n";
    std::string title(section.name);
    title.front() = static_cast<char>(title.front() - 'a' + 'A');
    text += fmt::format("# {}\r\n{}", title, section.text(call));
  }
  call.reply.text(text);
}

void answers::config_get(CommandCall& call) {
  std::vector<const Parameter*> found;
  for (const Parameter& parameter : kParameters) {
    const bool asked = std::ranges::any_of(call.words.subspan(2), [&](std::string_view pattern) {
      return pattern == "*" || equal_ignoring_case(pattern, parameter.name);
    });
    if (asked) found.push_back(&parameter);
  }
  call.reply.map(found.size());
  for (const Parameter* const parameter : found) {
    call.reply.bulk(parameter->name);
    call.reply.bulk(parameter->value);
  }
}

void answers::time(CommandCall& call) {
  call.reply.array(2);
  call.reply.bulk(fmt::format("{}", call.now.wall().us / 1'000'000));
  call.reply.bulk(fmt::format("{}", call.now.wall().us % 1'000'000));
}

}  // namespace rateguard::resp
