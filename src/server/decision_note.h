// What a line of the access log says of decisions, without saying whose they were.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "log/log.h"
#include "model/decision.h"

namespace rateguard::server {

// Of the decisions of one request, or of one command.
struct DecisionNote {
  int64_t decisions = 0;
  int64_t refused = 0;
  Verdict verdict = Verdict::kAdmitted;  // of all together
  bool degraded = false;                 // one of them, at least, was made without its counter (on_store_failure)
  // Of the first that was refused, or else of the first: the deciding rule (empty: a limit of the request's own, or
  // none applies), its subject_tag() (empty: no counter decided), and what it was asked for, in units (none: likewise;
  // negative: they are given back).
  std::string rule = {};
  std::string subject = {};
  std::optional<int64_t> cost = {};

  // Adds verdict, and rule, subject and cost where there are any; `degraded` where it is so; `decisions` and `refused`
  // where there are several. Borrows from this.
  void add_to(std::vector<LogField>& fields) const;
};

// 16 hexadecimal digits for a counter's key: the same for the same rule and subject until the process ends, and nothing
// that tells who that is, since it is keyed by a secret of the process.
std::string subject_tag(std::string_view counter_key);

}  // namespace rateguard::server
