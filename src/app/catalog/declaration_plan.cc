#include "app/catalog/declaration_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <set>

#include "app/catalog/declared_fields.h"
#include "app/catalog/people_text.h"
#include "app/catalog/record_directory.h"
#include "server/admin/json_node.h"
#include "server/admin/record_json.h"
#include "text/json_text.h"

namespace rateguard::app {
namespace {

namespace json = boost::json;
using catalog::AnyRecord;
using catalog::RecordKind;

// What is there of a kind that can be declared.
struct StoredRecord {
  AnyRecord record = {};
  std::string id = {};
  int64_t version = 0;
};

// A record of what the API shows, as far as files declare it.
Result<StoredRecord> stored_of(const ResourceNoun& noun, const json::object& shown) {
  json::object body;
  for (const DeclaredField& field : declared_fields(noun.kind)) {
    if (const json::value* const value = shown.if_contains(field.field)) body[field.field] = *value;
  }
  const auto node = admin::parse_json_object(json::serialize(body));
  StoredRecord stored = {.record = catalog::empty_record(noun.kind),
                         .id = member_text(shown, "id"),
                         .version = shown.at("version").to_number<int64_t>()};
  if (!node || !admin::read_record(*node, admin::BodyFor::kCreation, {}, stored.record).errors.empty()) {
    return fail(ErrorCode::kUnavailable, fmt::format("{} {} has fields that this version of the program does not know",
                                                     noun.singular, stored.id));
  }
  return stored;
}

constexpr size_t kShownBytesMax = 60;   // of a text in a line of the plan
constexpr size_t kCommonBytesMax = 20;  // of those, what two long texts have in common before they differ

// From where on two texts are shown: from their beginning if they differ there, else from a little before.
size_t shown_from(const json::value& one, const json::value& other) {
  if (!one.is_string() || !other.is_string()) return 0;
  const std::string_view text = one.as_string();
  const std::string_view its = other.as_string();
  if (std::max(text.size(), its.size()) <= kShownBytesMax) return 0;
  const auto common = static_cast<size_t>(std::ranges::mismatch(text, its).in1 - text.begin());
  if (common + kCommonBytesMax <= kShownBytesMax) return 0;
  size_t from = common - kCommonBytesMax;
  while (from > 0 && (static_cast<unsigned char>(text[from]) & 0xC0U) == 0x80U) --from;
  return from;
}

std::string value_text(const json::value& value, size_t from = 0) {
  if (value.is_null()) return "none";
  if (!value.is_string()) return json::serialize(value);
  const std::string_view text = value.as_string();
  if (text.empty()) return "\"\"";
  return (from > 0 ? "..." : "") + clipped(text.substr(from), kShownBytesMax);
}

class Planner {
 public:
  Planner(CatalogService& service, const Declaration& declaration, Prune prune)
      : directory_(service), declaration_(declaration), prune_(prune) {
    for (const DeclaredRecord& each : declaration.records) {
      declared_.emplace(each.noun->kind, identity_of(each.record));
    }
  }

  Result<DeclarationPlan> plan() {
    for (const ResourceNoun* const noun : declared_nouns()) {
      if (auto read = read_stored(*noun); !read) return std::unexpected(read.error());
    }
    for (const DeclaredRecord& declared : declaration_.records) {
      if (auto good = resolve(declared); !good) return std::unexpected(good.error());
      compare(declared);
    }
    if (prune_ == Prune::kYes) remove_undeclared();
    return std::move(plan_);
  }

 private:
  Result<void> read_stored(const ResourceNoun& noun) {
    const auto shown = directory_.all(noun);
    if (!shown) return std::unexpected(shown.error());
    for (const json::object& each : *shown) {
      auto stored = stored_of(noun, each);
      if (!stored) return std::unexpected(stored.error());
      const std::string identity = identity_of(stored->record);
      plan_.ids[{noun.kind, identity}] = stored->id;
      stored_[noun.kind][identity] = std::move(*stored);
    }
    return {};
  }

  bool is_declared(RecordKind kind, const std::string& identity) const { return declared_.contains({kind, identity}); }

  // Everything that a record refers to is there, or will be.
  Result<void> resolve(const DeclaredRecord& declared) {
    for (const DeclaredField& field : declared_fields(declared.noun->kind)) {
      const std::string name = field.refers_to == nullptr ? "" : reference_of(declared.record, field.field);
      if (name.empty() || plan_.ids.contains({field.refers_to->kind, name})) continue;
      if (is_declared(field.refers_to->kind, name)) continue;
      auto id = directory_.id_of(field.refers_to->kind, name);
      if (!id) {
        Error error = id.error();
        if (error.code == ErrorCode::kNotFound) error.position = declared.position;
        error.message = fmt::format("{} '{}': {}: {}", declared.noun->singular, identity_of(declared.record), field.key,
                                    error.message);
        return std::unexpected(std::move(error));
      }
      plan_.ids[{field.refers_to->kind, name}] = std::move(*id);
    }
    return {};
  }

  // Whether two references mean the same: one is a name, the other an id.
  bool is_same_reference(const DeclaredField& field, const AnyRecord& declared, const AnyRecord& stored) const {
    const std::string name = reference_of(declared, field.field);
    const auto id = plan_.ids.find({field.refers_to->kind, name});
    return (id == plan_.ids.end() ? name : id->second) == reference_of(stored, field.field);
  }

  void compare(const DeclaredRecord& declared) {
    const std::string identity = identity_of(declared.record);
    PlanStep step = {.noun = declared.noun, .identity = identity, .record = declared.record};
    const auto& known = stored_[declared.noun->kind];
    const auto found = known.find(identity);
    for (const DeclaredField& field : declared_fields(declared.noun->kind)) {
      auto change =
          found == known.end() ? addition_of(field, declared) : change_of(field, declared, found->second.record);
      if (change) step.changes.push_back(std::move(*change));
    }
    if (found != known.end()) {
      if (step.changes.empty()) return;
      step.kind = StepKind::kChange;
      step.id = found->second.id;
      step.version = found->second.version;
    }
    plan_.steps.push_back(std::move(step));
  }

  // Nobody can tell whether a secret is the same: a file that gives one sets it.
  static std::optional<FieldChange> secret_of(const DeclaredField& field, const DeclaredRecord& declared) {
    if (!declared.given.contains(field.field)) return std::nullopt;
    return FieldChange{.field = std::string(field.field), .key = field.key, .to = "(secret)"};
  }

  // What the field of a new record says; nothing if it has its default.
  static std::optional<FieldChange> addition_of(const DeclaredField& field, const DeclaredRecord& declared) {
    if (field.is_secret) return secret_of(field, declared);
    const json::value value = field_value(declared.record, field.field);
    const AnyRecord nothing = catalog::empty_record(declared.noun->kind);
    if (!field.is_required && value == field_value(nothing, field.field)) return std::nullopt;
    return FieldChange{.field = std::string(field.field), .key = field.key, .to = value_text(value)};
  }

  std::optional<FieldChange> change_of(const DeclaredField& field, const DeclaredRecord& declared,
                                       const AnyRecord& before) {
    if (field.is_secret) return secret_of(field, declared);
    const json::value to = field_value(declared.record, field.field);
    const json::value from = field_value(before, field.field);
    const bool is_same = field.refers_to != nullptr ? is_same_reference(field, declared.record, before) : to == from;
    if (is_same) return std::nullopt;
    const size_t begin = shown_from(from, to);
    FieldChange change = {.field = std::string(field.field),
                          .key = field.key,
                          .from = value_text(from, begin),
                          .to = value_text(to, begin)};
    if (field.refers_to != nullptr && from.is_string()) {
      change.from = directory_.name_of(field.refers_to->kind, std::string(from.as_string()));
    }
    return change;
  }

  // Who refers to others goes first.
  void remove_undeclared() {
    const auto nouns = declared_nouns();
    for (size_t i = nouns.size(); i-- > 0;) {
      if (!declaration_.sections.contains(nouns[i]->kind)) continue;
      for (const auto& [identity, stored] : stored_[nouns[i]->kind]) {
        if (is_declared(nouns[i]->kind, identity)) continue;
        plan_.steps.push_back({.kind = StepKind::kRemove,
                               .noun = nouns[i],
                               .identity = identity,
                               .id = stored.id,
                               .version = stored.version,
                               .record = catalog::empty_record(nouns[i]->kind)});
      }
    }
  }

  RecordDirectory directory_;
  const Declaration& declaration_;
  const Prune prune_;
  std::set<std::pair<RecordKind, std::string>> declared_;
  std::map<RecordKind, std::map<std::string, StoredRecord>> stored_;
  DeclarationPlan plan_;
};

}  // namespace

Result<DeclarationPlan> plan_declaration(CatalogService& service, const Declaration& declaration, Prune prune) {
  return Planner(service, declaration, prune).plan();
}

std::string plan_text(const DeclarationPlan& plan) {
  if (plan.steps.empty()) return "nothing to do\n";
  std::string out;
  size_t counts[3] = {};
  for (const PlanStep& step : plan.steps) {
    ++counts[static_cast<size_t>(step.kind)];
    out += fmt::format("{} {} {}\n", "+~-"[static_cast<size_t>(step.kind)], step.noun->singular,
                       line_for_people(step.identity));
    for (const FieldChange& change : step.changes) {
      if (change.field == "name") continue;
      const std::string to = line_for_people(change.to);
      const bool is_set_only = step.kind == StepKind::kMake || change.to == "(secret)";
      out += is_set_only ? fmt::format("    {}: {}\n", change.key, to)
                         : fmt::format("    {}: {} -> {}\n", change.key, line_for_people(change.from), to);
    }
  }
  return out + fmt::format("{} to make, {} to change, {} to remove\n", counts[0], counts[1], counts[2]);
}

}  // namespace rateguard::app
