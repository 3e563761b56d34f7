// An address on loopback behind which the server may be changed, as behind a Service of Kubernetes or the name of a
// managed Redis: connections that are there stay with the server to which they were made.
#pragma once

#include <atomic>
#include <cstdint>
#include <list>
#include <thread>

namespace rateguard::test {

// A thread of its own.
class Relay {
 public:
  explicit Relay(uint16_t server_port);
  ~Relay();
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  uint16_t port() const { return port_; }
  // Connections that come from now on go to that server.
  void repoint(uint16_t server_port) { server_port_ = server_port; }
  int connections() const { return connections_; }  // so far

 private:
  struct Pair {
    int client = -1;
    int server = -1;
  };

  void run();
  void accept();

  std::atomic<uint16_t> server_port_;
  std::atomic<int> connections_ = 0;
  uint16_t port_ = 0;
  int listener_ = -1;
  int wake_ = -1;
  std::list<Pair> pairs_;  // the thread's own
  std::thread thread_;
};

}  // namespace rateguard::test
