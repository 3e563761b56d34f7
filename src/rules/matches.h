// What the rules say about one request: the limits that apply, or why there is nothing to decide.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/limit.h"
#include "rules/path_trie.h"
#include "rules/routed.h"
#include "rules/rule.h"
#include "store/store.h"

namespace rateguard::rules {

using RuleId = uint32_t;  // an index into RuleSet::rules()

// A rule that applies to a request: its limit and the counter to charge.
struct MatchedLimit {
  RuleId rule = 0;
  const Limit* limit = nullptr;  // lives as long as the RuleSet; one of the caller's own as long as the match
  Cost cost = {};                // what the request takes: its own cost, weighed by the rule
  Mode mode = Mode::kEnforce;
  Terms terms = {};
  std::string_view key;  // into Matches' own buffer
};

// A rule that applies to a request without counting it, because the request lacks what the rule counts by, or has it in
// more than kSubjectPartMax bytes.
struct UncountedRule {
  RuleId rule = 0;
  Missing effect = Missing::kReject;  // kReject: the rule refuses the request; kSkip: the rule leaves it alone
  std::string_view part;              // what is missing: "api_key", "header:X-Tenant"; lives as long as the RuleSet
};

// The limits that apply to one request, reused from request to request by its owner to save allocations.
// Neither copied nor shared: `limits` points into `key_bytes`.
class Matches {
 public:
  Matches() = default;
  Matches(const Matches&) = delete;
  Matches& operator=(const Matches&) = delete;

  // Valid until the next match into this object.
  std::span<const MatchedLimit> limits() const { return limits_; }
  // A rule that refused because the request lacks what it counts by (`missing: reject`), or has it in more than
  // kSubjectPartMax bytes; in enforce mode. The first such rule in the order of the file.
  std::optional<RuleId> rejected_by() const { return rejected_by_; }
  // What that request lacks: "api_key", "header:X-Tenant", "plan". Lives as long as the RuleSet.
  std::string_view missing_part() const { return missing_part_; }
  // Every rule that applies and could not count the request, shadow rules included, in the order of the file.
  std::span<const UncountedRule> uncounted() const { return uncounted_; }
  // The first rule in the order of the file that exempts the request from all others (`limit: unlimited`). No other
  // rule applies then.
  std::optional<RuleId> exempted_by() const { return exempted_by_; }

 private:
  friend class RuleSet;

  // A rule of a group that matches; which of them applies is decided when all are known.
  struct OfGroup {
    enum class Says : uint8_t { kLimit, kUnlimited, kNothing, kRejects };
    uint32_t group = 0;
    uint32_t place = 0;  // PathHit::place
    RuleId rule = 0;
    Says says = Says::kLimit;
    Mode mode = Mode::kEnforce;
    std::string_view missing = {};  // of kRejects
    bool applies = false;
  };
  struct KeyPlace {
    size_t begin = 0;
    size_t end = 0;
    size_t own_limit = 0;  // the number of the caller's own limit in own_limits_, from 1; 0: the rule's holds
  };

  void clear();
  void reject(RuleId rule, std::string_view missing);
  // Keeps the most specific rule of each group that does not leave the request alone, and the first in the file among
  // equals. If that is a shadow rule, the most specific enforced one applies too, since shadow rules change no answer.
  void settle_groups();
  bool is_passed_over(RuleId rule) const;
  void point_at_keys();  // and at the callers' own limits

  std::vector<MatchedLimit> limits_;
  std::vector<KeyPlace> key_places_;  // where each limit's key is in key_bytes_, while that may still be reallocated
  std::string key_bytes_;
  std::vector<Limit> own_limits_;
  std::optional<RuleId> rejected_by_;
  std::string_view missing_part_;
  std::optional<RuleId> exempted_by_;
  std::vector<UncountedRule> uncounted_;
  std::vector<OfGroup> of_groups_;
  std::vector<PathHit> searched_;  // scratch space of conditions and costs
  Routed routed_;                  // of a match that begins with the request itself
};

}  // namespace rateguard::rules
