#include "app/serve/worker.h"

namespace rateguard::app {

LoopWorker::~LoopWorker() {
  if (counters != nullptr) counters->abandon_tasks();
}

void LoopWorker::put_in_force(const Prepared& prepared, NewTls tls) {
  rate_limits->set_policy(prepared.envoy);
  rate_limits->set_rules(prepared.policy);
  for (const auto& listener : listeners) {
    listener->set_policy(prepared.policy);
    if (tls == NewTls::kYes) listener->set_tls(prepared);
  }
}

void LoopWorker::drain(Duration grace, const std::function<void()>& on_empty) {
  for (const auto& listener : listeners) listener->drain(grace, on_empty);
}

}  // namespace rateguard::app
