// For tests: a recorder that keeps what it heard.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "event/recorder.h"

namespace rateguard::event {

// Any thread.
class KeepingRecorder final : public Recorder {
 public:
  // A decision with views of its own.
  struct Kept {
    Decided decided;
    std::string rule;
    std::string counter;
    std::vector<std::string> charges;  // "login 2/5 charged 1 admitted", with what was used before
  };

  // Since the last call.
  std::vector<Kept> take() {
    const HeldLock lock(mutex_);
    return std::exchange(kept_, {});
  }

 private:
  void record(const Decided& decided) override {
    const HeldLock lock(mutex_);
    kept_.push_back({decided, std::string(decided.rule), std::string(decided.counter), {}});
    for (const ChargedLimit& one : decided.charges) kept_.back().charges.push_back(line_of(one));
    kept_.back().decided.charges = {};  // not its own
  }
  static std::string line_of(const ChargedLimit& one) {
    std::string line(one.rule.empty() ? "-" : one.rule);
    line += " " + (one.used_before ? std::to_string(*one.used_before) : "?") + "/";
    line += one.limit != nullptr ? std::to_string(one.limit->capacity) : "?";
    line += " asked " + std::to_string(one.asked) + " charged " + std::to_string(one.charged);
    line += one.verdict == Verdict::kAdmitted ? " admitted" : " refused";
    if (one.mode == Mode::kShadow) line += " shadow";
    if (one.basis != Basis::kCounter) line += " without its counter";
    return line;
  }

  Mutex mutex_;
  std::vector<Kept> kept_ RG_GUARDED_BY(mutex_);
};

// "grpc login 5 refused degraded" for each, in order: what tests compare.
inline std::vector<std::string> lines_of(const std::vector<KeepingRecorder::Kept>& kept) {
  std::vector<std::string> lines;
  for (const auto& [decided, rule, counter, charges] : kept) {
    std::string line(name_of(decided.door));
    line += " " + (rule.empty() ? "-" : rule) + " " + std::to_string(decided.cost);
    line += decided.verdict == Verdict::kAdmitted ? " admitted" : " refused";
    if (decided.degraded) line += " degraded";
    lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace rateguard::event
