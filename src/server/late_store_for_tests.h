// For tests: a store behind a network that answers when it is told to, as the store behind it would.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <span>
#include <string>
#include <utility>

#include "store/remote_store.h"
#include "store/store.h"

namespace rateguard::server {

// On one event loop's thread.
class LateStore final : public RemoteStore {
 public:
  explicit LateStore(Store& counters) : counters_(counters) {}

  bool at_once = false;  // questions are answered within the call
  bool fails = false;    // answers that nothing could be asked
  int ticks = 0;         // the ticks that it was given

  // Questions that wait, in the order in which they were asked.
  size_t waiting() const { return waiting_.size(); }
  void answer(size_t index = 0) {
    const auto at = waiting_.begin() + static_cast<std::ptrdiff_t>(index);
    auto question = std::move(*at);
    waiting_.erase(at);
    question();
  }
  // Answers the questions that wait now, but not those that are asked meanwhile.
  void answer_all() {
    for (size_t left = waiting(); left > 0; --left) answer();
  }

  void charge(std::span<ChargeGroup> groups, Now now, Done done) override {
    ask([=, this, done = std::move(done)]() mutable {
      fails ? set_unavailable(groups) : counters_.charge_batch(groups, now);
      done();
    });
  }
  void reset(std::string_view key, const Terms& terms, Instant,
             std::move_only_function<void(ResetResult)> done) override {
    ask([=, this, own_key = std::string(key), done = std::move(done)]() mutable {
      done(fails ? ResetResult::kUnavailable : counters_.reset(own_key, terms));
    });
  }
  void release(const HoldId& hold, Instant now, std::move_only_function<void(ReleaseResult)> done) override {
    ask([=, this, done = std::move(done)]() mutable {
      done(fails ? ReleaseResult::kUnavailable : counters_.release(hold, now));
    });
  }
  void tick(Instant) override { ++ticks; }

 private:
  void ask(std::move_only_function<void()> question) {
    if (at_once) return question();
    waiting_.push_back(std::move(question));
  }

  Store& counters_;
  std::deque<std::move_only_function<void()>> waiting_;
};

}  // namespace rateguard::server
