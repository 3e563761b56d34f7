// A Redis Cluster ("Redis cluster specification", redis.io): it learns with CLUSTER SLOTS which primary serves which
// slot, keeps a connection to each, and follows MOVED and ASK. Both mean that nothing was done, so following them
// carries nothing out twice. So does TRYAGAIN, the answer to a command with several keys while their slot moves and no
// node has them all: the command is repeated after a pause, as long as its patience lasts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "net/event_loop.h"
#include "redis/connection.h"
#include "redis/slot.h"

namespace rateguard::redis {

struct ClusterSettings {
  std::vector<ServerEndpoint> seeds;  // at least one; the first one's login and TLS are used for every node
  // How often the slot map is asked for while something is wrong: a node is gone, or a MOVED was received.
  Duration look_period = Duration::millis(500);
  // Looks between two requests for the map while nothing is wrong: 10 s.
  int quiet_looks = 20;
  Duration patience = Duration::seconds(1);  // for a node's answer to that request
};

// On the loop's thread. It is not destroyed from within a handler of its commands.
class Cluster {
 public:
  // `loop` outlives it. `options` are those of each node's connection; its on_change is called for each, and when the
  // slot map changes.
  Cluster(net::EventLoop& loop, ClusterSettings settings, ConnectionOptions options);
  ~Cluster();
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  void start();
  void stop();

  // Whether the slots are known and every primary is connected.
  bool is_ready() const;
  // Why not; empty if it is.
  std::string problem() const;
  // Whether every known node refuses, or says that it is not part of a Cluster, which will last until the settings
  // change.
  bool is_hopeless() const;

  // Any node that is connected now; null if none is.
  const ServerEndpoint* open_server() const;

  // As RedisConnection's, at the node that serves `key`. All keys of a command are in one slot. Before the slots are
  // known a command waits while they are being asked for.
  void call(std::string_view key, std::span<const std::string_view> words, Duration patience, ResultHandler done);
  void call(std::string_view key, std::initializer_list<std::string_view> words, Duration patience,
            ResultHandler done) {
    call(key, std::span(words.begin(), words.size()), patience, std::move(done));
  }
  // REQUIRES: at least one key, all in one slot.
  void eval(const Script& script, std::span<const std::string_view> keys, std::span<const std::string_view> arguments,
            Duration patience, ResultHandler done);

 private:
  // A command under way, kept so that it can follow a redirection.
  struct Request {
    uint16_t slot = 0;
    Instant deadline = {};
    const Script* script = nullptr;  // null: `bytes` is a whole command; otherwise the script's tail
    std::string bytes = {};
    int redirections = 0;  // since the last pause
    int pauses = 0;
    net::Timer wake = {};  // while it pauses
    ResultHandler done = {};
  };
  enum class Manner : uint8_t { kPlain, kAsking };

  void route_request(std::unique_ptr<Request> request);
  void send(RedisConnection& node, std::unique_ptr<Request> request, Manner manner);
  void on_answer(RedisConnection& node, std::unique_ptr<Request> request, const CommandResult& answer);
  bool pause(std::unique_ptr<Request>& request);
  bool is_learning() const;
  RedisConnection* node_at(const net::ConnectTarget& target);
  void probe_slot_map();
  void refresh();
  void take_slots(const RedisConnection& teller, const Reply& reply);
  void drop_nodes_but(const std::vector<RedisConnection*>& kept);
  void on_node_change();

  net::EventLoop& loop_;
  ClusterSettings settings_;
  ConnectionOptions options_;
  std::vector<std::unique_ptr<RedisConnection>> nodes_;
  std::vector<RedisConnection*> slots_;          // by slot; null if no node serves it
  std::list<std::unique_ptr<Request>> pausing_;  // until they are asked again
  bool started_ = false;
  bool map_known_ = false;
  bool asking_ = false;
  bool is_no_cluster_ = false;  // the last node that was asked said so
  bool wanted_ = false;
  int quiet_ = 0;
  size_t next_teller_ = 0;
  std::string map_problem_ = "no node has been asked yet";
  net::Timer look_;
};

}  // namespace rateguard::redis
