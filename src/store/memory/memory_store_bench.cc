// Measures the memory store against a bare probe of an array of the same size, and its memory. Prints one JSON object
// per line: {"name","unit","ours","limit","ratio","must"}; ratio is ours / limit. What is compared is measured in
// alternating rounds, many and short, and the best of each counts: the one that others on the machine disturbed least.
#include <fmt/format.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "store/counter_key.h"
#include "store/memory/memory_store.h"

namespace rateguard {
namespace {

constexpr Instant kNow = Instant::from_seconds(1'700'000'000);
constexpr int kRounds = 45;
// As many as there are keys, so that no round finds in the processor's caches what the one before it has touched.
constexpr size_t kRandomRequests = 1'000'000;
constexpr int kRandomRounds = 15;
constexpr size_t kHotRequests = 100'000;
constexpr size_t kBatch = 16;

// The processor time of this thread: what other programs take from a busy machine does not count.
double now_ns() {
  timespec time = {};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}

double best(const std::vector<double>& values) {
  return *std::ranges::min_element(values);
}

void print_row(std::string_view name, std::string_view unit, double ours, double limit, std::string_view must) {
  fmt::print("{{\"name\":\"{}\",\"unit\":\"{}\",\"ours\":{:.1f},\"limit\":{:.1f},\"ratio\":{:.2f},\"must\":\"{}\"}}\n",
             name, unit, ours, limit, ours / limit, must);
  std::fflush(stdout);
}

// The resident memory of this process, in bytes.
double resident_bytes() {
  long pages = 0;
  if (FILE* file = std::fopen("/proc/self/statm", "r")) {
    if (std::fscanf(file, "%*d %ld", &pages) != 1) pages = 0;
    std::fclose(file);
  }
  return static_cast<double>(pages) * static_cast<double>(sysconf(_SC_PAGESIZE));
}

// Keys that lie one after the other in memory, so that reading them costs as little as it can.
class Requests {
 public:
  explicit Requests(const std::vector<std::string>& keys) {
    for (const std::string& key : keys) bytes_ += key;
    const char* at = bytes_.data();
    for (const std::string& key : keys) {
      keys_.emplace_back(at, key.size());
      at += key.size();
    }
  }
  Requests(const Requests&) = delete;
  Requests& operator=(const Requests&) = delete;

  std::string_view operator[](size_t i) const { return keys_[i]; }
  size_t size() const { return keys_.size(); }

 private:
  std::string bytes_;
  std::vector<std::string_view> keys_;
};

std::string key_of(uint64_t user) {
  std::string key;
  CounterKey::begin_rule(key, "login", Algorithm::kTokenBucket);
  CounterKey::append_part(key, fmt::format("user:{}", 1'000'000 + user));
  return key;
}

// The keys of `count` requests by random users out of `users`.
std::vector<std::string> random_keys(size_t count, uint64_t users) {
  std::mt19937_64 random(1);
  std::vector<std::string> keys;
  for (size_t i = 0; i < count; ++i) keys.push_back(key_of(random() % users));
  return keys;
}

const Limit& bench_limit() {
  static const Limit limit = Limit::token_bucket(1'000, {100, Duration::seconds(1)}).value();
  return limit;
}

// Of the same counters, but so slow that they always owe. A bucket that is whole again by the next check has the same
// left each time, and a processor that guesses so need not wait for what is in memory.
const Limit& owing_limit() {
  static const Limit limit = Limit::token_bucket(1'000'000, {1, Duration::seconds(1'000)}).value();
  return limit;
}

std::unique_ptr<MemoryStore> filled_store(uint64_t users) {
  std::unique_ptr<MemoryStore> store = MemoryStore::create({.max_keys = std::max<uint64_t>(users, 1'000'000)}).value();
  for (uint64_t user = 0; user < users; ++user) {
    const std::string key = key_of(user);
    Charge charge = {.key = key, .limit = &bench_limit()};
    store->charge({{&charge, 1}}, kNow);
  }
  return store;
}

enum class Order { kOverlapping, kOneAfterTheOther };

// Goes on from one measurement to the next, a microsecond for each call: time in a service never goes back.
Instant next_instant() {
  static Instant now = kNow;
  now.us += 1;
  return now;
}

// The cost of one check. One after the other: each begins when the decision before it is known, as a request does that
// came over a connection; a processor that runs ahead in a loop of calls would hide the memory's latency.
template <Order order>
double time_checks(MemoryStore& store, const Requests& requests) {
  uint64_t previous = 0;
  Charge charge = {.key = {}, .limit = order == Order::kOneAfterTheOther ? &owing_limit() : &bench_limit()};
  const double begin = now_ns();
  for (size_t i = 0; i < requests.size(); ++i) {
    size_t after = i;
    if constexpr (order == Order::kOneAfterTheOther) after += previous >> 31;  // 0: a million units are below 2^31
    charge.key = requests[after];
    store.charge({{&charge, 1}}, next_instant());
    previous = charge.decision.remaining;
  }
  return (now_ns() - begin) / static_cast<double>(requests.size());
}

double time_batches(MemoryStore& store, const Requests& requests) {
  Charge charges[kBatch];
  ChargeGroup groups[kBatch];
  for (size_t j = 0; j < kBatch; ++j) {
    charges[j].limit = &bench_limit();
    groups[j] = {{&charges[j], 1}};
  }
  const double begin = now_ns();
  for (size_t i = 0; i + kBatch <= requests.size(); i += kBatch) {
    for (size_t j = 0; j < kBatch; ++j) charges[j].key = requests[i + j];
    store.charge_batch(groups, next_instant());
  }
  return (now_ns() - begin) / static_cast<double>(requests.size());
}

// An array as large as the store's table, of as large slots, probed at random places. Which place comes next costs
// something here as it does in the store, which hashes a key for it: it is drawn as the probes go on, by the standard
// library's generator and distribution.
class BareArray {
 public:
  explicit BareArray(uint64_t bytes) : slots_(bytes / sizeof(Slot)), place_(0, slots_.size() - 1) {
    for (size_t i = 0; i < kRandomRequests; ++i) known_places_.push_back(static_cast<uint32_t>(draw()));
  }

  double time_probes() {
    return time([&](size_t) { probe(draw()); });
  }

  double time_batches() {
    return time_in_batches([&](size_t) { return draw(); });
  }

  // The same where all places are known before: what the memory alone can do.
  double time_known_probes() {
    return time([&](size_t i) { probe(known_places_[i]); });
  }

  double time_known_batches() {
    return time_in_batches([&](size_t i) { return known_places_[i]; });
  }

  // And where each begins when the one before it has ended.
  double time_dependent_probes() {
    uint64_t previous = 0;
    return time([&](size_t i) { previous = probe(known_places_[i] + (previous >> 63)); });
  }

 private:
  struct Slot {
    std::atomic<uint64_t> word = 0;
    uint64_t rest[3] = {};
  };

  size_t draw() { return place_(random_); }

  uint64_t probe(size_t place) {
    std::atomic<uint64_t>& word = slots_[place].word;
    uint64_t seen = word.load(std::memory_order_relaxed);
    return word.compare_exchange_strong(seen, seen + 1) ? seen : 0;
  }

  template <typename Probe>
  static double time(Probe&& probe) {
    const double begin = now_ns();
    for (size_t i = 0; i < kRandomRequests; ++i) probe(i);
    return (now_ns() - begin) / double{kRandomRequests};
  }

  template <typename Place>
  double time_in_batches(Place&& place) {
    static_assert(kRandomRequests % kBatch == 0);
    size_t places[kBatch];
    const double begin = now_ns();
    for (size_t i = 0; i < kRandomRequests; i += kBatch) {
      for (size_t j = 0; j < kBatch; ++j) {
        places[j] = place(i + j);
        __builtin_prefetch(&slots_[places[j]], 1);
      }
      for (size_t j = 0; j < kBatch; ++j) probe(places[j]);
    }
    return (now_ns() - begin) / double{kRandomRequests};
  }

  std::vector<Slot> slots_;
  std::mt19937_64 random_{2};
  std::uniform_int_distribution<size_t> place_;
  std::vector<uint32_t> known_places_;
};

void bench_random() {
  const std::unique_ptr<MemoryStore> store = filled_store(1'000'000);
  const Requests requests(random_keys(kRandomRequests, 1'000'000));
  BareArray bare(store->stats().memory_bytes);
  // Ours, and what they are held against.
  std::vector<double> loop, dependent, batch;
  std::vector<double> bare_loop, bare_known_loop, bare_dependent, bare_batch, bare_known_batch;
  for (int round = 0; round < kRandomRounds; ++round) {
    loop.push_back(time_checks<Order::kOverlapping>(*store, requests));
    bare_loop.push_back(bare.time_probes());
    bare_known_loop.push_back(bare.time_known_probes());
    dependent.push_back(time_checks<Order::kOneAfterTheOther>(*store, requests));
    bare_dependent.push_back(bare.time_dependent_probes());
    batch.push_back(time_batches(*store, requests));
    bare_batch.push_back(bare.time_batches());
    bare_known_batch.push_back(bare.time_known_batches());
  }
  print_row("store: one check, 1M keys, random", "ns", best(loop), best(bare_loop), "<= 2.5");
  print_row("store: one check, 1M keys, each after the last", "ns", best(dependent), best(bare_dependent), "<= 2.5");
  print_row("store: one check, 1M keys, probes of known places", "ns", best(loop), best(bare_known_loop), "");
  print_row("store: batch of 16 checks, 1M keys, random", "ns", best(batch), best(bare_batch), "<= 3");
  print_row("store: batch of 16 checks, probes of known places", "ns", best(batch), best(bare_known_batch), "");
}

void bench_hot() {
  const std::unique_ptr<MemoryStore> store = filled_store(4096);
  const Requests requests(random_keys(kHotRequests, 4096));
  std::vector<double> hot;
  for (int round = 0; round < kRounds; ++round) hot.push_back(time_checks<Order::kOverlapping>(*store, requests));
  print_row("store: one check, 4,096 hot keys", "ns", best(hot), 40, "<= 1");
}

void bench_memory() {
  constexpr uint64_t kKeys = 10'000'000;
  const double before = resident_bytes();
  std::unique_ptr<MemoryStore> store = MemoryStore::create({.max_keys = kKeys}).value();
  for (uint64_t user = 0; user < kKeys; ++user) {
    const std::string key = key_of(user);
    Charge charge = {.key = key, .limit = &bench_limit()};
    store->charge({{&charge, 1}}, kNow);
  }
  const auto keys = static_cast<double>(store->stats().keys);
  print_row("store: memory per key, 10M keys", "bytes", (resident_bytes() - before) / keys, 64, "<= 1");
}

}  // namespace
}  // namespace rateguard

int main() {
  rateguard::bench_hot();
  rateguard::bench_random();
  rateguard::bench_memory();
}
