#include "config/envoy_reader.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <span>

#include "config/config.h"
#include "config/problems.h"
#include "config/yaml_scalar.h"
#include "config/yaml_tree.h"
#include "envoy/unit.h"
#include "model/quantity.h"
#include "settings/choice.h"

namespace rateguard::config {
namespace {

using envoy::DescriptorSpec;
using envoy::DomainSpec;
using envoy::RateLimitSpec;
using envoy::Value;
using rules::OnStoreFailure;

constexpr std::array<std::string_view, 3> kRootKeys = {"domain", "descriptors", "atomic"};
constexpr std::array<std::string_view, 10> kDescriptorKeys = {
    "key",        "value",           "rate_limit",      "descriptors",     "shadow_mode",
    "quota_mode", "detailed_metric", "value_to_metric", "share_threshold", "metadata"};
constexpr std::array<std::string_view, 10> kLimitKeys = {
    "unit",  "requests_per_unit", "unlimited", "name", "replaces", "algorithm",
    "burst", "on_store_failure",  "overdraft", "store"};
constexpr std::array<std::string_view, 1> kReplacesKeys = {"name"};

constexpr Choice<OnStoreFailure> kFailures[] = {
    {"allow", OnStoreFailure::kAllow}, {"deny", OnStoreFailure::kDeny}, {"local", OnStoreFailure::kLocal}};

// Whether a YAML parser with types reads a plain scalar as something else than a string.
bool is_no_string(const YamlNode& key) {
  return !key.quoted && (parse_yaml_truth(key.text) || parse_yaml_number(key.text) || is_yaml_null(key.text));
}

// Any YAML as a value.
Value to_value(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::kNull:
      return Value::null();
    case YamlNode::Kind::kSequence: {
      Value list = Value::list();
      for (const YamlNode* item : node.children) list.items.push_back(to_value(*item));
      return list;
    }
    case YamlNode::Kind::kMap: {
      Value map = Value::structure();
      for (size_t i = 0; i < node.children.size(); i += 2)
        map.add(node.children[i]->text, to_value(*node.children[i + 1]));
      return map;
    }
    case YamlNode::Kind::kScalar:
      break;
  }
  if (!node.quoted) {
    if (is_yaml_null(node.text)) return Value::null();
    // Only the two booleans of every YAML version; others may be meant as text.
    if (node.text == "true" || node.text == "false") return Value::truth(node.text == "true");
    if (const auto number = parse_yaml_number(node.text)) return Value::of(*number);
  }
  return Value::of(std::string_view(node.text));
}

class EnvoyReader {
 public:
  EnvoyReader(Problems& problems, std::span<const std::string> stores) : problems_(problems), stores_(stores) {}

  DomainSpec read(const YamlNode& root) {
    DomainSpec file{.domain = "", .position = problems_.position(root)};
    if (!root.is_map()) {
      if (!root.is_null())
        problems_.add(root, fmt::format("expected a map with domain and descriptors, found {}", root.describe()));
      return file;  // RateLimits::compile() finds that it has no domain
    }
    check_keys(root, kRootKeys, "a file");
    if (const YamlNode* domain = root.find("domain")) {
      file.position = problems_.position(*domain);
      read_text(*domain, "domain", file.domain);
    }
    if (const YamlNode* atomic = root.find("atomic")) read_truth(*atomic, "atomic", file.atomic);
    if (const YamlNode* list = root.find("descriptors")) read_descriptors(*list, file.descriptors);
    return file;
  }

 private:
  // Distinguishes keys that belong elsewhere in a file from unknown ones.
  void check_keys(const YamlNode& map, std::span<const std::string_view> known, std::string_view place) {
    for (size_t i = 0; i < map.children.size() && !problems_.full(); i += 2) {
      const YamlNode& key = *map.children[i];
      if (is_no_string(key)) {
        problems_.add(key, fmt::format("config error, key is not of type string: {}", key.text));
        continue;
      }
      if (std::ranges::find(known, key.text) != known.end()) continue;
      const auto belongs_to = [&](std::span<const std::string_view> keys) {
        return std::ranges::find(keys, key.text) != keys.end();
      };
      std::string_view home;
      if (belongs_to(kRootKeys)) home = "at the top of a file";
      if (belongs_to(kDescriptorKeys)) home = "in a descriptor";
      if (belongs_to(kLimitKeys)) home = "in a rate_limit";
      if (!home.empty()) {
        problems_.add(key,
                      fmt::format("config error, key '{}' does nothing in {}; it belongs {}", key.text, place, home));
        continue;
      }
      const std::string_view guess = nearest(key.text, {known.begin(), known.end()});
      problems_.add(key, guess.empty()
                             ? fmt::format("config error, unknown key '{}'", key.text)
                             : fmt::format("config error, unknown key '{}'; did you mean '{}'?", key.text, guess));
    }
  }

  void read_text(const YamlNode& node, std::string_view key, std::string& out) {
    if (node.is_null()) return;
    if (!node.is_scalar())
      return problems_.add(node, fmt::format("{}: expected a text, found {}", key, node.describe()));
    out = node.text;
  }

  void read_truth(const YamlNode& node, std::string_view key, bool& out) {
    if (node.is_null()) return;
    const auto truth = node.is_scalar() && !node.quoted ? parse_yaml_truth(node.text) : std::nullopt;
    if (!truth) return problems_.add(node, fmt::format("{}: expected true or false, found {}", key, node.describe()));
    out = *truth;
  }

  // Any spelling of a whole number that envoyproxy/ratelimit's parser accepts: 16, 1_000, +5, 0x10, 010 (8), 1e3, 5.0.
  std::optional<uint32_t> read_units(const YamlNode& node, std::string_view key, uint32_t min) {
    const auto number = node.is_scalar() && !node.quoted ? parse_yaml_number(node.text) : std::nullopt;
    const bool good = number && *number >= min && *number <= UINT32_MAX && std::trunc(*number) == *number;
    if (good) return static_cast<uint32_t>(*number);
    problems_.add(
        node, fmt::format("{}: expected a whole number from {} to 4294967295, found {}", key, min, node.describe()));
    return std::nullopt;
  }

  // The maps of a list; any other item is a problem.
  std::vector<const YamlNode*> maps_of(const YamlNode& list, std::string_view key) {
    std::vector<const YamlNode*> maps;
    if (list.is_null()) return maps;
    if (!list.is_sequence()) {
      problems_.add(list, fmt::format("{}: expected a list of maps, found {}", key, list.describe()));
      return maps;
    }
    for (const YamlNode* item : list.children) {
      if (item->is_map()) {
        maps.push_back(item);
      } else {
        problems_.add(
            *item, fmt::format("config error, yaml file contains list of type other than map: {}", item->describe()));
      }
    }
    return maps;
  }

  void read_descriptors(const YamlNode& list, std::vector<DescriptorSpec>& out) {
    for (const YamlNode* map : maps_of(list, "descriptors")) {
      if (problems_.full()) return;
      out.push_back(read_descriptor(*map));
    }
  }

  DescriptorSpec read_descriptor(const YamlNode& map) {
    DescriptorSpec spec{.key = "", .position = problems_.position(map)};
    check_keys(map, kDescriptorKeys, "a descriptor");
    if (const YamlNode* key = map.find("key")) {
      spec.position = problems_.position(*key);
      read_text(*key, "key", spec.key);
    }
    if (const YamlNode* value = map.find("value")) read_text(*value, "value", spec.value);
    const std::pair<std::string_view, bool*> flags[] = {{"shadow_mode", &spec.shadow_mode},
                                                        {"quota_mode", &spec.quota_mode},
                                                        {"detailed_metric", &spec.detailed_metric},
                                                        {"value_to_metric", &spec.value_to_metric},
                                                        {"share_threshold", &spec.share_threshold}};
    for (const auto& [key, flag] : flags) {
      if (const YamlNode* node = map.find(key)) read_truth(*node, key, *flag);
    }
    if (const YamlNode* metadata = map.find("metadata"); metadata && !metadata->is_null()) {
      if (metadata->is_map()) {
        spec.metadata = to_value(*metadata);
      } else {
        problems_.add(*metadata, fmt::format("metadata: expected a map, found {}", metadata->describe()));
      }
    }
    if (const YamlNode* limit = map.find("rate_limit"); limit && !limit->is_null())
      spec.rate_limit = read_limit(*limit);
    if (const YamlNode* list = map.find("descriptors")) read_descriptors(*list, spec.descriptors);
    return spec;
  }

  RateLimitSpec read_limit(const YamlNode& map) {
    RateLimitSpec spec;
    if (!map.is_map()) {
      problems_.add(map, fmt::format("rate_limit: expected a map, found {}", map.describe()));
      return spec;
    }
    check_keys(map, kLimitKeys, "a rate_limit");
    if (const YamlNode* unlimited = map.find("unlimited")) read_truth(*unlimited, "unlimited", spec.unlimited);
    if (const YamlNode* name = map.find("name")) read_text(*name, "name", spec.name);
    if (const YamlNode* list = map.find("replaces")) read_replaces(*list, spec);
    if (const YamlNode* failure = map.find("on_store_failure")) {
      const auto choice = choose(kFailures, failure->text);
      if (!choice) return problems_.add(*failure, "on_store_failure: " + choice.error().message), spec;
      spec.on_store_failure = *choice;
    }
    if (const YamlNode* store = map.find("store")) read_store(*store, spec.store);
    if (const YamlNode* requests = map.find("requests_per_unit")) {
      spec.requests_per_unit = read_units(*requests, "requests_per_unit", 0).value_or(0);
    }
    const bool has_period = read_unit(map, spec);
    if (has_period && !spec.unlimited) make_limit(map, spec);
    return spec;
  }

  void read_store(const YamlNode& node, StoreNumber& number) {
    std::string name;
    read_text(node, "store", name);
    if (name.empty()) return;
    const auto found = std::ranges::find(stores_, name);
    if (found == stores_.end()) {
      return problems_.add(
          node, fmt::format("there is no store '{}' in stores of RateGuard's own configuration; expected {}", name,
                            fmt::join(stores_, " or ")));
    }
    number = static_cast<StoreNumber>(found - stores_.begin());
  }

  void read_replaces(const YamlNode& list, RateLimitSpec& spec) {
    for (const YamlNode* map : maps_of(list, "replaces")) {
      check_keys(*map, kReplacesKeys, "replaces");
      std::string& name = spec.replaces.emplace_back();
      if (const YamlNode* node = map->find("name")) read_text(*node, "name", name);
    }
  }

  // False if it gives no period; if that is a mistake, it was reported.
  bool read_unit(const YamlNode& map, RateLimitSpec& spec) {
    const YamlNode* node = map.find("unit");
    std::string text;
    if (node) read_text(*node, "unit", text);
    if (spec.unlimited) {
      for (const std::string_view key : {"unit", "algorithm", "burst", "overdraft", "store"}) {
        const YamlNode* given = map.find(key);
        if (!given || given->is_null() || (key == "unit" && text.empty())) continue;
        problems_.add(*given, key == "unit" ? "should not specify rate limit unit when unlimited"
                                            : fmt::format("should not specify {} when unlimited", key));
      }
      return false;
    }
    if (const auto unit = envoy::parse_unit(text)) {
      spec.unit = *unit;
      spec.period = envoy::period_of(*unit);
      return true;
    }
    // A period needs a unit: "30s". A plain number would be ambiguous.
    const bool says_unit = !text.empty() && !(text.back() >= '0' && text.back() <= '9');
    const auto period = says_unit ? parse_duration(text) : Result<Duration>(invalid(""));
    if (period && *period >= kPeriodMin) {
      spec.period = *period;
      spec.unit = envoy::unit_of(*period);
      return true;
    }
    problems_.add(
        node ? *node : map,
        fmt::format("invalid rate limit unit '{}'; expected second, minute, hour, day, week, month, year or a "
                    "period such as 30s",
                    text));
    return false;
  }

  void make_limit(const YamlNode& map, RateLimitSpec& spec) {
    Algorithm algorithm = Algorithm::kFixedWindow;
    const YamlNode* named = map.find("algorithm");
    if (named && !named->is_null()) {
      const auto parsed = parse_algorithm(named->text);
      if (!parsed) return problems_.add(*named, parsed.error().message);
      algorithm = *parsed;
    }
    const bool is_bucket = algorithm == Algorithm::kTokenBucket || algorithm == Algorithm::kGcra;
    std::optional<uint32_t> burst;
    if (const YamlNode* node = map.find("burst"); node && !node->is_null()) {
      if (!is_bucket) {
        return problems_.add(*node, fmt::format("burst does not go with {}; it is for token_bucket and gcra",
                                                rateguard::to_string(algorithm)));
      }
      burst = read_units(*node, "burst", 1);
      if (!burst) return;
    }
    if (algorithm == Algorithm::kLeakyBucket || algorithm == Algorithm::kConcurrency) {
      return problems_.add(*named,
                           fmt::format("{} is not for Envoy, which can neither hold a request back nor say when "
                                       "it is done; expected fixed_window, sliding_window_log, "
                                       "sliding_window_counter, token_bucket or gcra",
                                       rateguard::to_string(algorithm)));
    }
    bool overdraft = false;
    if (const YamlNode* node = map.find("overdraft")) read_truth(*node, "overdraft", overdraft);
    if (spec.requests_per_unit == 0) {
      if (burst) problems_.add(map, "burst does not go with requests_per_unit: 0, which bans");
      if (overdraft) problems_.add(map, "overdraft does not go with requests_per_unit: 0, which bans");
      return;
    }
    auto limit = limit_of(algorithm, spec, burst.value_or(spec.requests_per_unit));
    if (limit && overdraft) limit = limit->with_overdraft();
    if (!limit) return problems_.add(map, limit.error().message);
    spec.limit = *limit;
  }

  static Result<Limit> limit_of(Algorithm algorithm, const RateLimitSpec& spec, uint32_t burst) {
    const Rate rate{.units = spec.requests_per_unit, .period = spec.period};
    switch (algorithm) {
      case Algorithm::kTokenBucket:
        return Limit::token_bucket(burst, rate);
      case Algorithm::kGcra:
        return Limit::gcra(burst, rate);
      case Algorithm::kSlidingWindowLog:
        return Limit::sliding_window_log(rate.units, rate.period);
      case Algorithm::kSlidingWindowCounter:
        return Limit::sliding_window_counter(rate.units, rate.period);
      default:
        return Limit::fixed_window(rate.units, rate.period);
    }
  }

  Problems& problems_;
  std::span<const std::string> stores_;
};

}  // namespace

Result<DomainSpec> parse_envoy(std::string_view yaml, const std::string& file_name,
                               std::span<const std::string> stores) {
  auto document = parse_yaml(yaml, file_name, MergeOrder::kMergeKeyFirst);
  if (!document) {
    document.error().message = "error loading config file: " + document.error().message;
    return std::unexpected(document.error());
  }
  static const std::array<std::string, 1> kOnlyStore = {"default"};
  if (stores.empty()) stores = kOnlyStore;
  Problems problems(file_name);
  DomainSpec file = EnvoyReader(problems, stores).read(document->root());
  if (!problems.empty()) return std::unexpected(problems.to_error());
  return file;
}

}  // namespace rateguard::config
