// What a rule requires of a request besides its method, host and path.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/request_facts.h"
#include "model/subject.h"
#include "rules/flat_index.h"
#include "rules/host_index.h"
#include "rules/ip_set.h"
#include "rules/path_trie.h"
#include "rules/rule.h"

namespace rateguard::rules {

// One request as conditions and costs see it. Borrows everything.
struct RequestView {
  const RequestFacts& facts;
  const Subject& subject;
  std::string_view host;       // as bare_host() gives it
  std::string_view path;       // in normal form
  Instant wall;                // what the wall clock shows
  std::vector<PathHit>& hits;  // scratch space for searching paths
};

// Immutable after it is made. Borrows from the Match, which outlives it. The cost of checking grows with the number of
// conditions, but not with the number of values, addresses, hosts or paths in one.
class Conditions {
 public:
  // REQUIRES: check_rule() succeeded for the rule that has it.
  explicit Conditions(const Match& match);

  // Whether there are no conditions.
  static bool empty(const Match& match);
  bool hold(const RequestView& asked) const;

 private:
  bool excepted(const RequestView& asked) const;
  bool holds(size_t condition, const RequestView& asked) const;

  const Match& match_;
  HostIndex except_hosts_;
  PathTrie except_paths_;
  IpSet inside_;
  IpSet outside_;
  FlatIndex values_;  // scope: the condition's index in match_.values
};

// Why a Match with contradictory conditions can match no request; empty if it
// can.
std::string why_nothing_matches(const Match& match);

}  // namespace rateguard::rules
