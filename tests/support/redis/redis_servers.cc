#include "support/redis/redis_servers.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <thread>
#include <utility>

#include "redis/command.h"

namespace rateguard::test {
namespace {

constexpr size_t kReplyBytesMax = size_t{16} << 20;
constexpr int kReplySeconds = 10;
// How long something may take to come about on a loaded machine, in looks of 10 ms.
constexpr int kLooks = 3'000;
constexpr int kSlots = 16'384;  // of a cluster
constexpr int kNoFailoverMs = 30'000;

redis::Reply no_reply(const char* what) {
  return {.kind = redis::ReplyKind::kError, .text = std::string("no ") + what};
}

template <typename Predicate>
bool eventually(Predicate holds) {
  for (int i = 0; i < kLooks; ++i) {
    if (holds()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

redis::Reply talk(int descriptor, std::string_view command) {
  if (::send(descriptor, command.data(), command.size(), MSG_NOSIGNAL) < 0) return no_reply("connection");
  redis::ReplyReader reader(kReplyBytesMax);
  while (true) {
    char buffer[16'384];
    const ssize_t bytes = TEMP_FAILURE_RETRY(::recv(descriptor, buffer, sizeof buffer, 0));
    if (bytes <= 0) return no_reply("reply");
    reader.feed({buffer, static_cast<size_t>(bytes)});
    const auto reply = reader.next();
    if (!reply) return no_reply("sense");
    if (*reply != nullptr) return **reply;
  }
}

}  // namespace

redis::Reply ask_port(uint16_t port, std::initializer_list<std::string_view> words) {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const timeval patience{.tv_sec = kReplySeconds, .tv_usec = 0};
  setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  const sockaddr_in address = loopback(port);
  redis::Reply reply = no_reply("connection");
  if (::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
    std::string command;
    redis::append_command(command, words);
    reply = talk(descriptor, command);
  }
  ::close(descriptor);
  return reply;
}

RedisServer::RedisServer(Arguments arguments, RedisKind kind)
    : arguments_(std::move(arguments)), kind_(kind), port_(reserved_port()) {}

bool RedisServer::start() {
  const std::string folder = folder_.path().string();
  const std::string config = folder + "/redis.conf";
  if (!std::filesystem::exists(config)) std::ofstream(config) << "bind 127.0.0.1\nport " << port_ << "\n";
  std::vector<std::string> words = {"redis-server", config};
  if (kind_ == RedisKind::kSentinel) {
    words.insert(words.end(), {"--sentinel"});
  } else {
    words.insert(words.end(), {"--save", "", "--appendonly", "no", "--unixsocket", socket_path().string()});
  }
  words.insert(words.end(), {"--dir", folder, "--daemonize", "no", "--logfile", folder + "/log"});
  words.insert(words.end(), arguments_.begin(), arguments_.end());
  if (!process_.start({.words = words})) {
    problem_ = process_.problem();
    return false;
  }
  bool has_ended = false;
  const bool answers = eventually([&] {
    has_ended = !process_.is_running();
    if (has_ended) return true;
    const redis::Reply reply = ask({"PING"});
    return !reply.is_error("no") && !reply.is_error("LOADING");
  });
  if (answers && !has_ended) return true;
  problem_ = has_ended ? "it has ended" : "it does not answer; it is " + process_.activity();
  return false;
}

std::string RedisServer::log() const {
  std::ostringstream content;
  content << std::ifstream(folder_.path() / "log").rdbuf();
  return content.str() + problem_;
}

bool RedisSentinels::start(Failover failover) {
  servers.push_back(std::make_unique<RedisServer>());
  if (!servers[0]->start()) return false;
  const std::string primary_port = std::to_string(servers[0]->port());
  for (int i = 0; i < 2; ++i) {
    servers.push_back(std::make_unique<RedisServer>(
        std::vector<std::string>{"--replicaof", "127.0.0.1 " + primary_port, "--repl-diskless-sync-delay", "0"}));
    if (!servers.back()->start()) return false;
  }
  const auto linked = [&] {
    const redis::Reply role = servers[0]->ask({"ROLE"});
    return role.elements.size() == 3 && role.elements[2].elements.size() == 2;
  };
  if (!eventually(linked)) return false;
  for (int i = 0; i < 3; ++i) {
    sentinels.push_back(std::make_unique<RedisServer>(std::vector<std::string>{}, RedisKind::kSentinel));
    const RedisServer& sentinel = *sentinels.back();
    std::ofstream(sentinel.folder() / "redis.conf")
        << "bind 127.0.0.1\nport " << sentinel.port() << "\n"
        << fmt::format(
               "sentinel monitor {0} 127.0.0.1 {1} 2\nsentinel down-after-milliseconds {0} {2}\n"
               "sentinel failover-timeout {0} 2000\n",
               kServiceName, primary_port, failover == Failover::kQuick ? 500 : kNoFailoverMs);
    if (!sentinels.back()->start()) return false;
    // One whose timer is two seconds late, as on a machine with too much to do, fails over nothing for half a minute:
    // https://redis.io/docs/management/sentinel/#tilt-mode. That is longer than a test waits.
    if (sentinel.ask({"SENTINEL", "DEBUG", "TILT-PERIOD", "1000"}).text != "OK") return false;
  }
  // Until each knows the other two and both replicas.
  return eventually([&] {
    for (const auto& sentinel : sentinels) {
      if (sentinel->ask({"SENTINEL", "SENTINELS", kServiceName}).elements.size() != 2) return false;
      if (sentinel->ask({"SENTINEL", "REPLICAS", kServiceName}).elements.size() != 2) return false;
    }
    return true;
  });
}

std::string RedisSentinels::logs() const {
  std::string logs;
  for (const auto& sentinel : sentinels) logs += fmt::format("Sentinel {}:\n{}\n", sentinel->port(), sentinel->log());
  return logs;
}

bool RedisCluster::start(Failover failover) {
  const std::string timeout_ms = std::to_string(failover == Failover::kQuick ? 1'000 : kNoFailoverMs);
  for (int i = 0; i < kPrimaries * 2; ++i) {
    // The bus's port is 10,000 higher where nobody says, which may be no port at all.
    nodes.push_back(std::make_unique<RedisServer>(
        std::vector<std::string>{"--cluster-enabled", "yes", "--cluster-port", std::to_string(reserved_port()),
                                 "--cluster-node-timeout", timeout_ms, "--repl-diskless-sync-delay", "0"}));
    if (!nodes.back()->start()) return false;
  }
  for (int i = 0; i < kPrimaries; ++i) {
    const std::string first = std::to_string(kSlots * i / kPrimaries);
    const std::string last = std::to_string(kSlots * (i + 1) / kPrimaries - 1);
    if (nodes[static_cast<size_t>(i)]->ask({"CLUSTER", "ADDSLOTSRANGE", first, last}).text != "OK") return false;
  }
  for (const auto& node : nodes) {
    if (node == nodes[0]) continue;
    const std::string bus = node->ask({"CONFIG", "GET", "cluster-port"}).elements.at(1).text;
    nodes[0]->ask({"CLUSTER", "MEET", "127.0.0.1", std::to_string(node->port()), bus});
  }
  for (size_t i = kPrimaries; i < nodes.size(); ++i) {
    const std::string primary = nodes[i - kPrimaries]->ask({"CLUSTER", "MYID"}).text;
    if (!eventually([&] { return nodes[i]->ask({"CLUSTER", "REPLICATE", primary}).text == "OK"; })) return false;
  }
  return eventually([&] {
    for (const auto& node : nodes) {
      const redis::Reply slots = node->ask({"CLUSTER", "SLOTS"});
      if (slots.elements.size() != kPrimaries) return false;
      for (const redis::Reply& range : slots.elements) {
        if (range.elements.size() != 4) return false;  // from, to, primary, replica
      }
      if (!node->ask({"CLUSTER", "INFO"}).text.starts_with("cluster_state:ok")) return false;
    }
    return true;
  });
}

}  // namespace rateguard::test
