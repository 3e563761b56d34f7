// The life of one socket to one server: connect, TLS, log in, and then bytes out and replies in. It matches nothing and
// repeats nothing; whoever owns it does.
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
  // One that holds all keys and takes writes, as far as INFO says: no node of a Cluster, no Sentinel, no replica that
  // is read-only.
  kWholeAndWritable,
};

// Begins what is said of a server that ought to be kWholeAndWritable.
inline constexpr std::string_view kNodeOfACluster = "it is a node of a Cluster";

// Where a server is and what to say to it first.
struct Server {
  net::ConnectTarget target = {};
  std::shared_ptr<const net::TlsClientContext> tls = {};  // null: plain
  // The name for which its certificate has to be, and which is sent along (SNI). Empty: the target's host.
  std::string tls_name = {};
  std::string user = {};
  std::string password = {};
  uint32_t database = 0;
  std::string client_name = "rateguard";  // as CLIENT LIST shows it
  Role role = Role::kAny;

  // REQUIRES: `tls` where the URL asks for it.
  static Server from(const Url& url, std::shared_ptr<const net::TlsClientContext> tls = {});
};

// Hears of a session. No member may destroy the session.
class SessionOwner {
 public:
  // The server can be asked.
  virtual void on_open() = 0;
  // One per command, in order; what is published comes between. The reply is the session's own until the call returns.
  virtual void on_reply(const Reply& reply) = 0;
  // It has ended or never began; start() may be called again. kInvalid: an attempt will end so until somebody changes
  // something (password, database, certificate, version, who listens there); kUnavailable and kCorrupt: the next may do
  // better.
  virtual void on_closed(const Error& error) = 0;

 protected:
  ~SessionOwner() = default;
};

struct SessionOptions {
  // For connecting, TLS and login together. A round trip across the world takes a third of it.
  Duration patience = Duration::seconds(1);
  // For the rest of the answers to the login, once their first byte has come: the server gives them together, and what
  // was lost underway is sent again after 200 ms (Linux's least retransmission timeout).
  Duration rest_patience = Duration::millis(300);
  // The largest expected is the slot map of a cluster of hundreds of nodes, some 100 KiB.
  size_t reply_bytes_max = 1'024 * 1'024;
};

// On the loop's thread.
class Session final : private net::StreamEvents {
 public:
  // `loop` and `owner` outlive it.
  Session(net::EventLoop& loop, SessionOwner& owner, SessionOptions options = {});
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // REQUIRES: is_closed().
  void start(const Server& server);
  // The owner is not told.
  void close();
  bool is_closed() const { return phase_ == Phase::kClosed; }
  bool is_open() const { return phase_ == Phase::kOpen; }

  // Bytes that wait for flush(); appended to by whoever has a command. What is in it before the session is open goes
  // out when it is.
  std::string& out() { return out_; }
  // Bytes at the front of out() that are on their way and can no longer be taken back.
  size_t begun_bytes() const { return begun_; }
  // Bytes that have left out() for good since start(); once it is closed, with those that had begun.
  uint64_t sent_total() const { return sent_total_; }
  // Sends what the socket takes.
  void flush();
  // Takes what is there to be read without being told that there is something.
  void read_now() { stream_.read_now(); }
  // When bytes last came.
  Instant heard_at() const { return heard_at_; }

 private:
  enum class Phase : uint8_t { kClosed, kConnecting, kGreeting, kOpen };
  // What a greeting's reply answers.
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
  Server server_;
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
