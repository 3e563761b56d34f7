// The Redis protocol's commands: answers the bytes of one event loop's clients. docs/resp.md is its reference.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "limiter/limiter.h"
#include "net/byte_buffer.h"
#include "net/event_loop.h"
#include "server/decision_metrics.h"
#include "server/desk.h"
#include "server/resp/client.h"
#include "server/resp/resp_metrics.h"
#include "server/service.h"

namespace rateguard::resp {

struct CommandExchange;
struct RespCounters;
class RespSource;
struct CommandWorkspace;

// What answering some bytes came to.
struct Answered {
  enum class After : uint8_t {
    kAllAnswered,  // except for an incomplete command
    kOutputFull,   // there may be more commands
    kLeave,        // close the client once it has its answers
  };
  After after = After::kAllAnswered;
  size_t consumed = 0;  // bytes of the front
  size_t wanted = 1;    // kAllAnswered: call again with this many bytes after those
};

// One per event loop, and used on that loop's thread only. `service` and the store outlive it; it is made before the
// loops run. Its tasks end before it is destroyed.
class RespApi {
 public:
  RespApi(server::Service& service, Policy policy, const server::LoopStore& store);
  // On the service's own store.
  RespApi(server::Service& service, Policy policy) : RespApi(service, std::move(policy), {service.store}) {}
  ~RespApi();

  // The client of a new connection.
  ConnectedClient greet(const IpAddress& peer, Now now) const;
  // Answers the commands at the front of `bytes` into `out`, in order; checks are decided together. Ends at the
  // first command that begins when `out` holds `output_bytes_max` bytes or more. REQUIRES: the store answers at
  // once.
  Answered answer(ConnectedClient& client, std::string_view bytes, size_t output_bytes_max, net::ByteBuffer& out,
                  Now now);

  using TakenExchange = server::Desk<CommandExchange>::Taken;

  // Whether the store may have to be waited for: commands are then answered by exchanges.
  bool answers_later() const { return desk_.waits(); }
  // Whether there is room for this many bytes of commands to wait.
  bool has_room(size_t bytes) const;
  // For the asker to fill in and hand to answer_later().
  TakenExchange take_exchange();
  // Answers all that is whole in the exchange as answer() would, now or later; each time that `output_bytes_max` is
  // reached its asker is told. An asker that goes cancels the exchange's task: no command begins any more. `loop` is
  // the one that this runs on. REQUIRES: has_room() for its bytes.
  void answer_later(TakenExchange exchange, size_t output_bytes_max, const net::EventLoop& loop);

  // What counts from the next command on; an exchange that waits keeps to what it has until then. Call it on the loop's
  // thread, between commands.
  void set_policy(Policy policy);

  // For the DecisionSource and the RespSource of the program; they live as long as this.
  const server::DecisionMetrics& decisions() const;
  const RespMetrics& metrics() const;
  // What INFO says of all loops; without it, nothing has been asked. Call it before the loops run.
  void set_totals(const RespSource& totals);

 private:
  void run(TakenExchange& exchange, size_t output_bytes_max, const net::EventLoop& loop);

  server::Service& service_;
  const server::LoopStore store_;
  std::unique_ptr<RespCounters> counters_;
  std::unique_ptr<CommandWorkspace> workspace_;  // of answer(), and the policy in force
  uint64_t policies_ = 0;                        // that there have been
  server::Desk<CommandExchange> desk_;           // of what waits
};

}  // namespace rateguard::resp
