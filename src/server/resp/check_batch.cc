#include "server/resp/check_batch.h"

#include <chrono>
#include <span>
#include <string>
#include <vector>

#include "server/hold_text.h"

namespace rateguard::resp {
namespace {

// Whole seconds to wait, rounded up; `otherwise` if there is nothing to wait for.
int64_t seconds_to_wait(const Decision& decision, int64_t otherwise) {
  if (decision.allowed() || decision.retry_after.is_never()) return otherwise;
  return decision.retry_after.ceil_seconds();
}

void write_millis(ReplyWriter& reply, Duration wait) {
  if (wait.is_never()) {
    reply.null();
  } else {
    reply.integer(wait.ceil_millis());
  }
}

// With the names and in the order of POST /check (docs/http.md).
void write_map(ReplyWriter& reply, const server::Answer& answer) {
  const server::AnswerLine* const line = answer.deciding;
  const bool delayed = line != nullptr && line->limit->algorithm == Algorithm::kLeakyBucket;
  const bool held = line != nullptr && line->decision.hold.is_set();
  reply.map(size_t{7} + (delayed ? 1 : 0) + (held ? 1 : 0));
  reply.bulk("allowed");
  reply.boolean(answer.allowed);
  reply.bulk("limit");
  line != nullptr ? reply.integer(line->decision.limit) : reply.null();
  reply.bulk("remaining");
  line != nullptr ? reply.integer(line->decision.remaining) : reply.null();
  reply.bulk("retry_after_ms");
  line != nullptr ? write_millis(reply, line->decision.retry_after) : reply.integer(0);
  reply.bulk("reset_after_ms");
  reply.integer(line != nullptr ? line->decision.reset_after.ceil_millis() : 0);
  reply.bulk("rule");
  line != nullptr ? reply.bulk(line->rule) : reply.null();
  reply.bulk("degraded");
  reply.boolean(answer.degraded);
  if (delayed) {
    reply.bulk("delay_ms");
    write_millis(reply, line->decision.delay);
  }
  if (held) {
    std::string hold;
    server::append_hold(hold, line->decision.hold);
    reply.bulk("hold");
    reply.bulk(hold);
  }
}

void write_answer(ReplyWriter& reply, Shape shape, const server::Answer& answer) {
  // The store could not be asked, which counts as a refusal (`on_store_failure: deny`).
  if (answer.undecided()) return reply.error(kUnavailable);
  if (shape == Shape::kMap) return write_map(reply, answer);
  const Decision& decision = answer.deciding->decision;
  const auto limit = static_cast<int64_t>(decision.limit);
  const auto remaining = static_cast<int64_t>(decision.remaining);
  const int64_t reset_after = decision.reset_after.ceil_seconds();
  if (shape == Shape::kCell) {
    reply.integers({decision.allowed() ? 0 : 1, limit, remaining, seconds_to_wait(decision, -1), reset_after});
  } else {
    reply.integers({decision.allowed() ? 1 : 0, limit, remaining, reset_after, seconds_to_wait(decision, 0)});
  }
}

}  // namespace

void CheckBatch::add(const server::AdHocCheck& check, Shape shape, const ConnectedClient& asker) {
  asker_ = &asker;
  decider_.add(check);
  shapes_.push_back(shape);
}

Result<void> CheckBatch::add(const server::RuleCheck& check, const ConnectedClient& asker) {
  asker_ = &asker;
  if (auto added = decider_.add(check); !added) return std::unexpected(std::move(added.error()));
  shapes_.push_back(Shape::kMap);
  return {};
}

void CheckBatch::flush(ReplyWriter& reply, Now now) {
  if (shapes_.empty()) return;
  const bool logged = service_.logs_access();
  const auto begin = logged ? std::chrono::steady_clock::now() : std::chrono::steady_clock::time_point();
  decider_.run(now);
  const auto passed = logged ? std::chrono::steady_clock::now() - begin : std::chrono::steady_clock::duration();
  for (size_t i = 0; i < shapes_.size(); ++i) {
    write_answer(reply, shapes_[i], decider_.answer(i));
    if (logged) log_decision(std::chrono::duration_cast<std::chrono::microseconds>(passed).count());
  }
  shapes_.clear();
  decider_.clear();
}

void CheckBatch::log_decision(int64_t duration_us) {
  const std::string peer = asker_->peer.to_string();
  std::vector<LogField> fields = {{"client", asker_->id}, {"peer", std::string_view(peer)}};
  const server::DecisionNote note = decider_.take_note();
  note.add_to(fields);
  fields.push_back({"duration_us", duration_us});
  service_.log->write(LogLevel::kInfo, "decision", std::span<const LogField>(fields));
}

}  // namespace rateguard::resp
