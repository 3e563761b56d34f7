// What is needed to answer one client's commands.
#pragma once

#include <string_view>
#include <vector>

#include "event/recorder.h"
#include "net/byte_buffer.h"
#include "net/event_loop.h"
#include "net/tasks.h"
#include "server/check_desk.h"
#include "server/decision_metrics.h"
#include "server/resp/check_batch.h"
#include "server/resp/command_parser.h"
#include "server/resp/resp_metrics.h"
#include "server/resp/resp_source.h"
#include "server/service.h"
#include "store/store.h"

namespace rateguard::resp {

// Counted by all of a loop's workspaces.
struct RespCounters {
  server::DecisionMetrics decisions;
  RespMetrics commands;
  const RespSource* totals = nullptr;  // of all loops, for INFO; null: unknown
};

// With a store that answers at once an event loop needs only one; if the store has to be waited for, one for each
// exchange. Buffers grow to what commands need and stay. The arguments of its constructor outlive it.
struct CommandWorkspace {
  CommandWorkspace(server::Service& shared, const server::LoopStore& of_loop, RespCounters& of_all)
      : service(shared),
        store(of_loop.store),
        decider(shared, of_loop, of_all.decisions),
        counters(of_all.commands),
        shared_counters(of_all) {
    decider.set_door(event::Door::kResp);
  }

  server::Service& service;
  Store& store;
  server::CheckDesk decider;
  RespMetrics& counters;
  const RespCounters& shared_counters;
  const net::EventLoop* clock = nullptr;  // of commands that may wait for each other; null: all have one time
  const net::Tasks* tasks = nullptr;      // that they wait in; null: in none
  CheckBatch batch{decider, service};     // checks that wait to be decided together
  CommandParser parser;
  std::vector<std::string_view> key_parts;
  net::ByteBuffer discarded;  // replies of a client that wants none

  // Whether the client has gone meanwhile.
  bool is_cancelled() const { return tasks != nullptr && tasks->is_cancelled(); }
};

}  // namespace rateguard::resp
