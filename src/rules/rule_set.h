// All rules, compiled and immutable. A reload makes a new one and swaps it in as a whole; a request keeps the one it
// began with.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/request_facts.h"
#include "model/subject.h"
#include "rules/effective_limit.h"
#include "rules/matches.h"
#include "rules/rule.h"
#include "store/store.h"

namespace rateguard::rules {

struct RequestView;

class RuleSet {
 public:
  // Compiles; errors carry the rule's position: duplicate names, bad paths, no limit, unknown parts.
  static Result<std::shared_ptr<const RuleSet>> compile(std::vector<Rule> rules);
  ~RuleSet();

  // Every rule that applies to the request, in the order of the file; at most one of each group. The cost
  // does not grow with rules on other paths. Paths are compared in the normal form of
  // rules/normal_path.h, hosts and methods without case. The host of an absolute-form target takes
  // precedence over facts.host (RFC 9112, section 3.2.2). `wall` is what the wall clock shows, for rules
  // that have hours.
  void match(const RequestFacts& facts, const Subject& subject, Instant wall, Matches& out) const;

  // match() in two steps. The first finds the rules that fit the method, the host and the target of `facts`; the second
  // continues from there, for these facts or others that agree in all three. `out` of the first step is valid as long
  // as the texts of the facts and the rule set.
  void route(const RequestFacts& facts, Routed& out) const;
  void match(const Routed& routed, const RequestFacts& facts, const Subject& subject, Instant wall, Matches& out) const;

  // One rule's limit and counter for a subject named by its parts (one string for each `per`, none for global),
  // regardless of the rule's match, group and schedule. `cost` in the answer is what a request of cost 1 takes.
  // Addresses may be written in any form; `prefix_v6` masks them as identify() does. A route is a template as written
  // in the rule, or a path, which is counted as a request for it would be. `plan` picks from by_plan. Errors: kNotFound
  // unknown rule (or `off`); kInvalid wrong number of parts, an empty or too long part, a part that is not an address,
  // unknown plan. If the rule, the plan or the subject is unlimited, the limit in the answer is null. REQUIRES: 0 <=
  // prefix_v6 <= 128.
  Result<MatchedLimit> lookup(std::string_view rule_name, std::span<const std::string_view> parts,
                              std::string_view plan, int prefix_v6, std::string& key_bytes) const;

  // Which limit each rule that is not off has for that caller, and why, in the order of the file; whether a rule
  // matches, is for a request to say. Limits that go by what only a request has (an address, a header) are the rule's.
  std::vector<EffectiveLimit> effective_limits(const KnownCaller& caller) const;

  std::span<const Rule> rules() const { return rules_; }
  // The rule of that name, even if it is `off`.
  std::optional<RuleId> find(std::string_view name) const;

 private:
  class OfHost;
  struct Index;
  // A buffer for a part's value.
  struct PartRoom {
    IpAddress ip;
    std::string path;
  };
  // A part of a subject as a request would be counted, from how its name is written.
  Result<std::string_view> counted_value(RuleId id, size_t part_index, std::string_view text, int prefix_v6,
                                         PartRoom& room) const;
  void apply(const PathHit& hit, const RequestView& asked, std::string_view route, Matches& out) const;
  // `text` as a request would be counted: a template of the rule, or a path.
  std::string_view route_named(RuleId id, std::string_view text, std::string& path_buffer) const;
  explicit RuleSet(std::vector<Rule> rules);

  std::vector<Rule> rules_;
  std::unique_ptr<const Index> index_;
};

}  // namespace rateguard::rules
