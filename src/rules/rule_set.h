// All rules, compiled and immutable. A reload makes a new one and swaps it in whole; a request keeps the one it began
// with.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/request_facts.h"
#include "model/subject.h"
#include "rules/path_trie.h"
#include "rules/rule.h"
#include "store/store.h"

namespace rateguard::rules {

using RuleId = uint32_t;  // an index into RuleSet::rules()

// A rule that applies to a request: its limit and the counter to charge.
struct MatchedLimit {
  RuleId rule = 0;
  const Limit* limit = nullptr;  // lives as long as the RuleSet
  Mode mode = Mode::kEnforce;
  OnStoreFailure on_failure = OnStoreFailure::kAllow;
  Consistency consistency = Consistency::kExact;
  StoreNumber store = 0;
  KeyOffset place_from = 0;
  std::string_view key;  // into Matches' own buffer
};

// A rule that applies to a request without counting it, because the request lacks what the rule counts by, or gives it
// in more than kSubjectPartMax bytes.
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
  // A rule that refused because the request lacks what it counts by (`missing: reject`), or gives it in more than
  // kSubjectPartMax bytes; in enforce mode. The first such rule in the order of the file.
  std::optional<RuleId> rejected_by() const { return rejected_by_; }
  // What that request lacks: "api_key", "header:X-Tenant", "plan". Lives as long as the RuleSet.
  std::string_view missing_part() const { return missing_part_; }
  // Every rule that applies and could not count the request, shadow rules included, in the order of the file.
  std::span<const UncountedRule> uncounted() const { return uncounted_; }

 private:
  friend class RuleSet;
  void clear();
  void point_at_keys();

  std::vector<MatchedLimit> limits_;
  std::vector<size_t> key_ends_;  // of each limit's key in key_bytes_, while that may still move
  std::string key_bytes_;
  std::optional<RuleId> rejected_by_;
  std::string_view missing_part_;
  std::vector<UncountedRule> uncounted_;
  std::vector<PathHit> candidates_;
  std::string path_buffer_;
  std::string route_buffer_;
};

class RuleSet {
 public:
  // Compiles; errors carry the rule's position: duplicate names, bad paths, no limit, unknown parts.
  static Result<std::shared_ptr<const RuleSet>> compile(std::vector<Rule> rules);
  ~RuleSet();

  // Every rule that applies to the request, in the order of the file. The cost does not grow with rules on other paths.
  // Paths are compared in the normal form of rules/normal_path.h, hosts and methods without case. The host of an
  // absolute-form target goes before facts.host (RFC 9112, section 3.2.2).
  void match(const RequestFacts& facts, const Subject& subject, Matches& out) const;

  // One rule's limit and counter for a subject named by its parts (one string for each `per`, none for global).
  // Addresses may be written any way; `prefix_v6` masks them as identify() does. A route is a template as written in
  // the rule, or a path, which is counted as a request for it would be. `plan` picks from by_plan. Errors: kNotFound
  // unknown rule (or `off`); kInvalid wrong number of parts, an empty or too long part, a part that is no address,
  // unknown plan. An unlimited plan gives a MatchedLimit whose limit is null. REQUIRES: 0 <= prefix_v6 <= 128.
  Result<MatchedLimit> lookup(std::string_view rule_name, std::span<const std::string_view> parts,
                              std::string_view plan, int prefix_v6, std::string& key_bytes) const;

  std::span<const Rule> rules() const { return rules_; }
  // Any rule of that name, one that is `off` too.
  std::optional<RuleId> find(std::string_view name) const;

 private:
  class OfHost;
  struct Index;
  Result<void> append_named_part(RuleId id, size_t part_index, std::string_view text, int prefix_v6,
                                 std::string& key) const;
  // `text` as a request would be counted: a template of the rule, or a path.
  std::string_view route_named(RuleId id, std::string_view text, std::string& path_buffer) const;
  explicit RuleSet(std::vector<Rule> rules);

  std::vector<Rule> rules_;
  std::unique_ptr<const Index> index_;
};

}  // namespace rateguard::rules
