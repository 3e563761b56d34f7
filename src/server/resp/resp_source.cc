#include "server/resp/resp_source.h"

#include "server/resp/command_table.h"

namespace rateguard::resp {
namespace {

struct CommandFigure {
  const char* name;
  const char* help;
  std::array<Counter, kRespCommandsMax> RespMetrics::* counters;
};

constexpr CommandFigure kCommandFigures[] = {
    {"rateguard_resp_commands_total", "Commands over the Redis protocol.", &RespMetrics::commands},
    {"rateguard_resp_errors_total", "Commands over the Redis protocol that were answered with an error.",
     &RespMetrics::errors},
};

// By its index in the counters; the last is for commands that there are not.
std::string_view label_of(size_t index) {
  return index < commands().size() ? commands()[index].name : "unknown";
}

}  // namespace

uint64_t RespSource::commands() const {
  uint64_t total = 0;
  for (const RespMetrics* const loop : loops_) {
    for (const Counter& counter : loop->commands) total += counter.value();
  }
  return total;
}

RespSource::Connections RespSource::connections() const {
  Connections sum;
  for (const net::ConnectionStats* const listener : listeners_) {
    sum.open += listener->connections_open.value();
    sum.accepted += listener->connections_accepted.value();
    sum.refused += listener->connections_refused.value();
  }
  return sum;
}

// Commands never seen are left out.
void RespSource::report(metrics::Writer& out) const {
  for (const CommandFigure& figure : kCommandFigures) {
    out.begin(metrics::MetricKind::kCounter, figure.name, figure.help);
    for (size_t index = 0; index <= resp::commands().size(); ++index) {
      uint64_t total = 0;
      for (const RespMetrics* const loop : loops_) total += (loop->*figure.counters)[index].value();
      if (total != 0) out.sample({{"command", label_of(index)}}, total);
    }
  }
  uint64_t broken = 0;
  for (const RespMetrics* const loop : loops_) broken += loop->protocol_errors.value();
  out.counter("rateguard_resp_protocol_errors_total",
              "Connections closed because they did not speak the Redis protocol.", broken);
  const Connections figures = connections();
  out.gauge("rateguard_resp_connections", "Connections of the Redis protocol open.", figures.open);
  out.counter("rateguard_resp_connections_accepted_total", "Connections of the Redis protocol accepted.",
              figures.accepted);
  out.counter("rateguard_resp_connections_refused_total",
              "Connections of the Redis protocol closed at once, over connections_max.", figures.refused);
}

}  // namespace rateguard::resp
