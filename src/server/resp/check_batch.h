// Checks of one limit each that arrived together: decided in one call of the store, answered in order.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "server/check.h"
#include "server/check_desk.h"
#include "server/resp/client.h"
#include "server/resp/reply_writer.h"
#include "server/service.h"

namespace rateguard::resp {

// How a decision is answered.
enum class Shape : uint8_t {
  kCell,  // redis-cell: [limited, limit, remaining, retry_after or -1, reset_after]
  kCrab,  // throttlecrab: [allowed, limit, remaining, reset_after, retry_after or 0]
  kMap,   // everything, by name
};

// The store could not be asked.
inline constexpr std::string_view kUnavailable = "UNAVAILABLE the counters cannot be reached";

class CheckBatch {
 public:
  // Enough checks together to hide the latency of memory; more gain nothing (store/memory prefetches as far ahead).
  static constexpr size_t kChecksMax = 64;

  // REQUIRES: nothing else uses the decider while checks wait.
  CheckBatch(server::CheckDesk& decider, const server::Service& service) : decider_(decider), service_(service) {}

  bool empty() const { return shapes_.empty(); }
  bool full() const { return shapes_.size() >= kChecksMax; }
  // What the check borrows may be freed after the call; `asker` lives until flush(), and all checks are from it.
  void add(const server::AdHocCheck& check, Shape shape, const ConnectedClient& asker);
  // Errors: as RuleSet::lookup; then nothing is added.
  Result<void> add(const server::RuleCheck& check, const ConnectedClient& asker);
  // Decides and answers all, in order.
  void flush(ReplyWriter& reply, Now now);

 private:
  // Writes a line of the access log for the last answered decision.
  void log_decision(int64_t duration_us);

  server::CheckDesk& decider_;
  const server::Service& service_;
  const ConnectedClient* asker_ = nullptr;
  std::vector<Shape> shapes_;  // of the decider's checks
};

}  // namespace rateguard::resp
