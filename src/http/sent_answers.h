// Answers on their way to the kernel, whose handler hears when they are there.
#pragma once

#include <cstdint>
#include <vector>

#include "http/exchange.h"
#include "net/clock.h"

namespace rateguard::http {

// One reading of the clock for all that go in one write.
class SentAnswers {
 public:
  // An answer that has been said to its end.
  void add(const Exchange& exchange) {
    if (exchange.label() == Exchange::kUnlabelled) return;
    answers_.push_back({.label = exchange.label(), .started = exchange.request().started});
  }
  // Takes over those that another waits for.
  void take(SentAnswers& other) {
    answers_.insert(answers_.end(), other.answers_.begin(), other.answers_.end());
    other.answers_.clear();
  }
  // All their bytes are in the kernel's hands.
  void tell(Handler& handler, net::Clock& clock) {
    if (answers_.empty()) return;
    const Instant now = clock.now();
    for (const Answer& answer : answers_) handler.sent(answer.label, now - answer.started);
    answers_.clear();
  }
  // Nobody hears of them.
  void clear() { answers_.clear(); }

 private:
  struct Answer {
    uint32_t label;
    Instant started;
  };
  std::vector<Answer> answers_;
};

}  // namespace rateguard::http
