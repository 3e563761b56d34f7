// redis_throwaway single | sentinel | cluster: Redis on loopback to try things out with. Says where, and runs until
// its standard input ends or it is interrupted; nothing is kept.
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <string_view>

#include "support/redis/redis_servers.h"

namespace {

using namespace rateguard::test;

int usage() {
  fmt::print(stderr, "usage: redis_throwaway single | sentinel | cluster\n");
  return 2;
}

void wait_for_end() {
  std::fflush(stdout);
  struct sigaction ending = {};
  ending.sa_handler = [](int) {};  // only ends the read below
  sigaction(SIGINT, &ending, nullptr);
  sigaction(SIGTERM, &ending, nullptr);
  char unused[256];
  while (::read(STDIN_FILENO, unused, sizeof unused) > 0) {
  }
}

void show(const char* what, const RedisServer& server) {
  fmt::print("{} redis://127.0.0.1:{} pid={}\n", what, server.port(), server.pid());
}

int failed() {
  fmt::print(stderr, "redis_throwaway: the servers did not start; is redis-server (7 or later) installed?\n");
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view kind = argc == 2 ? argv[1] : "";
  if (kind == "single") {
    RedisServer server;
    if (!server.start()) return failed();
    show("server", server);
    fmt::print("socket unix://{}\nready\n", server.socket_path().string());
    wait_for_end();
  } else if (kind == "sentinel") {
    RedisSentinels all;
    if (!all.start()) return failed();
    for (const auto& server : all.servers) show("server", *server);
    for (const auto& sentinel : all.sentinels) show("sentinel", *sentinel);
    fmt::print("service {}\nready\n", RedisSentinels::kServiceName);
    wait_for_end();
  } else if (kind == "cluster") {
    RedisCluster cluster;
    if (!cluster.start()) return failed();
    for (const auto& node : cluster.nodes) show("node", *node);
    fmt::print("ready\n");
    wait_for_end();
  } else {
    return usage();
  }
  return 0;
}
