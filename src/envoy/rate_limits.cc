#include "envoy/rate_limits.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>
#include <utility>

namespace rateguard::envoy {
namespace {

// A key or value is indexed with a length of two bytes.
constexpr size_t kTextMax = 65'535;

// More can only be a mistake, and ids have to fit 32 bits.
constexpr size_t kConfiguredMax = 10'000'000;

std::unexpected<Error> refuse(const SourcePosition& where, std::string message) {
  return std::unexpected(Error{.message = std::move(message), .position = where});
}

// Envoy writes a limit's name between quotes into a header field and escapes nothing: characters that would end the
// quotes, the parameter or the field become '_'.
std::string told_name(std::string name) {
  for (char& c : name) {
    if (c == '"' || c == ';' || c == ',' || c == '\\' || static_cast<unsigned char>(c) < ' ' || c == 0x7F) c = '_';
  }
  return name;
}

// What envoyproxy/ratelimit calls a descriptor among its siblings.
std::string composite_key(const DescriptorSpec& spec) {
  return spec.value.empty() ? spec.key : spec.key + "_" + spec.value;
}

}  // namespace

// Fills a RateLimits, level by level.
class RateLimits::Compiler {
 public:
  Compiler(RateLimits& out, SameDomain same_domain) : out_(out), same_domain_(same_domain) {}

  Result<void> add(DomainSpec file) {
    if (file.domain.empty()) return refuse(file.position, "config file cannot have empty domain");
    if (file.domain.size() > kTextMax) return refuse(file.position, "the domain is longer than 65535 bytes");
    const auto next = static_cast<uint32_t>(out_.domains_.size());
    const uint32_t id = out_.domains_by_name_.find_or_add(0, file.domain, next);
    if (id == next) {
      out_.domains_.push_back({.name = file.domain, .root = add_node(), .atomic = file.atomic});
    } else if (same_domain_ == SameDomain::kRejected) {
      return refuse(file.position, fmt::format("duplicate domain '{}' in config file", file.domain));
    } else if (out_.domains_[id].atomic != file.atomic) {
      return refuse(file.position, fmt::format("the files of domain '{}' differ in atomic", file.domain));
    }
    const Domain& domain = out_.domains_[id];
    const Place root = {.domain = id, .node = domain.root, .path = domain.name + ".", .atomic = domain.atomic};
    return add_level(root, std::move(file.descriptors));
  }

 private:
  // Where descriptors are added.
  struct Place {
    DomainId domain = 0;
    uint32_t node = 0;
    std::string path;  // of the parent, with a trailing dot
    bool atomic = false;
    bool value_to_metric = false;  // of any descriptor above
  };

  // Whether a limit is in the same store as the earlier limits of its domain.
  bool fits_atomic(DomainId domain, const RateLimitSpec& limit) {
    return limit.unlimited || atomic_stores_.emplace(domain, limit.store).first->second == limit.store;
  }

  Result<void> add_level(const Place& place, std::vector<DescriptorSpec> descriptors) {
    for (DescriptorSpec& spec : descriptors) {
      if (auto added = add_descriptor(place, std::move(spec)); !added) return added;
    }
    return {};
  }

  Result<void> add_descriptor(const Place& place, DescriptorSpec spec) {
    if (spec.key.empty()) return refuse(spec.position, "descriptor has empty key");
    if (spec.key.size() > kTextMax || spec.value.size() > kTextMax) {
      return refuse(spec.position, "a key or value is longer than 65535 bytes");
    }
    if (out_.nodes_.size() >= kConfiguredMax) return refuse(spec.position, "more than 10000000 descriptors");
    std::string composite = composite_key(spec);
    std::string path = place.path + composite;
    if (!composites_.emplace(place.node, std::move(composite)).second) {
      return refuse(spec.position, fmt::format("duplicate descriptor composite key '{}'", path));
    }
    const bool is_pattern = spec.value.find('*') != std::string::npos;
    if (spec.share_threshold && !is_pattern) {
      return refuse(spec.position, fmt::format("share_threshold can only be used with wildcard values (with '*'), but "
                                               "found key '{}'",
                                               composite_key(spec)));
    }
    if (spec.rate_limit && place.atomic && !fits_atomic(place.domain, *spec.rate_limit)) {
      return refuse(spec.position,
                    "atomic charges the limits of a domain together, which takes one store for all of them; found "
                    "another store than that of the limits before");
    }
    if (spec.quota_mode && place.atomic) {
      return refuse(spec.position,
                    "quota_mode does not go with atomic: a quota that is used up does not refuse the request alone");
    }
    const uint32_t node = add_node();
    link(place.node, spec, node, is_pattern);
    out_.nodes_[node].share_threshold = spec.share_threshold;
    out_.nodes_[node].value_to_metric = spec.value_to_metric;
    const bool value_to_metric = place.value_to_metric || spec.value_to_metric;
    if (spec.rate_limit) {
      if (auto added = add_limit(node, path, value_to_metric, spec); !added) return added;
    }
    return add_level({.domain = place.domain,
                      .node = node,
                      .path = path + ".",
                      .atomic = place.atomic,
                      .value_to_metric = value_to_metric},
                     std::move(spec.descriptors));
  }

  uint32_t add_node() {
    out_.nodes_.emplace_back();
    return static_cast<uint32_t>(out_.nodes_.size() - 1);
  }

  void link(uint32_t parent, const DescriptorSpec& spec, uint32_t node, bool is_pattern) {
    out_.nodes_[parent].has_children = true;
    const auto next = static_cast<uint32_t>(out_.keys_.size());
    const uint32_t key = out_.keys_by_name_.find_or_add(parent, spec.key, next);
    if (key == next) out_.keys_.emplace_back();
    if (spec.value.empty()) {
      out_.keys_[key].bare = node;
      return;
    }
    // The pattern's own text is a value too, as it is to envoyproxy/ratelimit.
    out_.values_.find_or_add(key, spec.value, node);
    if (!is_pattern) return;
    out_.wildcards_.add(out_.keys_[key].wildcards, spec.value, node);
    out_.nodes_[node].pattern = spec.value;
  }

  Result<void> add_limit(uint32_t node, const std::string& path, bool value_to_metric, DescriptorSpec& spec) {
    RateLimitSpec& limit = *spec.rate_limit;
    RateLimit made;
    for (const std::string& replaced : limit.replaces) {
      if (replaced.empty()) return refuse(spec.position, "should not have an empty replaces entry");
      if (replaced == limit.name) return refuse(spec.position, "replaces should not contain name of same descriptor");
      made.replaces.push_back(name_id(replaced));
    }
    if (!limit.name.empty()) made.name = name_id(limit.name);
    made.told_name = told_name(limit.name);
    const bool is_window = !limit.limit || limit.limit->algorithm == Algorithm::kFixedWindow;
    if (!limit.unlimited && is_window) {
      auto counting = Limit::fixed_window(kUnitsMax, limit.period);
      if (!counting) return refuse(spec.position, counting.error().message);
      made.counting = *counting;
    }
    made.spec = std::move(limit);
    made.path = path;
    made.id = static_cast<uint32_t>(out_.limits_.size());
    made.metadata = std::move(spec.metadata);
    made.shadow_mode = spec.shadow_mode;
    made.quota_mode = spec.quota_mode;
    made.detailed_metric = spec.detailed_metric;
    made.value_to_metric = value_to_metric;
    out_.nodes_[node].limit = made.id;
    out_.limits_.push_back(std::move(made));
    return {};
  }

  uint32_t name_id(const std::string& name) {
    const uint32_t id = names_.emplace(name, static_cast<uint32_t>(names_.size())).first->second;
    out_.names_ = names_.size();
    return id;
  }

  RateLimits& out_;
  std::map<DomainId, StoreNumber> atomic_stores_;
  SameDomain same_domain_;
  std::set<std::pair<uint32_t, std::string>> composites_;  // (parent, composite key)
  std::unordered_map<std::string, uint32_t> names_;
};

Result<std::shared_ptr<const RateLimits>> RateLimits::compile(std::vector<DomainSpec> files, SameDomain same_domain) {
  auto made = std::make_shared<RateLimits>();
  Compiler compiler(*made, same_domain);
  for (DomainSpec& file : files) {
    if (auto added = compiler.add(std::move(file)); !added) return std::unexpected(added.error());
  }
  return made;
}

std::optional<uint32_t> RateLimits::child_of(uint32_t parent, const Entry& entry, MatchScratch& scratch) const {
  const auto key_id = keys_by_name_.find(parent, entry.key);
  if (!key_id) return std::nullopt;
  const Key& key = keys_[*key_id];
  MatchedEntry& met = scratch.entries.emplace_back();
  std::optional<uint32_t> node;
  if (!entry.value.empty()) node = values_.find(*key_id, entry.value);
  if (!node) node = wildcards_.find(key.wildcards, entry.value, scratch.text);
  if (!node && key.bare != kNone) {
    node = key.bare;
  } else if (node && !nodes_[*node].pattern.empty()) {  // matched by a value that fits, or by the pattern's own text
    met.by = MatchedEntry::By::kWildcard;
    met.pattern = nodes_[*node].pattern;
    met.share_threshold = nodes_[*node].share_threshold;
  } else if (node) {
    met.by = MatchedEntry::By::kValue;
  }
  if (node) met.value_to_metric = nodes_[*node].value_to_metric;
  return node;
}

const RateLimit* RateLimits::match(DomainId domain, std::span<const Entry> entries, MatchScratch& scratch) const {
  scratch.entries.clear();
  uint32_t at = domains_[domain].root;
  for (const Entry& entry : entries) {
    if (!nodes_[at].has_children) return nullptr;
    const auto child = child_of(at, entry, scratch);
    if (!child) return nullptr;
    at = *child;
  }
  const uint32_t limit = nodes_[at].limit;
  return entries.empty() || limit == kNone ? nullptr : &limits_[limit];
}

}  // namespace rateguard::envoy
