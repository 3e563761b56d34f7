#include "server/awaiting_store.h"

#include "base/check.h"

namespace rateguard::server {

template <typename Ask>
void AwaitingStore::await(Ask ask) {
  net::Tasks::Task* const task = tasks_.current();
  RG_CHECK(task != nullptr);
  bool is_done = false;
  bool waits = false;
  ask([&] {
    is_done = true;
    if (waits) tasks_.resume(*task);
  });
  if (is_done) return;
  waits = true;
  tasks_.wait();
}

void AwaitingStore::charge(ChargeGroup group, Now now) {
  charge_batch({&group, 1}, now);
}

void AwaitingStore::charge_batch(std::span<ChargeGroup> groups, Now now) {
  await([&](auto done) { remote_.charge(groups, now, std::move(done)); });
}

ResetResult AwaitingStore::reset(std::string_view key, const Terms& terms) {
  ResetResult result = ResetResult::kUnavailable;
  await([&](auto done) {
    remote_.reset(key, terms, loop_.now(), [&result, done](ResetResult answer) mutable {
      result = answer;
      done();
    });
  });
  return result;
}

ReleaseResult AwaitingStore::release(const HoldId& hold, Instant now) {
  ReleaseResult result = ReleaseResult::kUnavailable;
  await([&](auto done) {
    remote_.release(hold, now, [&result, done](ReleaseResult answer) mutable {
      result = answer;
      done();
    });
  });
  return result;
}

}  // namespace rateguard::server
