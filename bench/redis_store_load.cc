// Drives the Redis store in process, from one event loop, against a running Redis. See bench/redis_bench.
//
//   redis_store_load script PORT                        loads the single-limit script; prints its name and, in
//   hexadecimal,
//                                                       the argument that names the limit
//   redis_store_load uniform|zipf|hot PORT DEPTH SECONDS     prints checks per second
//   redis_store_load one PORT CHECKS                    prints the median of a check and of a PING, in microseconds
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "net/clock.h"
#include "redis/client.h"
#include "store/counter_key.h"
#include "store/redis/charge_call.h"
#include "store/redis/redis_store.h"
#include "store/redis/script.h"

namespace {

using namespace rateguard;
using Clock = std::chrono::steady_clock;

constexpr size_t kKeys = 100'000;
constexpr double kZipfExponent = 1.1;
// Buckets begin full: what they hold at first is gone then.
constexpr double kWarmUpSeconds = 2;

// Which key comes next.
class Keys {
 public:
  explicit Keys(std::string_view shape) {
    names_.reserve(kKeys);
    for (size_t i = 0; i < kKeys; ++i) names_.push_back("key:" + std::to_string(i));
    if (shape == "hot") {
      order_.assign(1, 0);
      return;
    }
    std::mt19937_64 random(1);
    std::vector<double> weights(kKeys, 1);
    if (shape == "zipf") {
      for (size_t i = 0; i < kKeys; ++i) weights[i] = std::pow(static_cast<double>(i + 1), -kZipfExponent);
    }
    std::discrete_distribution<uint32_t> pick(weights.begin(), weights.end());
    order_.resize(1'000'000);
    for (uint32_t& each : order_) each = pick(random);
  }

  std::string_view next() {
    if (++at_ >= order_.size()) at_ = 0;
    return names_[order_[at_]];
  }

 private:
  std::vector<std::string> names_;
  std::vector<uint32_t> order_;
  size_t at_ = 0;
};

struct Bench {
  explicit Bench(const char* port) {
    const auto number = static_cast<uint16_t>(std::atoi(port));
    client = redis::make_client(*loop, redis::ServerEndpoint{.target = {.host = "127.0.0.1", .port = number}}, {});
    client->start();
    store = std::make_unique<redis_store::RedisStore>(
        *client, redis_store::RedisStoreOptions{.deadline = Duration::seconds(10),
                                                .now = [this] { return loop->now(); },
                                                .random = [this] { return random(); },
                                                .at_turn_end = [this](auto work) { loop->post(std::move(work)); }});
    const net::Timer look = loop->every(Duration::millis(1), [this] {
      if (client->is_ready()) loop->stop();
    });
    loop->run();
  }

  net::SystemClock clock;
  std::unique_ptr<net::EventLoop> loop = net::EventLoop::create(clock).value();
  std::mt19937_64 random{7};
  std::unique_ptr<redis::RedisClient> client;
  std::unique_ptr<redis_store::RedisStore> store;
};

// So many checks in flight, each followed by another as soon as it is answered.
class ClosedLoop {
 public:
  ClosedLoop(Bench& bench, Keys& keys, const Limit& limit, size_t depth)
      : bench_(bench), keys_(keys), limit_(limit), slots_(depth) {}

  // Checks per second.
  double run(double seconds) {
    over_ = posted_ = false;
    answered_ = 0;
    idle_.clear();
    const auto begin = Clock::now();
    const net::Timer end = bench_.loop->after(Duration::millis(static_cast<int64_t>(seconds * 1'000)), [this] {
      over_ = true;
      if (in_flight_ == 0) bench_.loop->stop();
    });
    for (Slot& slot : slots_) idle_.push_back(&slot);
    ask_all();
    bench_.loop->run();
    return static_cast<double>(answered_) / std::chrono::duration<double>(Clock::now() - begin).count();
  }

 private:
  struct Slot {
    Charge charge;
    ChargeGroup group;
  };

  // Once a turn, as requests would come.
  void ask_all() {
    posted_ = false;
    std::swap(idle_, asking_);
    for (Slot* slot : asking_) {
      slot->charge = {.key = keys_.next(), .limit = &limit_};
      slot->group = {{&slot->charge, 1}};
      ++in_flight_;
      bench_.store->charge({&slot->group, 1}, bench_.loop->now(), [this, slot] { on_answer(slot); });
    }
    asking_.clear();
  }

  void on_answer(Slot* slot) {
    --in_flight_;
    if (slot->charge.basis != Basis::kCounter) {
      std::fprintf(stderr, "redis_store_load: %s\n", bench_.store->problem().c_str());
      std::exit(1);
    }
    ++answered_;
    if (over_) {
      if (in_flight_ == 0) bench_.loop->stop();
      return;
    }
    idle_.push_back(slot);
    if (std::exchange(posted_, true)) return;
    bench_.loop->post([this] { over_ ? bench_.loop->stop() : ask_all(); });
  }

  Bench& bench_;
  Keys& keys_;
  const Limit& limit_;
  std::vector<Slot> slots_;
  std::vector<Slot*> idle_;
  std::vector<Slot*> asking_;
  size_t in_flight_ = 0;
  uint64_t answered_ = 0;
  bool posted_ = false;
  bool over_ = false;
};

double median_us(std::vector<double>& samples) {
  const auto middle = samples.begin() + static_cast<std::ptrdiff_t>(samples.size() / 2);
  std::nth_element(samples.begin(), middle, samples.end());
  return *middle;
}

// Each after the answer of the one before, a check and a PING in turn.
void one_by_one(Bench& bench, size_t checks) {
  Keys keys("uniform");
  const Limit limit = Limit::token_bucket(1'000, {1'000, Duration::millis(60'001)}).value();
  std::vector<double> checked;
  std::vector<double> pinged;
  for (size_t i = 0; i < checks; ++i) {
    Charge charge{.key = keys.next(), .limit = &limit};
    ChargeGroup group{{&charge, 1}};
    auto begin = Clock::now();
    const auto passed = [&] { return std::chrono::duration<double, std::micro>(Clock::now() - begin).count(); };
    bench.store->charge({&group, 1}, bench.loop->now(), [&] { bench.loop->stop(); });
    bench.loop->run();
    checked.push_back(passed());
    begin = Clock::now();
    const std::string_view words[] = {"PING"};
    bench.client->call("", words, Duration::seconds(1), [&](const redis::CommandResult&) { bench.loop->stop(); });
    bench.loop->run();
    pinged.push_back(passed());
  }
  std::printf("%.3f %.3f\n", median_us(checked), median_us(pinged));
}

void load_script(Bench& bench) {
  const Limit limit = Limit::token_bucket(1'000, {1'000, Duration::millis(60'001)}).value();
  Charge charge{.key = "k", .limit = &limit};
  redis_store::ScriptCall call;
  if (!redis_store::encode_charge({{&charge, 1}}, {}, redis_store::KeyLayout(), call)) std::exit(1);
  const std::string_view words[] = {"SCRIPT", "LOAD", call.script().source()};
  bench.client->call("", words, Duration::seconds(1), [&](const redis::CommandResult&) { bench.loop->stop(); });
  bench.loop->run();
  std::printf("%s ", call.script().sha().c_str());
  for (const char byte : call.argument(1)) std::printf("%02x", static_cast<unsigned>(static_cast<uint8_t>(byte)));
  std::printf("\n");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "redis_store_load: see the head of its source\n");
    return 2;
  }
  const std::string_view what = argv[1];
  Bench bench(argv[2]);
  if (what == "script") {
    load_script(bench);
  } else if (what == "one" && argc == 4) {
    one_by_one(bench, static_cast<size_t>(std::atoi(argv[3])));
  } else if (argc == 5) {
    Keys keys(what);
    const Limit limit = what == "uniform" ? Limit::token_bucket(1'000, {1'000, Duration::millis(60'001)}).value()
                                          : Limit::token_bucket(100, {100, Duration::seconds(1)}).value();
    ClosedLoop load(bench, keys, limit, static_cast<size_t>(std::atoi(argv[3])));
    load.run(kWarmUpSeconds);
    std::printf("%.0f\n", load.run(std::atof(argv[4])));
    std::fprintf(stderr, "%llu checks, %llu calls, %llu remembered\n",
                 static_cast<unsigned long long>(bench.store->figures().checks.value()),
                 static_cast<unsigned long long>(bench.store->figures().calls.value()),
                 static_cast<unsigned long long>(bench.store->figures().remembered.value()));
  } else {
    return 2;
  }
  return 0;
}
