// What a line of the access log says of decisions, without saying whose they were.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "server/log.h"

namespace rateguard::server {

// Of the decisions of one request, or of one command.
struct DecisionNote {
  int64_t decisions = 0;
  int64_t refused = 0;
  // Of the first that was refused, or else of the first: the deciding rule (empty: a limit of the request's own, or
  // none applies), and its subject_tag() (empty: no counter decided).
  std::string rule = {};
  std::string subject = {};

  // Adds verdict, and rule and subject where there are any; `decisions` and `refused` where there are several. Borrows
  // from this.
  void add_to(std::vector<LogField>& fields) const;
};

// 16 hexadecimal digits for a counter's key: the same for the same rule and subject until the process ends, and nothing
// that tells who that is, since it is keyed by a secret of the process.
std::string subject_tag(std::string_view counter_key);

}  // namespace rateguard::server
