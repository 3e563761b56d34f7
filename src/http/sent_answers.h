// Answers on their way to the kernel; their handler is told when they have got there.
#pragma once

#include <cstdint>
#include <vector>

#include "http/exchange.h"
#include "net/clock.h"

namespace rateguard::http {

// Reads the clock once for all answers of one write.
class SentAnswers {
 public:
  // Adds a finished answer.
  void add(const Exchange& exchange) {
    if (exchange.label() == Exchange::kUnlabelled) return;
    answers_.push_back({.label = exchange.label(), .started = exchange.request().started});
  }
  // Takes over the answers of another list.
  void take(SentAnswers& other) {
    answers_.insert(answers_.end(), other.answers_.begin(), other.answers_.end());
    other.answers_.clear();
  }
  // Called when the kernel has taken all their bytes.
  void tell(Handler& handler, net::Clock& clock) {
    if (answers_.empty()) return;
    const Instant now = clock.now();
    for (const Answer& answer : answers_) handler.sent(answer.label, now - answer.started);
    answers_.clear();
  }
  // Drops the answers without telling their handler.
  void clear() { answers_.clear(); }

 private:
  struct Answer {
    uint32_t label;
    Instant started;
  };
  std::vector<Answer> answers_;
};

}  // namespace rateguard::http
