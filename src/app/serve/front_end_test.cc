// A fourth front end, in this file alone: what it takes to add one.
#include "app/serve/front_end.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <spdlog/sinks/null_sink.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <charconv>
#include <latch>
#include <memory>
#include <string>
#include <thread>

#include "app/serve/instance.h"
#include "net/byte_client_testing.h"
#include "net/eventually_testing.h"

namespace rateguard::app {
namespace {

// Tells every client that connects how many rules are in force, and closes.
class CountListener final : public LoopListener {
 public:
  CountListener(const Policy& policy, Counter& answers) : rules_(policy.rules->rules().size()), answers_(answers) {}

  Result<uint16_t> start(net::EventLoop& loop, const net::ListenAddress& address) {
    auto listener = net::Listener::open(loop, address, [this](int socket, const IpAddress&) { answer(socket); });
    if (!listener) return std::unexpected(listener.error());
    listener_ = *std::move(listener);
    return listener_->port();
  }

  void set_policy(const Policy& policy) override { rules_ = policy.rules->rules().size(); }
  void set_tls(const Prepared&) override {}
  void drain(Duration, std::function<void()> on_empty) override {
    listener_->close();
    on_empty();
  }

 private:
  void answer(int socket) {
    const std::string text = std::to_string(rules_) + " rules\n";
    EXPECT_EQ(::send(socket, text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
    answers_.add();
    ::close(socket);
  }

  size_t rules_;
  Counter& answers_;
  std::unique_ptr<net::Listener> listener_;
};

class CountFront final : public FrontEnd, public metrics::Source {
 public:
  explicit CountFront(const FrontEndParts& parts) : FrontEnd({.port = 0}), policy_(parts.at_start.policy) {}

  Result<std::unique_ptr<LoopListener>> start(const LoopParts& parts) override {
    auto listener = std::make_unique<CountListener>(policy_, answers_);
    const auto port = listener->start(parts.loop, address_);
    if (!port) return std::unexpected(port.error());
    join_at(*port, address_);
    return listener;
  }
  void report_to(metrics::Registry& registry) const override { registry.add(*this); }
  void report(metrics::Writer& out) const override {
    out.counter("answers_total", "Clients that were told.", answers_.value());
  }

 private:
  const Policy& policy_;
  net::ListenAddress address_ = {.port = 0};
  Counter answers_;
};

const FrontEndKind kCountFront = {
    .name = "count",
    .setting = "listen.count",
    .endpoint = [](const config::Config&) -> net::OptionalEndpoint { return net::Endpoint{.port = 0}; },
    .make = [](const FrontEndParts& parts) -> std::unique_ptr<FrontEnd> {
      return std::make_unique<CountFront>(parts);
    }};

// The port behind "NAME=127.0.0.1:".
uint16_t port_of(const std::string& addresses, const std::string& name) {
  const std::string before = name + "=127.0.0.1:";
  const size_t at = addresses.find(before);
  uint16_t port = 0;
  if (at != std::string::npos) {
    std::from_chars(addresses.data() + at + before.size(), addresses.data() + addresses.size(), port);
  }
  return port;
}

// All that a server says before it closes.
std::string said_by(uint16_t port, std::string_view request = {}) {
  net::ByteClient client(port);
  client.send(request);
  std::string text;
  char buffer[4'096];
  for (ssize_t n = 0; (n = ::recv(client.descriptor(), buffer, sizeof(buffer), 0)) > 0;) {
    text.append(buffer, static_cast<size_t>(n));
  }
  return text;
}

TEST(FrontEnd, AFourthIsOneRowOfTheTable) {
  Log log(LogSettings{}, std::make_shared<spdlog::sinks::null_sink_mt>());
  std::atomic<int> rules = 0;  // of the configuration, when it is read again
  const auto read = [&rules](config::Config config) -> Result<config::Config> {
    config.listen.http.port = 0;
    config.listen.grpc.reset();
    config.listen.resp.reset();
    config.listen.threads = 1;
    for (int i = 0; i < rules; ++i) {
      config.rules.push_back(
          {.name = "r" + std::to_string(i), .limit = *Limit::fixed_window(1, Duration::seconds(60))});
    }
    return config;
  };
  ConfigSource source("", read);
  const auto config = source.load();
  ASSERT_TRUE(config.has_value()) << config.error().to_string();
  auto prepared = prepare(*config);
  ASSERT_TRUE(prepared.has_value()) << prepared.error().to_string();
  const FrontEndKind* const kinds[] = {front_end_kinds().front(), &kCountFront};
  auto instance = Instance::create(log, source, *config, *std::move(prepared), kinds);
  ASSERT_TRUE(instance.has_value()) << instance.error().to_string();

  const std::string addresses = (*instance)->addresses();
  const uint16_t http = port_of(addresses, "http");
  const uint16_t count = port_of(addresses, "count");
  ASSERT_NE(http, 0) << addresses;
  ASSERT_NE(count, 0) << addresses;
  std::thread serving([&] { EXPECT_TRUE((*instance)->run().has_value()); });

  EXPECT_EQ(said_by(count), "0 rules\n");
  rules = 3;
  said_by(http, "POST /v1/reload HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  int told = 1;
  std::string said;
  for (; said != "3 rules\n" && told < 1'000; ++told) said = said_by(count);
  EXPECT_EQ(said, "3 rules\n");
  const std::string scrape = said_by(http, "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(scrape.contains("\nanswers_total " + std::to_string(told) + "\n")) << scrape;
  EXPECT_TRUE(scrape.contains("\nrateguard_connections 1\n")) << scrape;
  ::kill(::getpid(), SIGTERM);  // which the instance takes for itself
  serving.join();
}

// The configuration is read through a disk that does not answer for a while.
TEST(Reloading, DoesNotStopDecisionsWhileTheDiskIsSlow) {
  Log log(LogSettings{}, std::make_shared<spdlog::sinks::null_sink_mt>());
  std::atomic<int> reads = 0;
  std::latch disk(1);
  const auto read = [&](config::Config config) -> Result<config::Config> {
    config.listen.http.port = 0;
    config.listen.grpc.reset();
    config.listen.resp.reset();
    config.listen.threads = 1;
    // Each load applies it twice; the start has loaded once.
    if (++reads > 2) disk.wait();
    return config;
  };
  ConfigSource source("", read);
  const auto config = source.load();
  ASSERT_TRUE(config.has_value()) << config.error().to_string();
  auto prepared = prepare(*config);
  ASSERT_TRUE(prepared.has_value()) << prepared.error().to_string();
  auto instance = Instance::create(log, source, *config, *std::move(prepared));
  ASSERT_TRUE(instance.has_value()) << instance.error().to_string();
  const uint16_t http = port_of((*instance)->addresses(), "http");
  std::thread serving([&] { EXPECT_TRUE((*instance)->run().has_value()); });

  const std::string reload = "POST /v1/reload HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
  const std::string check =
      "POST /check HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n"
      "Content-Length: 23\r\n\r\n{\"facts\":{\"path\":\"/a\"}}";
  net::ByteClient asker(http);
  ASSERT_TRUE(asker.send(reload));
  ASSERT_TRUE(net::eventually([&] { return reads >= 3; })) << "the reload has begun to read";
  ::kill(::getpid(), SIGHUP);  // which waits for the one before it
  EXPECT_TRUE(said_by(http, check).starts_with("HTTP/1.1 200 ")) << said_by(http, check);
  EXPECT_TRUE(
      said_by(http, "GET /ready HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").starts_with("HTTP/1.1 200 "));
  disk.count_down();
  char answer[12] = {};
  EXPECT_EQ(::recv(asker.descriptor(), answer, sizeof(answer), MSG_WAITALL), 12);
  EXPECT_EQ(std::string_view(answer, 12), "HTTP/1.1 200");
  ::kill(::getpid(), SIGTERM);
  serving.join();
}

TEST(FrontEnd, TheTableNamesEachListenerOnce) {
  std::string names;
  for (const FrontEndKind* const kind : front_end_kinds()) names += std::string(kind->name) + " ";
  EXPECT_EQ(names, "http grpc resp admin ");
}

}  // namespace
}  // namespace rateguard::app
