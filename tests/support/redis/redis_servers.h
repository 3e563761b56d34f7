// Throw-away Redis servers on loopback: one, a primary with replicas watched by Sentinels, a Cluster. Debian's
// redis-server, ports of their own, a folder of their own; they keep nothing on disk, and end with the
// thread that started them at the latest.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "redis/reply.h"
#include "support/processes/child_process.h"
#include "support/processes/reserved_port.h"
#include "support/processes/scratch_folder.h"

namespace rateguard::test {

// Asks whoever speaks Redis's protocol at that port of 127.0.0.1, on a connection of its own, waiting for up to ten
// seconds; an error that begins with "no " where there is no reply.
redis::Reply ask_port(uint16_t port, std::initializer_list<std::string_view> words);

enum class RedisKind : uint8_t { kServer, kSentinel };

// One process. Not started: every call fails.
class RedisServer {
 public:
  using Arguments = std::vector<std::string>;
  // `arguments` as redis-server takes them: {"--requirepass", "x"}.
  explicit RedisServer(Arguments arguments = {}, RedisKind kind = RedisKind::kServer);
  RedisServer(const RedisServer&) = delete;
  RedisServer& operator=(const RedisServer&) = delete;

  // Starts it, on the same port every time, and waits until it answers. False: see log().
  bool start();
  // kill -9, and waits for its end.
  void kill() { process_.kill(); }
  void signal(int number) const { process_.signal(number); }
  // Of the next start.
  Arguments& arguments() { return arguments_; }

  uint16_t port() const { return port_; }
  pid_t pid() const { return process_.pid(); }
  std::filesystem::path socket_path() const { return folder_.path() / "redis.sock"; }
  const std::filesystem::path& folder() const { return folder_.path(); }
  // What it wrote, and why the last start failed if it did.
  std::string log() const;
  redis::Reply ask(std::initializer_list<std::string_view> words) const { return ask_port(port_, words); }

 private:
  Arguments arguments_;
  RedisKind kind_;
  ScratchFolder folder_;
  uint16_t port_;
  ChildProcess process_;
  std::string problem_;  // of the last start
};

// When a silent primary is given up for another. On a loaded machine any may be silent for seconds.
enum class Failover : uint8_t {
  kQuick,   // after half a second to a second: for tests of that
  kIsNone,  // later than a test waits
};

// A primary, two replicas and three Sentinels that need two votes.
class RedisSentinels {
 public:
  static constexpr const char* kServiceName = "rateguard";
  // False: something did not start.
  bool start(Failover failover = Failover::kQuick);
  // What the Sentinels wrote, one after the other.
  std::string logs() const;
  std::vector<std::unique_ptr<RedisServer>> servers;
  std::vector<std::unique_ptr<RedisServer>> sentinels;
};

// Three primaries with a replica each.
class RedisCluster {
 public:
  static constexpr int kPrimaries = 3;
  bool start(Failover failover = Failover::kQuick);
  std::vector<std::unique_ptr<RedisServer>> nodes;  // the primaries first
};

}  // namespace rateguard::test
