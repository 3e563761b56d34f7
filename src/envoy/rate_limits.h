// All domains and their descriptors, compiled and immutable. A reload makes a new one and swaps it in as a whole; a
// request keeps the one it began with.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "envoy/rate_limit_spec.h"
#include "envoy/wildcards.h"
#include "rules/flat_index.h"

namespace rateguard::envoy {

// A descriptor of the configuration that has a `rate_limit`.
struct RateLimit {
  RateLimitSpec spec;
  std::optional<Limit> counting =
      {};                             // a fixed window of the same period that never refuses; none for other algorithms
  std::string path;                   // "domain.key_value.key": what metrics call it
  std::string told_name = {};         // spec.name in the form that answers use
  uint32_t id = 0;                    // an index into RateLimits::limits()
  std::optional<uint32_t> name = {};  // of spec.name, among all names
  std::vector<uint32_t> replaces = {};  // names
  std::optional<Value> metadata = {};
  bool shadow_mode = false;
  bool quota_mode = false;
  bool detailed_metric = false;
  bool value_to_metric = false;  // of any descriptor on the way to it
};

// What one level of a request's descriptor matched.
struct MatchedEntry {
  enum class By : uint8_t { kValue, kWildcard, kKey };
  By by = By::kKey;
  bool share_threshold = false;  // counted as the pattern, not as the value
  bool value_to_metric = false;
  std::string_view pattern = {};  // kWildcard: as configured; lives as long as the RateLimits
};

// Reused from request to request by its owner to save allocations.
struct MatchScratch {
  std::vector<MatchedEntry> entries = {};
  std::string text = {};
};

enum class SameDomain : uint8_t { kRejected, kMerged };

class RateLimits {
 public:
  // Compiles the files, in their order. Errors, with the position in the file, are those of envoyproxy/ratelimit: an
  // empty domain or key, a domain given twice (unless they are merged), a composite key given twice, share_threshold on
  // a value without '*', a `replaces` that is empty or names its own descriptor; and for our additions, a quota_mode
  // below `atomic`, or two files of one domain that differ in `atomic`.
  static Result<std::shared_ptr<const RateLimits>> compile(std::vector<DomainSpec> files, SameDomain same_domain);

  using DomainId = uint32_t;
  std::optional<DomainId> find_domain(std::string_view name) const { return domains_by_name_.find(0, name); }
  bool is_atomic(DomainId domain) const { return domains_[domain].atomic; }

  // The limit that applies to a descriptor, null if none does. At each level an exact key and value takes precedence
  // over the patterns of that key in the order of the files, and those over the key without a value. Only the last
  // entry's limit applies: a descriptor that is longer or shorter than the configured one has none. `scratch.entries`
  // is filled with what each entry matched, if a limit is found.
  const RateLimit* match(DomainId domain, std::span<const Entry> entries, MatchScratch& scratch) const;

  std::span<const RateLimit> limits() const { return limits_; }
  size_t domains() const { return domains_.size(); }
  // How many different names `replaces` may refer to.
  size_t names() const { return names_; }

 private:
  static constexpr uint32_t kNone = UINT32_MAX;

  struct Node {
    uint32_t limit = kNone;
    bool has_children = false;
    bool share_threshold = false;
    bool value_to_metric = false;
    std::string pattern = {};  // of a value with '*'
  };
  // All siblings of one key: those with values, and the one without.
  struct Key {
    uint32_t bare = kNone;
    uint32_t wildcards = Wildcards::kNoGroup;
  };
  struct Domain {
    std::string name;
    uint32_t root = 0;
    bool atomic = false;
  };
  class Compiler;

  std::optional<uint32_t> child_of(uint32_t parent, const Entry& entry, MatchScratch& scratch) const;

  std::vector<Domain> domains_;
  std::vector<Node> nodes_;
  std::vector<Key> keys_;
  std::vector<RateLimit> limits_;
  rules::FlatIndex domains_by_name_;
  rules::FlatIndex keys_by_name_;  // (node, key) -> keys_
  rules::FlatIndex values_;        // (key, value) -> nodes_
  Wildcards wildcards_;
  size_t names_ = 0;
};

}  // namespace rateguard::envoy
