// Stands between a client and a server on loopback, and does to what passes what networks do.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <list>
#include <mutex>
#include <string>
#include <thread>

namespace rateguard::test {

struct Weather {
  enum class Kind : uint8_t {
    kFair,
    kCuts,     // now and then a connection ends in the middle of what the server says
    kGarbage,  // the client hears `words` instead of what the server says
    kStuck,    // nothing passes; connections are accepted
    kRefuses,  // connections are ended, and refused
  };
  Kind kind = Kind::kFair;
  std::chrono::milliseconds delay = {};  // of what the server says
  std::string words = {};
};

// A thread of its own. Set from any thread.
class TcpGate {
 public:
  explicit TcpGate(uint16_t server_port);
  ~TcpGate();
  TcpGate(const TcpGate&) = delete;
  TcpGate& operator=(const TcpGate&) = delete;

  uint16_t port() const { return port_; }
  // Applies to what passes from now on; what was held back goes on at once, unless it is to be held longer.
  void set(Weather weather);

 private:
  using Time = std::chrono::steady_clock::time_point;
  struct Chunk {
    Time came;
    std::string bytes;
  };
  // One direction.
  struct Way {
    int from = -1;
    int to = -1;
    std::deque<Chunk> held = {};
  };
  struct Pair {
    Way up;
    Way down;
    bool is_over = false;  // as soon as nothing is held
    bool is_gone = false;
  };

  void run();
  void wait();
  void listen();
  void stop_listening();
  void accept();
  void take(Pair& pair, Way& way);
  void pass_on(Pair& pair, Way& way, Time now) const;

  const uint16_t server_port_;
  uint16_t port_ = 0;
  int listener_ = -1;
  int wake_ = -1;
  std::list<Pair> pairs_;
  Weather weather_;  // the thread's own
  uint64_t chunks_ = 0;
  std::mutex mutex_;
  Weather next_;  // under mutex_
  bool ends_ = false;
  std::thread thread_;
};

}  // namespace rateguard::test
