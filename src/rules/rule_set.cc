#include "rules/rule_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/prefetch.h"
#include "model/ascii.h"
#include "rules/compiled_rule.h"
#include "rules/host_index.h"
#include "rules/normal_path.h"
#include "rules/rule_check.h"
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

  // 0: no rule names it. Without case: a server that takes "post" for POST must not open a way around a rule.
  uint64_t find(std::string_view method) const {
    for (size_t i = 0; i < methods_.size(); ++i) {
      if (equal_ignoring_case(methods_[i], method)) return uint64_t{1} << i;
    }
    return 0;
  }

 private:
  std::vector<std::string> methods_;
};

// Candidates in the order of the file, each rule once, by the first (most specific) of its paths that matched.
void sort_candidates(std::vector<PathHit>& hits) {
  // Up to this many an insertion sort is the fastest.
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

// Whether all rules that meet in a request, as far as one store has their counters, count by the same thing. Routes are
// written as each rule has them, so the same path may be two things.
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
    if (has_route || rule.per != first->per || rule.missing != first->missing) return false;
  }
  return true;
}

}  // namespace

// The rules of one host pattern, or those of any host.
class RuleSet::OfHost {
 public:
  void add_pathless(RuleId id) { pathless_.push_back({.rule = id}); }
  void add_path(PathTrie::Entry entry) { entries_.push_back(std::move(entry)); }
  // After the last was added.
  void finish() { paths_ = PathTrie(std::exchange(entries_, {})); }

  // Appends those that fit a path in normal form.
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

  // All hosts of a rule have its paths: one of them.
  const OfHost& with_paths_of(const Rule& rule) const {
    if (rule.match.hosts.empty()) return any_host;
    const HostPattern host = HostPattern::parse(rule.match.hosts.front()).value();
    return of_hosts[hosts.number_of(host).value()];
  }
  KeyOffset place_from(const CompiledRule& rule, const CompiledLimit& limit) const {
    return one_subject[rule.store()] ? static_cast<KeyOffset>(limit.key_front.size()) : kOnePlace;
  }
};

void Matches::clear() {
  limits_.clear();
  key_ends_.clear();
  key_bytes_.clear();
  rejected_by_.reset();
  missing_part_ = {};
  uncounted_.clear();
  candidates_.clear();
}

void Matches::point_at_keys() {
  size_t begin = 0;
  for (size_t i = 0; i < limits_.size(); ++i) {
    limits_[i].key = std::string_view(key_bytes_).substr(begin, key_ends_[i] - begin);
    begin = key_ends_[i];
  }
}

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
    const CompiledRule& compiled = index->rules.emplace_back(rule, *methods);
    if (!compiled.is_on()) continue;
    const auto for_each_host = [&](auto&& add) {
      if (rule.match.hosts.empty()) return add(index->any_host);
      for (const std::string& host : rule.match.hosts) {
        const uint32_t number = index->hosts.add(HostPattern::parse(host).value());
        index->of_hosts.resize(index->hosts.size());
        add(index->of_hosts[number]);
      }
    };
    if (rule.match.paths.empty()) for_each_host([&](OfHost& of) { of.add_pathless(id); });
    for (const std::string& text : rule.match.paths) {
      PathTrie::Entry entry{.pattern = PathPattern::parse(text).value(), .hit = {.rule = id}};
      if (entry.pattern.is_route()) {
        entry.hit.route = static_cast<uint32_t>(index->routes.size());
        index->routes.push_back(text);
      }
      for_each_host([&](OfHost& of) { of.add_path(entry); });
    }
  }
  index->any_host.finish();
  for (OfHost& of : index->of_hosts) of.finish();
  set->index_ = std::move(index);
  return set;
}

void RuleSet::match(const RequestFacts& facts, const Subject& subject, Matches& out) const {
  out.clear();
  const Target target = split_target(facts.path);
  const std::string_view path = normal_path(target.path, out.path_buffer_);
  index_->any_host.find(path, out.candidates_);
  if (index_->hosts.size() > 0) {
    const std::string_view host = bare_host(target.authority.empty() ? facts.host : target.authority);
    index_->hosts.find(host, [&](uint32_t number) { index_->of_hosts[number].find(path, out.candidates_); });
  }
  // A rule that no recent request met is far away; it comes while the candidates are sorted.
  for (const PathHit& hit : out.candidates_) {
    prefetch(&index_->rules[hit.rule]);
    prefetch(&index_->routes[hit.route]);
  }
  sort_candidates(out.candidates_);

  const uint64_t method = index_->methods.find(facts.method);
  const auto reject = [&](RuleId id, std::string_view missing) {
    if (out.rejected_by_ || rules_[id].mode != RuleMode::kEnforce) return;
    out.rejected_by_ = id;
    out.missing_part_ = missing;
  };
  for (const PathHit& hit : out.candidates_) {
    const CompiledRule& rule = index_->rules[hit.rule];
    if (!rule.accepts_method(method)) continue;
    const CompiledLimit* limit = rule.limit_for(subject.plan);
    if (limit && !limit->limit) continue;  // unlimited

    const size_t key_begin = out.key_bytes_.size();
    if (limit) out.key_bytes_.append(limit->key_front);
    std::string_view route = index_->routes[hit.route];
    if (hit.route == 0 && rule.counts_by_route()) route = route_path(target.path, path, out.route_buffer_);
    const Identified found = limit ? rule.identify(facts, subject, route, out.key_bytes_) : rule.without_plan();
    if (found.result == Identified::Result::kCounted) {
      MatchedLimit& matched = out.limits_.emplace_back();  // in place: a copy would wait for its parts to be written
      matched.rule = hit.rule;
      matched.limit = limit->limit;
      matched.mode = rule.mode();
      matched.on_failure = rule.on_failure();
      matched.consistency = rule.consistency();
      matched.store = rule.store();
      matched.place_from = index_->place_from(rule, *limit);
      out.key_ends_.push_back(out.key_bytes_.size());
      continue;
    }
    out.key_bytes_.resize(key_begin);
    const bool rejected = found.result == Identified::Result::kRejected;
    out.uncounted_.push_back(
        {.rule = hit.rule, .effect = rejected ? Missing::kReject : Missing::kSkip, .part = found.missing});
    if (rejected) reject(hit.rule, found.missing);
  }
  out.point_at_keys();
}

Result<MatchedLimit> RuleSet::lookup(std::string_view rule_name, std::span<const std::string_view> parts,
                                     std::string_view plan, int prefix_v6, std::string& key_bytes) const {
  const auto id = find(rule_name);
  if (!id || !index_->rules[*id].is_on()) {
    return fail(ErrorCode::kNotFound, fmt::format("there is no rule '{}' in force", rule_name.substr(0, kRuleNameMax)));
  }
  const CompiledRule& rule = index_->rules[*id];
  const CompiledLimit* limit = rule.limit_for(plan);
  if (!limit) {
    return invalid(plan.empty()
                       ? fmt::format("rule '{}' goes by plan, and none is given", rule_name)
                       : fmt::format("rule '{}' has no plan '{}'", rule_name, plan.substr(0, kSubjectPartMax)));
  }
  if (parts.size() != rule.parts().size()) {
    return invalid(fmt::format("rule '{}' counts by {} parts ({}), {} given", rule_name, rule.parts().size(),
                               fmt::join(rule.part_names(), ", "), parts.size()));
  }
  key_bytes = limit->key_front;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (auto good = append_named_part(*id, i, parts[i], prefix_v6, key_bytes); !good) {
      return std::unexpected(good.error());
    }
  }
  return MatchedLimit{.rule = *id,
                      .limit = limit->limit,
                      .mode = rule.mode(),
                      .on_failure = rule.on_failure(),
                      .consistency = rule.consistency(),
                      .store = rule.store(),
                      .place_from = index_->place_from(rule, *limit),
                      .key = key_bytes};
}

Result<void> RuleSet::append_named_part(RuleId id, size_t part_index, std::string_view text, int prefix_v6,
                                        std::string& key) const {
  const CompiledRule& rule = index_->rules[id];
  const std::string& name = rule.part_names()[part_index];
  const PartKind kind = rule.parts()[part_index].kind;
  if (text.empty()) return invalid(fmt::format("{} is empty", name));
  if (kind == PartKind::kIp) {
    const auto ip = IpAddress::parse(text);
    if (!ip) return invalid(fmt::format("'{}' is not an IP address", text.substr(0, IpAddress::kTextMax)));
    CounterKey::append_part(key, bytes_of(ip->masked_v6(prefix_v6)));
    return {};
  }
  std::string path_buffer;
  if (kind == PartKind::kRoute) text = route_named(id, text, path_buffer);
  if (text.size() > kSubjectPartMax) return invalid(fmt::format("{} is longer than {} bytes", name, kSubjectPartMax));
  CounterKey::append_part(key, text);
  return {};
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
