#include "redis/client.h"

#include <utility>

namespace rateguard::redis {
namespace {

ServerEndpoint as_whole_and_writable(ServerEndpoint server) {
  server.role = Role::kWholeAndWritable;
  return server;
}

class OneServer final : public RedisClient {
 public:
  OneServer(net::EventLoop& loop, ServerEndpoint server, ConnectionOptions options)
      : connection_(loop, as_whole_and_writable(std::move(server)), std::move(options)) {}

  void start() override { connection_.start(); }
  void stop() override { connection_.stop(); }
  void eval(const Script& script, std::span<const std::string_view> keys, std::span<const std::string_view> arguments,
            Duration patience, ResultHandler done) override {
    connection_.eval(script, keys, arguments, patience, std::move(done));
  }
  void call(std::string_view, std::span<const std::string_view> words, Duration patience, ResultHandler done) override {
    connection_.call(words, patience, std::move(done));
  }
  const ServerEndpoint* open_server() const override { return connection_.is_open() ? &connection_.server() : nullptr; }
  bool is_ready() const override { return connection_.is_open(); }
  std::string problem() const override { return connection_.problem().message; }
  bool is_hopeless() const override { return !is_ready() && connection_.problem().code == ErrorCode::kInvalid; }

 private:
  RedisConnection connection_;
};

class Sentinels final : public RedisClient {
 public:
  Sentinels(net::EventLoop& loop, SentinelSettings settings, ConnectionOptions options)
      : connection_(loop, std::move(settings), std::move(options)) {}

  void start() override { connection_.start(); }
  void stop() override { connection_.stop(); }
  void eval(const Script& script, std::span<const std::string_view> keys, std::span<const std::string_view> arguments,
            Duration patience, ResultHandler done) override {
    connection_.primary().eval(script, keys, arguments, patience, std::move(done));
  }
  void call(std::string_view, std::span<const std::string_view> words, Duration patience, ResultHandler done) override {
    connection_.primary().call(words, patience, std::move(done));
  }
  const ServerEndpoint* open_server() const override {
    return connection_.primary().is_open() ? &connection_.primary().server() : nullptr;
  }
  bool is_ready() const override { return connection_.primary().is_open(); }
  std::string problem() const override {
    const std::string& sentinels = connection_.problem();
    return sentinels.empty() ? connection_.primary().problem().message : sentinels;
  }
  bool is_hopeless() const override {
    if (is_ready()) return false;
    return connection_.is_refused() || connection_.primary().problem().code == ErrorCode::kInvalid;
  }

 private:
  SentinelConnection connection_;
};

class Nodes final : public RedisClient {
 public:
  Nodes(net::EventLoop& loop, ClusterSettings settings, ConnectionOptions options)
      : cluster_(loop, std::move(settings), std::move(options)) {}

  void start() override { cluster_.start(); }
  void stop() override { cluster_.stop(); }
  void eval(const Script& script, std::span<const std::string_view> keys, std::span<const std::string_view> arguments,
            Duration patience, ResultHandler done) override {
    cluster_.eval(script, keys, arguments, patience, std::move(done));
  }
  void call(std::string_view key, std::span<const std::string_view> words, Duration patience,
            ResultHandler done) override {
    cluster_.call(key, words, patience, std::move(done));
  }
  const ServerEndpoint* open_server() const override { return cluster_.open_server(); }
  bool is_ready() const override { return cluster_.is_ready(); }
  std::string problem() const override { return cluster_.problem(); }
  bool is_hopeless() const override { return cluster_.is_hopeless(); }

 private:
  Cluster cluster_;
};

}  // namespace

std::unique_ptr<RedisClient> make_client(net::EventLoop& loop, Deployment target, ConnectionOptions options) {
  if (auto* server = std::get_if<ServerEndpoint>(&target)) {
    return std::make_unique<OneServer>(loop, std::move(*server), std::move(options));
  }
  if (auto* sentinels = std::get_if<SentinelSettings>(&target)) {
    return std::make_unique<Sentinels>(loop, std::move(*sentinels), std::move(options));
  }
  return std::make_unique<Nodes>(loop, std::move(std::get<ClusterSettings>(target)), std::move(options));
}

}  // namespace rateguard::redis
