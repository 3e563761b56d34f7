// What a line of the access log says about decisions, without naming their subjects.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "log/log.h"
#include "model/decision.h"

namespace rateguard::server {

// About the decisions of one request, or of one command.
struct DecisionNote {
  int64_t decisions = 0;
  int64_t refused = 0;
  Verdict verdict = Verdict::kAdmitted;  // of all decisions together
  bool degraded = false;                 // at least one was made without its counter (on_store_failure)
  // About the first refused decision, or else the first: the deciding rule (empty: a limit of the request's own, or no
  // limit applies), its subject_tag() (empty: no counter decided), and the cost in units (none: no counter decided;
  // negative: units are given back).
  std::string rule = {};
  std::string subject = {};
  std::optional<int64_t> cost = {};

  // Adds verdict, and, if set, rule, subject and cost; `degraded` if true; `decisions` and `refused` if there are
  // several decisions. Borrows from this.
  void add_to(std::vector<LogField>& fields) const;
};

// 16 hexadecimal digits for a counter's key: the same for the same rule and subject until the process ends. They do not
// reveal the subject, since they are keyed by a secret of the process.
std::string subject_tag(std::string_view counter_key);

}  // namespace rateguard::server
