// An HTTP client on one event loop: HTTP/1.1 and HTTP/2, connections kept for later calls, everything bounded.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "http/client/call.h"
#include "http/server_options.h"
#include "net/connector.h"
#include "net/event_loop.h"
#include "net/timer_wheel.h"
#include "net/tls_client.h"

namespace rateguard::http {

class ClientConnection;
class OriginPool;

// A server to send requests to. Calls with the same object share connections.
struct Origin {
  net::ConnectTarget target = {};
  std::shared_ptr<const net::TlsClientContext> tls = {};  // null: plain
  // The name that its certificate has to be for (SNI). Empty: the target's host.
  std::string tls_name = {};
  // kBoth: ALPN decides over TLS; without TLS HTTP/1.1 is spoken. kHttp2 without TLS: with prior knowledge (RFC 9113,
  // section 3.3).
  Protocols protocols = Protocols::kBoth;

  std::string name() const { return target.to_string(); }
};

struct ClientLimits {
  uint32_t connections_max = 64;          // to one origin
  uint32_t streams_max = 100;             // on one HTTP/2 connection, if the server allows as many
  uint32_t waiting_max = 1'024;           // calls to one origin that wait for a connection
  Duration idle = Duration::seconds(60);  // how long a connection without a call is kept
  Limits answer = {.header_bytes_max = 65'536, .headers_max = 256};  // of an answer's head
};

// Counted since the start; for the loop's thread.
struct ClientStats {
  uint64_t connections_opened = 0;
  uint64_t connections_open = 0;  // now, with those being opened
  uint64_t calls_begun = 0;
  uint64_t calls_failed = 0;
  uint64_t calls_repeated = 0;  // on another connection, after a kept one had closed
};

// On the loop's thread only.
class Client {
 public:
  // `loop` outlives it.
  explicit Client(net::EventLoop& loop, ClientLimits limits = {});
  // Not from within an event. Calls that have not ended get no more events; they may outlive the client.
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Sends a request. `events` outlives the call.
  std::unique_ptr<Call> call(std::shared_ptr<const Origin> origin, const CallRequest& request, CallEvents& events,
                             const CallTimeouts& timeouts = {});

  const ClientStats& stats() const { return stats_; }
  net::EventLoop& loop() { return loop_; }

 private:
  friend class Call;
  friend class ClientConnection;
  friend class Http1Carrier;
  friend class Http2Carrier;
  friend class OriginPool;

  static constexpr Duration kTick = Duration::millis(25);
  static net::Tick ticks(Duration duration);

  OriginPool& pool_of(const std::shared_ptr<const Origin>& origin);
  // At the end of this turn of the loop: looks at a call, gives a connection its turn, frees what is dead.
  void queue(Call& call);
  void forget(Call& call);
  void queue(ClientConnection& connection);
  void queue(OriginPool& pool);
  void free_later(std::unique_ptr<ClientConnection> connection);
  void post();
  void run_turn();
  void look_at(Call& call);
  void drop_empty_pools();
  void keep_time();
  void tick();

  net::EventLoop& loop_;
  ClientLimits limits_;
  ClientStats stats_;
  net::TimerWheel wheel_;
  net::Timer ticker_;
  bool ticking_ = false;
  std::chrono::steady_clock::time_point ticked_until_;
  net::ByteBuffer out_;  // output that a connection renders before it is written
  std::unordered_map<const Origin*, std::unique_ptr<OriginPool>> pools_;
  std::vector<Call*> calls_;      // to be looked at; null: gone
  std::vector<Call*> calls_now_;  // being looked at; null: gone
  std::vector<ClientConnection*> turns_;
  std::vector<OriginPool*> to_assign_;
  std::vector<std::unique_ptr<ClientConnection>> dead_;
  std::shared_ptr<Client*> self_;  // for posted work; it points to null once the client is destroyed
  bool posted_ = false;
};

}  // namespace rateguard::http
