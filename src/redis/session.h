// One socket to one server: connect, TLS, login, then bytes out and replies in. Its owner matches replies to commands
// and repeats commands.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "net/connector.h"
#include "net/event_loop.h"
#include "net/stream.h"
#include "net/tls_client.h"
#include "redis/reply.h"
#include "redis/url/url.h"

namespace rateguard::redis {

// What a server has to be.
enum class Role : uint8_t {
  kAny,
  kPrimary,  // as ROLE says
  // A server that has all keys and accepts writes, as far as INFO says: not a node of a Cluster, a Sentinel or a
  // read-only replica.
  kWholeAndWritable,
};

// Begins the error about a server that should be kWholeAndWritable.
inline constexpr std::string_view kNodeOfACluster = "it is a node of a Cluster";

// A server's address, and how to log in.
struct ServerEndpoint {
  net::ConnectTarget target = {};
  std::shared_ptr<const net::TlsClientContext> tls = {};  // null: plain
  // The name that its certificate has to be for, and that is sent along (SNI). Empty: the target's host.
  std::string tls_name = {};
  std::string user = {};
  std::string password = {};
  uint32_t database = 0;
  std::string client_name = "rateguard";  // shown by CLIENT LIST
  Role role = Role::kAny;

  // REQUIRES: `tls` if the URL asks for it.
  static ServerEndpoint from(const Url& url, std::shared_ptr<const net::TlsClientContext> tls = {});
};

// Gets the events of a session. No member may destroy the session.
class SessionOwner {
 public:
  // The session is open for commands.
  virtual void on_open() = 0;
  // One reply per command, in order, with published messages in between. The session owns the reply; it is valid until
  // the call returns.
  virtual void on_reply(const Reply& reply) = 0;
  // The session has ended or never opened; start() may be called again. kInvalid: every attempt will fail until
  // something is changed (password, database, certificate, version, the server that listens there); kUnavailable and
  // kCorrupt: the next attempt may succeed.
  virtual void on_closed(const Error& error) = 0;

 protected:
  ~SessionOwner() = default;
};

struct SessionOptions {
  // For connecting, TLS and login together. A round trip across the world takes a third of it.
  Duration patience = Duration::seconds(1);
  // For the rest of the answers to the login, once their first byte has arrived: the server sends them together, and
  // TCP repeats a lost packet after 200 ms (Linux's least retransmission timeout).
  Duration rest_patience = Duration::millis(300);
  // The largest expected is the slot map of a cluster of hundreds of nodes, some 100 KiB.
  size_t reply_bytes_max = 1'024 * 1'024;
};

// Used on the loop's thread.
class Session final : private net::StreamEvents {
 public:
  // `loop` and `owner` outlive this.
  Session(net::EventLoop& loop, SessionOwner& owner, SessionOptions options = {});
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // REQUIRES: is_closed().
  void start(const ServerEndpoint& server);
  // Closes without telling the owner.
  void close();
  bool is_closed() const { return phase_ == Phase::kClosed; }
  bool is_open() const { return phase_ == Phase::kOpen; }

  // Bytes that wait for flush(), to which the owner appends commands. What is in it before the session is open goes out
  // when it opens.
  std::string& out() { return out_; }
  // Bytes at the front of out() that are on their way and can no longer be taken back.
  size_t begun_bytes() const { return begun_; }
  // Bytes that have left out() for good since start(); once it is closed, with those that had begun.
  uint64_t sent_total() const { return sent_total_; }
  // Sends what the socket takes.
  void flush();
  // Reads what has arrived without waiting for the loop.
  void read_now() { stream_.read_now(); }
  // When bytes last arrived.
  Instant heard_at() const { return heard_at_; }

 private:
  enum class Phase : uint8_t { kClosed, kConnecting, kGreeting, kOpen };
  // The command of the greeting that a reply answers.
  enum class Step : uint8_t { kAuth, kPing, kServerInfo, kReplicationInfo, kSelect, kSetName, kRole };

  void opened() override;
  void input(std::span<char> bytes) override;
  void drained() override { flush(); }
  void closed(net::StreamEnd how, const Error& error) override;
  Error explained(net::StreamEnd how, const Error& error) const;
  void greet();
  void arm_deadline(Duration patience, std::string_view what);
  void on_greeting_reply(const Reply& reply);
  std::optional<Error> refusal(Step step, const Reply& reply) const;
  std::optional<Error> refusal_of_server(std::string_view info) const;
  void hand_out_replies();
  void end(Error error);

  net::EventLoop& loop_;
  SessionOwner& owner_;
  SessionOptions options_;
  ServerEndpoint server_;
  Phase phase_ = Phase::kClosed;
  net::Stream stream_;
  net::Timer deadline_;
  Instant deadline_at_;  // when deadline_ fires
  std::optional<ReplyReader> reader_;
  std::vector<Step> steps_;
  size_t steps_done_ = 0;
  std::string greeting_;
  std::string out_;
  size_t begun_ = 0;
  uint64_t sent_total_ = 0;
  Instant heard_at_;
};

}  // namespace rateguard::redis
