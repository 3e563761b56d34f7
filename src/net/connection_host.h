// Listens, and keeps the connections of one server: accepts them up to a bound, times them out, drains them.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/counter.h"
#include "base/level.h"
#include "base/result.h"
#include "net/connection.h"
#include "net/event_loop.h"
#include "net/listener.h"
#include "net/tls.h"

namespace rateguard::net {

// What a load balancer says about the connection before the client's first byte.
struct Preamble {
  enum class Verdict : uint8_t { kNeedMore, kDone, kRefused };
  Verdict verdict = Verdict::kRefused;
  size_t bytes_wanted = 0;             // kNeedMore: how many bytes must be there in all before asking again
  std::optional<IpAddress> peer = {};  // kDone: the client's address; empty: the connection speaks for itself
  std::string_view why = {};           // kRefused: what is wrong, in words that live for ever
};

// Reads a preamble that `sender`, the connection's own peer, has begun with. Called with no bytes first; never with
// more than it asked for, since what follows is not part of the preamble. It asks for at most 64 KiB.
using PeerPreamble = std::function<Preamble(const IpAddress& sender, std::string_view received)>;

struct ConnectionTimeouts {
  Duration idle = Duration::seconds(75);
  Duration read = Duration::seconds(10);       // for one request, from its first byte to its last
  Duration write = Duration::seconds(10);      // for what waits for a slow reader, until it is gone
  Duration handshake = Duration::seconds(10);  // for the preamble and TLS
};

// The clock of timeouts; it never goes back.
using SteadyNow = std::function<std::chrono::steady_clock::time_point()>;

// Why a connection was closed before it could ask anything.
enum class TurnedAway : uint8_t { kTooMany, kHandshakeFailed, kPreambleRefused };

struct ConnectionHostOptions {
  ListenAddress address = {};
  std::shared_ptr<const TlsContext> tls = {};  // null: plain
  PeerPreamble preamble = {};                  // empty: none is expected; else every connection must begin with one
  // For this host, or for all hosts that share a count: then no loop refuses while others have room.
  int connections_max = 20'000;
  std::shared_ptr<std::atomic<int64_t>> shared_count = {};  // null: this host's alone
  // Told on the loop's thread; `why` is the reason, of all but kTooMany.
  std::function<void(TurnedAway what, const IpAddress& peer, std::string_view why)> on_turned_away = {};
  ConnectionTimeouts timeouts = {};
  SteadyNow steady_now = std::chrono::steady_clock::now;
};

// Counted since the start; written by the server's loop, read by any thread.
struct ConnectionStats {
  Level connections_open;
  Counter connections_accepted;
  Counter connections_refused;  // above connections_max
  Counter handshakes_failed;    // TLS or preamble
  Counter timeouts;             // connections closed by a timeout
};

// Used on the loop's thread only. Its connections share its buffers, so that an idle one holds none: bytes are received
// into scratch() and answers rendered into out(); only what cannot be finished at once is copied.
class ConnectionHost {
 public:
  // What one recv() takes at most.
  static constexpr size_t kScratchBytes = 64 * 1'024;

  // Makes the connection of a protocol.
  using Make = std::function<std::unique_ptr<Connection>(int descriptor, const IpAddress& peer)>;
  // Refuses a connection above the bound, with a send or two. Not called with TLS, where saying anything would take a
  // handshake.
  using Refuse = std::function<void(Transport& transport)>;

  // `stats` outlives it.
  ConnectionHost(ConnectionHostOptions options, ConnectionStats& stats);
  ~ConnectionHost();
  ConnectionHost(const ConnectionHost&) = delete;
  ConnectionHost& operator=(const ConnectionHost&) = delete;

  // Listens and serves; returns the port. `loop` outlives this. Errors: as Listener::open(); then nothing has begun.
  Result<uint16_t> start(EventLoop& loop, Make make, Refuse refuse);
  // Takes effect for new connections.
  void set_tls(std::shared_ptr<const TlsContext> tls) { options_.tls = std::move(tls); }
  // Accepts no more connections, tells every one to drain, and calls `on_empty` once, on the loop: when the last has
  // closed, or when `grace` is over and the rest were cut off. At once, if the host was never started.
  void drain(Duration grace, std::function<void()> on_empty);

  // For its connections.
  EventLoop& loop() { return *loop_; }
  bool draining() const { return draining_; }
  ByteBuffer& out() { return out_; }
  const SteadyNow& steady_now() const { return options_.steady_now; }
  std::span<char> scratch() { return {scratch_.get(), kScratchBytes}; }
  // How much of this turn of the loop connections have used that had more than one request: TurnBudget's.
  std::chrono::nanoseconds& turn_time_used();

 private:
  friend class Connection;

  void accept(int descriptor, const IpAddress& peer);
  // Counts one more connection, unless the bound is reached.
  bool take_place();
  void tell_turned_away(TurnedAway what, const IpAddress& peer, std::string_view why) const;
  void remove(Connection& connection);
  // `successor` takes the connection's place.
  void replace(Connection& connection, std::unique_ptr<Connection> successor);
  // Frees the connection once it cannot be on the call stack any more.
  void free_later(std::unique_ptr<Connection> connection);
  // The connection's next turn comes after the events of all others have been handled.
  void queue_turn(Connection& connection);
  void run_turns_soon();
  void run_turns();
  Tick ticks(Connection::Timeout timeout) const { return ticks_[static_cast<size_t>(timeout)]; }
  void start_ticking();
  void tick();
  void cut_off();
  void emptied();

  ConnectionHostOptions options_;
  ConnectionStats& stats_;
  EventLoop* loop_ = nullptr;  // null: not started
  Make make_;
  Refuse refuse_;
  Duration tick_length_;
  std::array<Tick, 5> ticks_{};  // by Connection::Timeout
  TimerWheel wheel_;
  ByteBuffer out_;
  std::unique_ptr<char[]> scratch_ = std::make_unique_for_overwrite<char[]>(kScratchBytes);
  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<std::unique_ptr<Connection>> closed_;       // not yet freed: they may be on the call stack
  std::shared_ptr<int> alive_ = std::make_shared<int>();  // expired when posted work runs too late
  std::vector<Connection*> turns_;                        // waiting for their next turn; null: closed meanwhile
  std::vector<Connection*> turns_now_;                    // being given it
  std::chrono::nanoseconds turn_time_used_{};
  Now turn_of_use_;  // in which that was
  bool draining_ = false;
  std::unique_ptr<Listener> listener_;
  Timer ticker_;
  bool ticking_ = false;
  std::chrono::steady_clock::time_point ticked_until_;
  Timer grace_;
  std::function<void()> on_empty_;
};

}  // namespace rateguard::net
