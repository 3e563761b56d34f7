// One command on its way, and what an event loop keeps from command to command.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "metrics/resp_metrics.h"
#include "net/byte_buffer.h"
#include "server/decider.h"
#include "server/resp/check_batch.h"
#include "server/resp/client.h"
#include "server/resp/command_parser.h"
#include "server/resp/command_table.h"
#include "server/resp/reply.h"
#include "server/service.h"

namespace rateguard::resp {

// Buffers grow to what commands need and stay.
struct Loop {
  Loop(server::Service& shared, const server::LoopStore& of_loop, metrics::LoopMetrics& metrics)
      : service(shared), store(of_loop.store), decider(shared, of_loop, metrics) {}

  server::Service& service;
  Store& store;
  server::Decider decider;
  metrics::RespMetrics counters;
  CheckBatch batch{decider};  // checks that wait to be decided together
  CommandParser parser;
  std::vector<std::string_view> key_parts;
  net::ByteBuffer discarded;  // replies of a client that wants none
};

// Lives for one command.
class Call {
 public:
  Loop& loop;
  Client& client;
  const Command& command;
  const std::span<const std::string_view> words;  // the command as it was sent, its name first
  const Instant now;
  Reply reply;

  // Answers with "ERR ...", "WRONGPASS ..." or whatever the protocol has for it, after what was asked before.
  void fail(std::string_view error);
  void fail_arity();
  void fail_syntax() { fail("ERR syntax error"); }
  void fail_not_an_integer() { fail("ERR value is not an integer or out of range"); }
  void ok() { reply.simple("OK"); }
};

// A whole number in decimal; "+5" is one. False: it is none, or does not fit.
bool parse_integer(std::string_view text, int64_t& value);

// At most `bytes_max` bytes of it.
inline std::string_view cut(std::string_view text, size_t bytes_max) {
  return text.substr(0, bytes_max);
}

}  // namespace rateguard::resp
