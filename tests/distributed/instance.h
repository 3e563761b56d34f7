// One instance of the limiter as far as Redis is concerned, an event loop with a client and a store; and the clients
// that ask it.
#pragma once

#include <functional>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "net/clock.h"
#include "net/event_loop.h"
#include "redis/client.h"
#include "store/redis/redis_store.h"

namespace rateguard::test {

// The machine's time, which all its processes share: microseconds since the Unix epoch.
int64_t wall_us();

struct Instance {
  // For an answer, however loaded the machine is.
  static constexpr Duration kPatience = Duration::seconds(60);

  Instance(const redis::Deployment& target, redis_store::Topology topology, uint64_t seed);
  // False, and says why on standard error: it did not come about.
  bool run_until(const std::function<bool()>& holds);
  bool connect();

  std::mt19937_64 random;
  net::SystemClock clock;
  std::unique_ptr<net::EventLoop> loop = net::EventLoop::create(clock).value();
  std::unique_ptr<redis::RedisClient> client;
  std::unique_ptr<redis_store::RedisStore> store;
};

// What became of one check, when by the machine's time. Lives in memory that processes share.
struct Check {
  int64_t sent_us = 0;  // 0: there was none
  int64_t received_us = 0;
  int64_t released_us = 0;  // when giving back its hold was asked for; 0: it was not
  uint32_t units = 0;
  Basis basis = Basis::kUnavailable;
  Verdict verdict = Verdict::kRefused;
};

// What is asked of an instance. Functions may be empty where it says so.
struct Demand {
  std::string key = {};
  Limit limit = {};
  std::function<uint32_t(size_t nth)> cost = {};
  // Between an answer and the client's next check. Empty: none.
  std::function<Duration()> pause = {};
  // Whether the hold of the nth check is released at once. Empty: none is.
  std::function<bool(size_t nth)> gives_back = {};
};

// So many clients of one instance, each with one check in flight at a time, until `history` is full.
class Clients {
 public:
  Clients(Instance& instance, Demand demand, std::span<Check> history);
  bool run(size_t clients);

 private:
  struct Client {
    Charge charge;
    ChargeGroup group;
    size_t nth = 0;
    net::Timer pause;
  };

  void ask(Client& client);
  void on_answer(Client& client);
  void go_on(Client& client);

  Instance& instance_;
  Demand demand_;
  std::span<Check> history_;
  std::vector<Client> clients_;
  size_t asked_ = 0;
  size_t in_flight_ = 0;
};

}  // namespace rateguard::test
