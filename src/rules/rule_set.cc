#include "rules/rule_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "base/check.h"
#include "base/prefetch.h"
#include "model/ascii.h"
#include "rules/compiled_rule.h"
#include "rules/host_index.h"
#include "rules/normal_path.h"
#include "rules/rule_check.h"
#include "rules/specificity.h"
#include "store/counter_key.h"

namespace rateguard::rules {
namespace {

// The distinct methods that rules name, each a bit.
class MethodTable {
 public:
  // nullopt: more than 64 distinct methods.
  std::optional<uint64_t> add(const std::vector<std::string>& methods) {
    uint64_t set = 0;
    for (const auto& method : methods) {
      uint64_t bit = find(method);
      if (bit == 0) {
        if (methods_.size() == 64) return std::nullopt;
        methods_.push_back(method);
        bit = uint64_t{1} << (methods_.size() - 1);
      }
      set |= bit;
    }
    return set;
  }

  // 0 if no rule names it. Ignores case: a server that accepts "post" as POST must not open a way around a rule.
  uint64_t find(std::string_view method) const {
    for (size_t i = 0; i < methods_.size(); ++i) {
      if (equal_ignoring_case(methods_[i], method)) return uint64_t{1} << i;
    }
    return 0;
  }

 private:
  std::vector<std::string> methods_;
};

std::unexpected<Error> wrong_number_of_keys(std::string_view rule, std::span<const std::string> parts, size_t found) {
  if (parts.empty()) {
    return invalid(fmt::format("rule '{}' counts all requests together: expected no key, found {}", rule, found));
  }
  return invalid(fmt::format("rule '{}' counts by {}: expected {}, found {}", rule, fmt::join(parts, ", "),
                             parts.size() == 1 ? "1 key" : fmt::format("{} keys in this order", parts.size()), found));
}

// Candidates in the order of the file, each rule once, by the first (most specific) of its paths that matched.
void sort_candidates(std::vector<PathHit>& hits) {
  // Up to this many, an insertion sort is fastest.
  constexpr size_t kFew = 24;
  if (hits.size() <= kFew) {
    for (size_t i = 1; i < hits.size(); ++i) {
      const PathHit hit = hits[i];
      size_t at = i;
      for (; at > 0 && hits[at - 1].rule > hit.rule; --at) hits[at] = hits[at - 1];
      hits[at] = hit;
    }
  } else {
    // Not std::stable_sort, which allocates.
    for (size_t i = 0; i < hits.size(); ++i) hits[i].rank = static_cast<uint32_t>(i);
    std::ranges::sort(
        hits, [](const PathHit& a, const PathHit& b) { return a.rule != b.rule ? a.rule < b.rule : a.rank < b.rank; });
  }
  const auto repeats = std::ranges::unique(hits, {}, &PathHit::rule);
  hits.erase(repeats.begin(), repeats.end());
}

// The groups that rules name, each a number from 1; 0 is no group.
class GroupNumbers {
 public:
  uint32_t number_of(const std::string& group) {
    if (group.empty()) return 0;
    return numbers_.try_emplace(group, static_cast<uint32_t>(numbers_.size() + 1)).first->second;
  }

 private:
  std::unordered_map<std::string, uint32_t> numbers_;
};

// Whether all rules in one store that can apply to the same request count by the same thing. A route is written as each
// rule has it, so the same path may be two things.
bool count_by_one_subject(std::span<const Rule> rules, StoreNumber store) {
  const Rule* first = nullptr;
  for (const Rule& rule : rules) {
    if (rule.mode == RuleMode::kOff || rule.store_number != store) continue;
    if (first == nullptr) {
      first = &rule;
      continue;
    }
    const bool has_route =
        std::ranges::any_of(rule.per, [](const Part& part) { return part.kind == PartKind::kRoute; });
    if (has_route || rule.per != first->per || rule.missing != first->missing || rule.prefixes != first->prefixes) {
      return false;
    }
  }
  return true;
}

}  // namespace

// The rules of one host pattern, or those of any host.
class RuleSet::OfHost {
 public:
  void add_pathless(PathHit hit) { pathless_.push_back(hit); }
  void add_path(PathTrie::Entry entry) { entries_.push_back(std::move(entry)); }
  // Calls `visit` with every hit that was added.
  template <typename Visit>
  void for_each_hit(Visit&& visit) {
    for (PathHit& hit : pathless_) visit(hit);
    for (PathTrie::Entry& entry : entries_) visit(entry.hit);
  }
  // Call after the last add().
  void finish() { paths_ = PathTrie(std::exchange(entries_, {})); }

  // Appends the rules that fit a path in normal form.
  void find(std::string_view path, std::vector<PathHit>& out) const {
    out.insert(out.end(), pathless_.begin(), pathless_.end());
    paths_.find(path, out);
  }

 private:
  std::vector<PathHit> pathless_;  // rules on every path, in order
  std::vector<PathTrie::Entry> entries_;
  PathTrie paths_;
};

struct RuleSet::Index {
  std::vector<CompiledRule> rules;
  OfHost any_host;
  std::vector<OfHost> of_hosts;  // by their numbers in `hosts`
  HostIndex hosts;
  // How a path is counted by route, by PathHit::route: its pattern as written; empty for the path itself.
  std::vector<std::string_view> routes = {std::string_view()};
  FlatIndex names;
  MethodTable methods;
  std::vector<bool> one_subject;  // count_by_one_subject(), by store

  // The specificities of rules in groups; PathHit::place is an index into them until finish().
  std::vector<std::string> specificities = {{}};

  // REQUIRES: the rule is not off, and is the last in `rules`.
  void add(RuleId id, const Rule& rule) {
    if (rule.match.hosts.empty()) return add(id, rule, nullptr, any_host);
    for (const std::string& text : rule.match.hosts) {
      const HostPattern host = HostPattern::parse(text).value();
      const uint32_t number = hosts.add(host);
      of_hosts.resize(hosts.size());
      add(id, rule, &host, of_hosts[number]);
    }
  }
  void add(RuleId id, const Rule& rule, const HostPattern* host, OfHost& of) {
    const auto place = [&](const PathPattern* path) {
      if (rule.group.empty()) return uint32_t{0};
      specificities.push_back(specificity(rule.match, host, path));
      return static_cast<uint32_t>(specificities.size() - 1);
    };
    if (rule.match.paths.empty()) of.add_pathless({.rule = id, .place = place(nullptr)});
    for (const std::string& text : rule.match.paths) {
      PathTrie::Entry entry{.pattern = PathPattern::parse(text).value(), .hit = {.rule = id}};
      entry.hit.place = place(&entry.pattern);
      if (entry.pattern.is_route()) {
        entry.hit.route = static_cast<uint32_t>(routes.size());
        routes.push_back(text);
      }
      of.add_path(std::move(entry));
    }
  }
  // Call after the last add().
  void finish() {
    std::vector<std::string> sorted = specificities;
    std::ranges::sort(sorted);
    const auto rank = [&](PathHit& hit) {
      if (hit.place == 0) return;
      const auto found = std::ranges::lower_bound(sorted, specificities[hit.place]);
      hit.place = static_cast<uint32_t>(found - sorted.begin());
    };
    any_host.for_each_hit(rank);
    for (OfHost& of : of_hosts) of.for_each_hit(rank);
    specificities = {};
    any_host.finish();
    for (OfHost& of : of_hosts) of.finish();
  }

  // One of the rule's hosts, all of which have its paths.
  const OfHost& with_paths_of(const Rule& rule) const {
    if (rule.match.hosts.empty()) return any_host;
    const HostPattern host = HostPattern::parse(rule.match.hosts.front()).value();
    return of_hosts[hosts.number_of(host).value()];
  }
  Terms terms_of(const CompiledRule& rule, const CompiledLimit& limit) const {
    Terms terms = rule.terms();
    const bool shares_subject = one_subject[terms.store];
    terms.hash_tag_from = shares_subject ? static_cast<KeyOffset>(limit.key_front.size()) : kOneHashTag;
    return terms;
  }
};

RuleSet::RuleSet(std::vector<Rule> rules) : rules_(std::move(rules)) {}
RuleSet::~RuleSet() = default;

Result<std::shared_ptr<const RuleSet>> RuleSet::compile(std::vector<Rule> rules) {
  if (rules.size() > kRulesMax)
    return invalid(fmt::format("{} rules; at most {} are possible", rules.size(), kRulesMax));
  const std::shared_ptr<RuleSet> set(new RuleSet(std::move(rules)));
  auto index = std::make_unique<Index>();
  index->rules.reserve(set->rules_.size());
  StoreNumber last_store = 0;
  for (const Rule& rule : set->rules_) last_store = std::max(last_store, rule.store_number);
  for (size_t store = 0; store <= last_store; ++store) {
    index->one_subject.push_back(count_by_one_subject(set->rules_, static_cast<StoreNumber>(store)));
  }
  GroupNumbers groups;
  for (RuleId id = 0; id < set->rules_.size(); ++id) {
    const Rule& rule = set->rules_[id];
    const auto fail_here = [&](std::string message) {
      return std::unexpected(Error{.message = std::move(message), .position = rule.position});
    };
    if (auto good = check_rule(rule); !good) return std::unexpected(good.error());
    if (index->names.find_or_add(0, rule.name, id) != id) {
      return fail_here(fmt::format("there are two rules named '{}'", rule.name));
    }
    const auto methods = index->methods.add(rule.match.methods);
    if (!methods) return fail_here("the rules name more than 64 different methods");
    const CompiledRule& compiled = index->rules.emplace_back(rule, *methods, groups.number_of(rule.group));
    if (compiled.is_on()) index->add(id, rule);
  }
  index->finish();
  set->index_ = std::move(index);
  return set;
}

void RuleSet::match(const RequestFacts& facts, const Subject& subject, Instant wall, Matches& out) const {
  route(facts, out.routed_);
  match(out.routed_, facts, subject, wall, out);
}

void RuleSet::route(const RequestFacts& facts, Routed& out) const {
  const RequestTarget target = split_target(facts.path);
  out.path_ = normal_path(target.path, out.path_buffer_);
  out.host_ = bare_host(target.authority.empty() ? facts.host : target.authority);
  out.hits_.clear();
  index_->any_host.find(out.path_, out.hits_);
  if (index_->hosts.size() > 0) {
    index_->hosts.find(out.host_, [&](uint32_t number) { index_->of_hosts[number].find(out.path_, out.hits_); });
  }
  // A rule that no recent request matched is not in the cache; it is fetched while the hits are sorted.
  for (const PathHit& hit : out.hits_) {
    prefetch(&index_->rules[hit.rule]);
    prefetch(&index_->routes[hit.route]);
  }
  sort_candidates(out.hits_);

  const uint64_t method = index_->methods.find(facts.method);
  std::erase_if(out.hits_, [&](const PathHit& hit) { return !index_->rules[hit.rule].accepts_method(method); });
  const bool counts_path = std::ranges::any_of(
      out.hits_, [&](const PathHit& hit) { return hit.route == 0 && index_->rules[hit.rule].counts_by_route(); });
  out.route_ = counts_path ? route_path(target.path, out.path_, out.route_buffer_) : std::string_view();
}

void RuleSet::match(const Routed& routed, const RequestFacts& facts, const Subject& subject, Instant wall,
                    Matches& out) const {
  out.clear();
  const RequestView asked{.facts = facts,
                          .subject = subject,
                          .host = routed.host_,
                          .path = routed.path_,
                          .wall = wall,
                          .hits = out.searched_};
  for (const PathHit& hit : routed.hits_) {
    const CompiledRule& rule = index_->rules[hit.rule];
    const auto& only = facts.only_rules;
    if (!only.empty() && std::ranges::find(only, rules_[hit.rule].name) == only.end()) continue;
    if (!rule.accepts(asked)) continue;
    if (rule.exempts()) {
      out.clear();
      out.exempted_by_ = hit.rule;
      return;
    }
    apply(hit, asked, hit.route == 0 ? routed.route_ : index_->routes[hit.route], out);
  }
  if (!out.of_groups_.empty()) out.settle_groups();
  out.point_at_keys();
}

// Applies a rule that matches to the request; `route` is how rules that count by route count it.
void RuleSet::apply(const PathHit& hit, const RequestView& asked, std::string_view route, Matches& out) const {
  using Says = Matches::OfGroup::Says;
  const CompiledRule& rule = index_->rules[hit.rule];
  const CompiledLimit* limit = rule.limit_for(asked.facts, asked.subject);
  const auto say = [&](Says says, std::string_view missing) {
    if (rule.group() == 0) return;
    out.of_groups_.push_back({.group = rule.group(),
                              .place = hit.place,
                              .rule = hit.rule,
                              .says = says,
                              .mode = rule.mode(),
                              .missing = missing});
  };
  const KnownCaller* const caller = asked.subject.caller;
  const auto in_place = caller != nullptr ? rule.limit_in_place(*caller) : std::nullopt;
  if (in_place) limit = in_place->counted_as;
  if (in_place ? !in_place->limit : limit && !limit->limit) return say(Says::kUnlimited, {});

  const size_t key_begin = out.key_bytes_.size();
  if (limit) out.key_bytes_.append(limit->key_front);
  const Identified found =
      limit ? rule.identify(asked.facts, asked.subject, route, out.key_bytes_) : rule.without_plan();
  if (found.result == Identified::Result::kCounted) {
    MatchedLimit& matched =
        out.limits_.emplace_back();  // in place: a copy would have to wait for the stores of its parts
    matched.rule = hit.rule;
    matched.limit = limit->limit;
    matched.cost = rule.cost_of(asked);
    matched.mode = rule.mode();
    matched.terms = index_->terms_of(rule, *limit);
    if (in_place) out.own_limits_.push_back(*in_place->limit);
    out.key_places_.push_back(
        {.begin = key_begin, .end = out.key_bytes_.size(), .own_limit = in_place ? out.own_limits_.size() : 0});
    return say(Says::kLimit, {});
  }
  out.key_bytes_.resize(key_begin);
  const bool rejected = found.result == Identified::Result::kRejected;
  out.uncounted_.push_back(
      {.rule = hit.rule, .effect = rejected ? Missing::kReject : Missing::kSkip, .part = found.missing});
  if (rejected && rule.group() == 0 && rule.mode() == Mode::kEnforce) out.reject(hit.rule, found.missing);
  say(rejected ? Says::kRejects : Says::kNothing, found.missing);
}

std::vector<EffectiveLimit> RuleSet::effective_limits(const KnownCaller& caller) const {
  const Subject subject{
      .api_key = caller.key_id, .workspace = caller.workspace, .plan = caller.plan, .caller = &caller};
  std::vector<EffectiveLimit> all;
  for (RuleId id = 0; id < rules_.size(); ++id) {
    if (index_->rules[id].is_on()) all.push_back({.rule = id, .limit = {}, .source = LimitSource::kNone});
    if (index_->rules[id].is_on()) index_->rules[id].say_limit_of(subject, all.back());
  }
  return all;
}

Result<MatchedLimit> RuleSet::lookup(std::string_view rule_name, std::span<const std::string_view> parts,
                                     std::string_view plan, int prefix_v6, std::string& key_bytes) const {
  const auto id = find(rule_name);
  if (!id || !index_->rules[*id].is_on()) {
    return fail(ErrorCode::kNotFound, fmt::format("there is no rule '{}' in force", rule_name.substr(0, kRuleNameMax)));
  }
  const CompiledRule& rule = index_->rules[*id];
  if (parts.size() != rule.parts().size()) {
    return wrong_number_of_keys(rule_name, rule.part_names(), parts.size());
  }
  PartRoom room;
  const CompiledLimit* limit = nullptr;
  if (const auto named = rule.named_part()) {
    const auto value = counted_value(*id, *named, parts[*named], prefix_v6, room);
    if (!value) return std::unexpected(value.error());
    limit = rule.limit_for_name(*value);
  }
  if (!limit) limit = rule.limit_for_plan(plan);
  if (!limit) {
    return invalid(plan.empty()
                       ? fmt::format("rule '{}' goes by plan, and none is given", rule_name)
                       : fmt::format("rule '{}' has no plan '{}'", rule_name, plan.substr(0, kSubjectPartMax)));
  }
  key_bytes = limit->key_front;
  for (size_t i = 0; i < parts.size(); ++i) {
    const auto value = counted_value(*id, i, parts[i], prefix_v6, room);
    if (!value) return std::unexpected(value.error());
    CounterKey::append_part(key_bytes, *value);
  }
  return MatchedLimit{.rule = *id,
                      .limit = limit->limit,
                      .cost = rule.cost_of(Cost{1}),
                      .mode = rule.mode(),
                      .terms = index_->terms_of(rule, *limit),
                      .key = key_bytes};
}

Result<std::string_view> RuleSet::counted_value(RuleId id, size_t part_index, std::string_view text, int prefix_v6,
                                                PartRoom& room) const {
  const CompiledRule& rule = index_->rules[id];
  const std::string& name = rule.part_names()[part_index];
  const PartKind kind = rule.parts()[part_index].kind;
  if (text.empty()) return invalid(fmt::format("{} is empty", name));
  if (kind == PartKind::kIp) {
    const auto ip = IpAddress::parse(text);
    if (!ip) return invalid(fmt::format("'{}' is not an IP address", text.substr(0, IpAddress::kTextMax)));
    room.ip = rule.counted(*ip, prefix_v6);
    return bytes_of(room.ip);
  }
  if (kind == PartKind::kRoute) text = route_named(id, text, room.path);
  if (text.size() > kSubjectPartMax) return invalid(fmt::format("{} is longer than {} bytes", name, kSubjectPartMax));
  return text;
}

std::string_view RuleSet::route_named(RuleId id, std::string_view text, std::string& path_buffer) const {
  for (const std::string& path : rules_[id].match.paths) {
    if (path == text && PathPattern::parse(path)->is_route()) return text;
  }
  const std::string_view target = split_target(text).path;
  std::vector<PathHit> hits;
  index_->with_paths_of(rules_[id]).find(normal_path(target, path_buffer), hits);
  const auto hit = std::ranges::find(hits, id, &PathHit::rule);
  if (hit != hits.end() && hit->route != 0) return index_->routes[hit->route];
  return route_path(target, path_buffer);
}

std::optional<RuleId> RuleSet::find(std::string_view name) const {
  return index_->names.find(0, name);
}

}  // namespace rateguard::rules
