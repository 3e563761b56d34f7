// How a host drains, with connections that do what no protocol's do yet.
#include "net/connection_host.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "net/byte_client_testing.h"
#include "net/clock.h"
#include "net/run_until_testing.h"

namespace rateguard::net {
namespace {

// Stays open while draining, unless it belongs to a bundle that ends all together.
class StubbornConnection final : public Connection {
 public:
  using Bundle = std::vector<StubbornConnection*>;
  StubbornConnection(ConnectionHost& host, int descriptor, const IpAddress& peer, Bundle& bundle)
      : Connection(host, descriptor, peer), bundle_(bundle) {
    bundle_.push_back(this);
  }

  static bool ends_together;

 protected:
  void read_input() override {}
  void output_gone() override {}
  void drain_open() override {
    if (!ends_together) return;
    const Bundle all = bundle_;
    for (StubbornConnection* each : all) each->close();
  }
  void closed() override { std::erase(bundle_, this); }

 private:
  Bundle& bundle_;
};

bool StubbornConnection::ends_together = false;

struct ConnectionHostTest : testing::Test {
  ConnectionHostTest() {
    port = host.start(*loop,
                      [this](int descriptor, const IpAddress& peer) {
                        return std::make_unique<StubbornConnection>(host, descriptor, peer, bundle);
                      },
                      {})
               .value();
    for (int i = 0; i < 5; ++i) clients.emplace_back(port);
    EXPECT_TRUE(run_until(*loop, [this] { return bundle.size() == 5; }));
  }
  // Whether the host has said that it is empty.
  bool drains(Duration grace) {
    bool empty = false;
    host.drain(grace, [&] { empty = true; });
    return run_until(*loop, [&] { return empty; }) && stats.connections_open.value() == 0;
  }

  SystemClock clock;
  std::unique_ptr<EventLoop> loop = EventLoop::create(clock).value();
  ConnectionStats stats;
  StubbornConnection::Bundle bundle;
  ConnectionHost host{{.address = {.host = "127.0.0.1", .port = 0}}, stats};
  uint16_t port = 0;
  std::vector<ByteClient> clients;
};

TEST_F(ConnectionHostTest, ADrainingConnectionMayCloseOthers) {
  StubbornConnection::ends_together = true;
  EXPECT_TRUE(drains(Duration::seconds(1'000)));
}

TEST_F(ConnectionHostTest, WhatDoesNotEndWithinTheGraceIsCutOff) {
  StubbornConnection::ends_together = false;
  EXPECT_TRUE(drains({}));
  for (ByteClient& client : clients) EXPECT_TRUE(client.ended());
}

}  // namespace
}  // namespace rateguard::net
