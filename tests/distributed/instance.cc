#include "distributed/instance.h"

#include <chrono>
#include <cstdio>

namespace rateguard::test {

int64_t wall_us() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
}

Instance::Instance(const redis::Deployment& target, redis_store::Topology topology, uint64_t seed) : random(seed) {
  client = redis::make_client(*loop, target, {.silence_max = kPatience, .random = [this] { return random(); }});
  store = std::make_unique<redis_store::RedisStore>(
      *client, redis_store::RedisStoreOptions{.deadline = kPatience,
                                              .topology = topology,
                                              .now = [this] { return loop->now(); },
                                              .random = [this] { return random(); },
                                              .at_turn_end = [this](auto work) { loop->post(std::move(work)); }});
}

bool Instance::run_until(const std::function<bool()>& holds) {
  if (holds()) return true;
  bool held = false;
  const net::Timer late = loop->after(kPatience, [&] { loop->stop(); });
  const net::Timer look = loop->every(Duration::millis(1), [&] {
    held = holds();
    if (held) loop->stop();
  });
  loop->run();
  if (!held) std::fprintf(stderr, "waited in vain: %s %s\n", client->problem().c_str(), store->problem().c_str());
  return held;
}

bool Instance::connect() {
  client->start();
  return run_until([this] { return client->is_ready(); });
}

Clients::Clients(Instance& instance, Demand demand, std::span<Check> history)
    : instance_(instance), demand_(std::move(demand)), history_(history) {}

bool Clients::run(size_t clients) {
  clients_.resize(clients);
  for (Client& client : clients_) ask(client);
  return instance_.run_until([this] { return asked_ == history_.size() && in_flight_ == 0; });
}

void Clients::ask(Client& client) {
  if (asked_ == history_.size()) return;
  client.nth = asked_++;
  ++in_flight_;
  client.charge = {.key = demand_.key, .limit = &demand_.limit, .cost = {demand_.cost(client.nth)}};
  client.group = {{&client.charge, 1}};
  history_[client.nth] = {.sent_us = wall_us(), .units = static_cast<uint32_t>(client.charge.cost.units)};
  instance_.store->charge({&client.group, 1}, instance_.loop->now(), [this, &client] { on_answer(client); });
}

void Clients::on_answer(Client& client) {
  Check& check = history_[client.nth];
  check.received_us = wall_us();
  check.basis = client.charge.basis;
  check.verdict = client.charge.decision.verdict;
  if (!client.charge.decision.hold.is_set() || !demand_.gives_back || !demand_.gives_back(client.nth)) {
    --in_flight_;
    return go_on(client);
  }
  check.released_us = wall_us();
  instance_.store->release(client.charge.decision.hold, instance_.loop->now(), [this, &client](ReleaseResult result) {
    if (result != ReleaseResult::kReleased) history_[client.nth].basis = Basis::kUnavailable;
    --in_flight_;
    go_on(client);
  });
}

// Never from within an answer, which may come from within the question.
void Clients::go_on(Client& client) {
  const Duration pause = demand_.pause ? demand_.pause() : Duration();
  client.pause = instance_.loop->after(pause, [this, &client] { ask(client); });
}

}  // namespace rateguard::test
