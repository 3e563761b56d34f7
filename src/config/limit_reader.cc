#include "config/limit_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <unordered_map>

#include "config/limit_spec.h"
#include "config/subject_reader.h"
#include "config/text_check.h"
#include "rules/named_limits.h"
#include "store/counter_key.h"
#include "text/quote.h"

namespace rateguard::config {
namespace {

constexpr std::string_view kUnlimited = "unlimited";
// Bound for one rule. So many take about 50 MB, and as entries of a map a quarter of the largest file.
constexpr size_t kSubjectsMax = 500'000;
// Bound for one rule; far above any price list.
constexpr size_t kPlansMax = 1'000;

// The keys that were given, and their positions.
struct Given {
  LimitSpec spec = {};
  std::array<const YamlNode*, kLimitKeys> nodes = {};
};

std::vector<std::string_view> limit_key_names() {
  std::vector<std::string_view> names;
  for (size_t i = 0; i < kLimitKeys; ++i) names.push_back(to_string(static_cast<LimitKey>(i)));
  return names;
}

bool takes_number_only(LimitKey key) {
  return key == LimitKey::kCapacity || key == LimitKey::kBurst || key == LimitKey::kQueue;
}

// Returns whether it was valid.
bool read_key(const YamlNode& node, LimitKey key, Given& given, Problems& problems) {
  given.nodes[static_cast<size_t>(key)] = &node;
  if (!node.is_scalar()) {
    problems.add(node, fmt::format("{}: expected one value, found {}", to_string(key), node.describe()));
    return false;
  }
  if (node.quoted && takes_number_only(key)) {
    problems.add(node, fmt::format("{}: expected a number without quotes", to_string(key)));
    return false;
  }
  if (const auto good = given.spec.set(key, node.text); !good) {
    problems.add(node, fmt::format("{}: {}", to_string(key), good.error().message));
    return false;
  }
  return true;
}

// Whether a rule says `limit: unlimited`.
bool says_unlimited(const YamlNode& map) {
  const YamlNode* const limit = map.find("limit");
  return limit != nullptr && limit->is_scalar() && limit->text == kUnlimited;
}

// Reads the limit keys of a map; other keys are read elsewhere. Returns whether all were valid.
bool read_keys(const YamlNode& map, Given& given, Problems& problems) {
  bool good = true;
  for (size_t i = 0; i < kLimitKeys; ++i) {
    const auto key = static_cast<LimitKey>(i);
    if (key == LimitKey::kLimit && says_unlimited(map)) continue;
    if (const YamlNode* node = map.find(to_string(key))) good = read_key(*node, key, given, problems) && good;
  }
  return good;
}

// The given limit, or a problem at the wrong key; at `otherwise` for a missing one.
std::optional<Limit> make(const Given& given, const YamlNode& otherwise, MissingLimit missing, Problems& problems) {
  const auto limit = make_limit(given.spec);
  if (limit) return *limit;
  const YamlNode* node = given.nodes[static_cast<size_t>(limit.error().key)];
  if (node || missing == MissingLimit::kProblem) problems.add(node ? *node : otherwise, limit.error().message);
  return std::nullopt;
}

// The limit of a plan or subject (`what`): as `limit`, or a map of limit keys; nullopt inside for unlimited. The rule's
// other keys apply too. nullopt and a problem if it is not a limit.
std::optional<std::optional<Limit>> read_one(const YamlNode& key, const YamlNode& value, const Given& shared,
                                             std::string_view what, Problems& problems) {
  using None = std::optional<Limit>;
  if (value.is_scalar() && value.text == kUnlimited) return None();
  Given given = shared;
  auto missing = MissingLimit::kProblem;
  if (value.is_map()) {
    const auto known = limit_key_names();
    for (size_t i = 0; i < value.children.size() && !problems.full(); i += 2) {
      const YamlNode& name = *value.children[i];
      if (std::ranges::find(known, name.text) != known.end()) continue;
      problems.add(name, unknown_key(name.text, what, known));
      missing = MissingLimit::kToldAlready;
    }
    if (!read_keys(value, given, problems)) return std::nullopt;
  } else if (!value.is_scalar()) {
    problems.add(value.is_null() ? key : value,
                 fmt::format("expected a limit such as 1000/day, or unlimited, found {}", value.describe()));
    return std::nullopt;
  } else if (!read_key(value, LimitKey::kLimit, given, problems)) {
    return std::nullopt;
  }
  const auto limit = make(given, value, missing, problems);
  return limit ? std::optional<None>(*limit) : std::nullopt;
}

void read_plans(const YamlNode& plans, const Given& shared, rules::Rule& rule, Problems& problems) {
  if (!plans.is_map() || plans.children.empty()) {
    return problems.add(plans, fmt::format("by_plan: expected a map of plans to limits, found {}",
                                           plans.is_map() ? "an empty one" : plans.describe()));
  }
  if (shared.spec.has(LimitKey::kLimit)) {
    problems.add(plans,
                 "both limit and by_plan; expected one of them (the plan 'default' serves plans that are not named)");
    return;
  }
  if (plans.children.size() / 2 > kPlansMax) return problems.add(plans, fmt::format("more than {} plans", kPlansMax));
  for (size_t i = 0; i < plans.children.size() && !problems.full(); i += 2) {
    const YamlNode& plan = *plans.children[i];
    if (plan.text.empty()) {
      problems.add(plan, "a plan without a name");
      continue;
    }
    if (auto limit = read_one(plan, *plans.children[i + 1], shared, "a plan", problems)) {
      rule.by_plan[plan.text] = *std::move(limit);
    }
  }
}

// The keys of a rule that also apply to the limits of its subjects: how to count, but not how much.
Given shared_by_subjects(Given given) {
  for (const LimitKey key : {LimitKey::kLimit, LimitKey::kCapacity, LimitKey::kRefill, LimitKey::kRate,
                             LimitKey::kBurst, LimitKey::kQueue}) {
    given.spec.clear(key);
    given.nodes[static_cast<size_t>(key)] = nullptr;
  }
  return given;
}

// Reads the limits of subjects by name, from a map in the rules or a file of their own.
class SubjectsReader {
 public:
  SubjectsReader(const rules::Rule& rule, const LimitSurroundings& surroundings, const Given& given, Problems& problems)
      : rule_(rule), surroundings_(surroundings), shared_(shared_by_subjects(given)), problems_(problems) {}

  void read_map(const YamlNode& map) {
    if (!map.is_map() || map.children.empty()) {
      return problems_.add(map, fmt::format("expected a map of subjects to limits, such as alice: 100/m, found {}",
                                            map.is_map() ? "an empty one" : map.describe()));
    }
    if (map.children.size() / 2 > kSubjectsMax) {
      return problems_.add(map, fmt::format("more than {} subjects", kSubjectsMax));
    }
    for (size_t i = 0; i < map.children.size() && !problems_.full(); i += 2) {
      const YamlNode& name = *map.children[i];
      const YamlNode& value = *map.children[i + 1];
      if (!name_is_good(name)) continue;
      if (const auto number = limit_number(name, value)) named_.subjects.emplace_back(name.text, *number);
    }
  }

  // `where` names the file.
  void read_file(const YamlNode& where) {
    if (!where.is_scalar() || where.text.empty()) {
      return problems_.add(where, fmt::format("by_subject_file: expected a file, found {}", where.describe()));
    }
    if (!surroundings_.read_file) {
      return problems_.add(where,
                           "by_subject_file: these rules were not read from a file, so there is no folder to look for "
                           "it in; expected by_subject");
    }
    const NamedFile file = surroundings_.read_file(where.text);
    if (!file.text) {
      return problems_.add(where, fmt::format("by_subject_file: {}: {}", file.path, file.text.error().message));
    }
    Problems inside(file.path);
    SubjectsReader reader(rule_, surroundings_, shared_, inside);
    if (file.path.ends_with(".csv")) {
      reader.read_lines(*file.text, file.path);
    } else if (const auto document = parse_yaml(*file.text, file.path)) {
      reader.read_map(document->root());
    } else {
      return problems_.add(document.error());
    }
    if (!inside.empty()) return problems_.add(inside.to_error());
    named_ = std::move(reader.named_);
  }

  std::shared_ptr<const rules::SubjectLimits> take() {
    return std::make_shared<const rules::SubjectLimits>(std::move(named_));
  }

 private:
  void read_lines(const std::string& text, const std::string& path) {
    if (const auto good = check_text(text, path); !good) return problems_.add(good.error());
    const auto lines = parse_subject_lines(text, path);
    if (!lines) return problems_.add(lines.error());
    if (lines->empty()) {
      return problems_.add(Error{.message = "no line names a subject; expected lines of subject,limit, such as "
                                            "alice,100/m, or no by_subject_file in the rule",
                                 .position = {.file = path}});
    }
    if (lines->size() > kSubjectsMax) {
      return problems_.add(
          Error{.message = fmt::format("more than {} subjects", kSubjectsMax), .position = {.file = path}});
    }
    for (const SubjectLine& line : *lines) {
      if (problems_.full()) return;
      const YamlNode name{.kind = YamlNode::Kind::kScalar, .line = line.line, .text = line.subject};
      const YamlNode value{.kind = YamlNode::Kind::kScalar, .line = line.line, .text = line.limit};
      if (!name_is_good(name)) continue;
      if (const auto number = limit_number(name, value)) named_.subjects.emplace_back(line.subject, *number);
    }
  }

  bool name_is_good(const YamlNode& name) {
    std::string counted = name.text;
    if (rule_.per[*rules::named_part(rule_.per)].kind == rules::PartKind::kIp) {
      const auto address = IpAddress::parse(name.text);
      if (!address) {
        problems_.add(name, fmt::format("{} is not an IP address", quote(name.text)));
        return false;
      }
      const IpAddress whole = address->masked_v6(128);
      if (whole != *address) {
        problems_.add(name, fmt::format("{} is counted as {}, the IPv4 address inside (NAT64); write that", name.text,
                                        whole.to_string()));
        return false;
      }
      const bool own = address->is_v4() ? true : rule_.prefixes.v6.has_value();
      const IpAddress cut = own ? rule_.prefixes.cut(*address) : address->masked_v6(surroundings_.ipv6_prefix);
      if (cut != *address) {
        problems_.add(name, fmt::format("{} is counted as {}, with all addresses of that network; write that, or set "
                                        "ipv4_prefix or ipv6_prefix of the rule",
                                        name.text, cut.to_string()));
        return false;
      }
      counted.assign(reinterpret_cast<const char*>(cut.bytes.data()), cut.bytes.size());
    } else if (name.text.empty() || name.text.size() > kSubjectPartMax) {
      problems_.add(name, fmt::format("a subject's name has 1 to {} bytes", kSubjectPartMax));
      return false;
    }
    const auto [first, is_new] = lines_.emplace(std::move(counted), name.line);
    if (!is_new) problems_.add(name, fmt::format("the subject is given twice, first in line {}", first->second));
    return is_new;
  }

  // The index of a limit among the distinct ones: most subjects share a few.
  std::optional<uint32_t> limit_number(const YamlNode& name, const YamlNode& value) {
    if (value.is_scalar()) {
      const auto known = by_text_.find(value.text);
      if (known != by_text_.end()) return known->second;
    }
    Given shared = shared_;
    const bool has_period = value.is_map() ? value.find("limit") == nullptr : value.text.contains('/');
    if (has_period) shared.spec.clear(LimitKey::kWindow);
    auto limit = read_one(name, value, shared, "a subject", problems_);
    if (!limit) return std::nullopt;
    const auto number = static_cast<uint32_t>(named_.limits.size());
    named_.limits.push_back(*std::move(limit));
    if (value.is_scalar()) by_text_.emplace(value.text, number);
    return number;
  }

  const rules::Rule& rule_;
  const LimitSurroundings& surroundings_;
  const Given shared_;
  Problems& problems_;
  rules::SubjectLimits named_;
  std::unordered_map<std::string, uint32_t> by_text_;
  std::unordered_map<std::string, int> lines_;  // of the subjects, by their counters' names
};

void read_subjects(const YamlNode& rule_map, const LimitSurroundings& surroundings, const Given& given,
                   rules::Rule& rule, Problems& problems) {
  const YamlNode* const map = rule_map.find("by_subject");
  const YamlNode* const file = rule_map.find("by_subject_file");
  if (map == nullptr && file == nullptr) return;
  if (map != nullptr && file != nullptr) {
    return problems.add(*file, "both by_subject and by_subject_file; expected one of them");
  }
  if (!rules::named_part(rule.per)) {
    return problems.add(map != nullptr ? *map : *file,
                        "subjects by name need a rule that counts by one caller, such as per: user");
  }
  SubjectsReader reader(rule, surroundings, given, problems);
  if (map != nullptr) {
    reader.read_map(*map);
  } else {
    reader.read_file(*file);
  }
  rule.by_subject = reader.take();
}

// With `limit: unlimited` no other key may say how much.
void check_unlimited(const YamlNode& rule_map, const Given& given, const rules::Rule& rule, const YamlNode& limit,
                     Problems& problems) {
  for (size_t i = 0; i < kLimitKeys; ++i) {
    const auto key = static_cast<LimitKey>(i);
    if (!given.spec.has(key) || rule.by_subject != nullptr) continue;
    problems.add(*given.nodes[i], fmt::format("{} does not go with limit: unlimited", to_string(key)));
  }
  if (!rule.exempts()) return;
  if (rule.match == rules::Match{}) {
    return problems.add(limit,
                        "limit: unlimited exempts what the rule matches from every other rule, and this one matches "
                        "everything; say whom with match, put the rule into a group, or disable it with mode: off");
  }
  if (rule.mode == rules::RuleMode::kShadow) {
    problems.add(limit,
                 "limit: unlimited exempts from other rules, which a shadow rule never does; expected mode: "
                 "enforce or off");
  }
  if (const YamlNode* cost = rule_map.find("cost")) problems.add(*cost, "cost does not go with limit: unlimited");
}

}  // namespace

void read_limits(const YamlNode& rule_map, const LimitSurroundings& surroundings, MissingLimit missing,
                 rules::Rule& rule, Problems& problems) {
  rule.unlimited = says_unlimited(rule_map);
  Given given;
  if (!read_keys(rule_map, given, problems)) return;
  read_subjects(rule_map, surroundings, given, rule, problems);
  const YamlNode* const plans = rule_map.find("by_plan");
  if (rule.unlimited) {
    if (plans != nullptr) return problems.add(*plans, "both limit and by_plan; expected one of them");
    return check_unlimited(rule_map, given, rule, *rule_map.find("limit"), problems);
  }
  if (plans != nullptr) return read_plans(*plans, given, rule, problems);
  if (auto made = make(given, rule_map, missing, problems)) rule.limit = *made;
}

}  // namespace rateguard::config
