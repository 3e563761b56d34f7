#include "server/answer.h"

namespace rateguard::server {

bool Answer::has_charged(const AnswerLine& line) const {
  const bool has_counter = line.basis == Basis::kCounter || line.basis == Basis::kLocalShare;
  if (!has_counter || line.cost.units == 0) return false;
  const bool is_enforced = line.mode == Mode::kEnforce;
  if (is_enforced && !rejected_by.empty()) return false;  // nothing enforced was asked
  if (line.cost.movement == Movement::kGiveBack && line.limit != nullptr &&
      line.limit->algorithm == Algorithm::kConcurrency) {
    return false;  // a hold is released by its id alone
  }
  if (line.cost.movement != Movement::kTake) return true;
  return line.decision.allowed() && (allowed || !is_enforced);
}

}  // namespace rateguard::server
