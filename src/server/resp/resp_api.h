// The Redis protocol's commands: answers the bytes of one event loop's clients. docs/resp.md is its reference.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "limiter/limiter.h"
#include "metrics/loop_metrics.h"
#include "metrics/resp_metrics.h"
#include "net/byte_buffer.h"
#include "server/resp/client.h"
#include "server/service.h"

namespace rateguard::resp {

struct Loop;

// What became of some bytes.
struct Answered {
  enum class After : uint8_t {
    kAllAnswered,  // but for what is not whole yet
    kOutputFull,   // there may be more commands
    kLeave,        // the client is to be closed once it has its answers
  };
  After after = After::kAllAnswered;
  size_t consumed = 0;  // of the front
  size_t wanted = 1;    // kAllAnswered: with so many bytes from there on it is worth asking again
};

// One per event loop, and used on that loop's thread only. `service` outlives it; it is made before the loops run, and
// names the commands in the service's metrics.
class RespApi {
 public:
  RespApi(server::Service& service, Policy policy, const server::LoopStore& store);
  // On the service's own store.
  RespApi(server::Service& service, Policy policy) : RespApi(service, std::move(policy), {service.store}) {}
  ~RespApi();

  // A connection that has just begun.
  Client greet(const IpAddress& peer, Instant now) const;
  // Answers the commands at the front of `bytes` into `out`, in order; those that ask a limit are decided together.
  // Ends at the first command that begins when `out` holds `output_bytes_max` bytes or more.
  Answered answer(Client& client, std::string_view bytes, size_t output_bytes_max, net::ByteBuffer& out, Instant now);

  // What counts from the next command on. Call it on the loop's thread, between commands.
  void set_policy(Policy policy);

  // To be listed in Service::metrics before the loops run.
  const metrics::LoopMetrics& metrics() const { return *metrics_; }
  const metrics::RespMetrics& resp_metrics() const;

 private:
  void execute(Client& client, std::span<const std::string_view> words, net::ByteBuffer& out, Instant now);

  std::unique_ptr<metrics::LoopMetrics> metrics_;
  std::unique_ptr<Loop> loop_;
};

}  // namespace rateguard::resp
