#include "app/catalog/declared_fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <type_traits>
#include <utility>

#include "base/check.h"
#include "catalog/record_constraints.h"
#include "server/admin/resource.h"
#include "server/admin/timestamp.h"

namespace rateguard::app {
namespace {

namespace json = boost::json;
using catalog::AnyRecord;
using catalog::RecordField;
using catalog::RecordKind;
using catalog::TextList;
using catalog::TextMap;

json::value value_json(const std::string& text) {
  return json::value(text);
}
json::value value_json(int64_t number) {
  return json::value(number);
}
json::value value_json(Instant at) {
  return json::value(admin::format_timestamp(at));
}
json::value value_json(const catalog::Sha256&) {
  return json::value(nullptr);
}
json::value value_json(const TextList& list) {
  return json::array(list.begin(), list.end());
}
json::value value_json(const TextMap& map) {
  json::object out;
  for (const auto& [name, text] : map) out[name] = text;
  return out;
}
template <catalog::IsChoice E>
json::value value_json(E choice) {
  return json::value(catalog::choice_word(choice));
}
template <typename T>
json::value value_json(const std::optional<T>& value) {
  return value ? value_json(*value) : json::value(nullptr);
}

const ResourceNoun* target_of(RecordKind kind, std::string_view field) {
  for (const catalog::RecordReference& reference : catalog::constraints_of(kind).references) {
    if (reference.field == field) return &noun_of(reference.to);
  }
  return nullptr;
}

std::vector<DeclaredField> fields_of(RecordKind kind) {
  std::vector<DeclaredField> fields;
  const AnyRecord record = catalog::empty_record(kind);
  catalog::visit_fields(record, [&]<typename T>(const RecordField& field, const T&) {
    using admin::FieldAccess;
    const admin::ResourceField row = admin::resource_field(kind, field);
    const FieldAccess use = row.use;
    if (use == FieldAccess::kReadOnly || use == FieldAccess::kHidden) return;
    DeclaredField& declared = fields.emplace_back();
    declared = {.field = field.name,
                .key = std::string(field.name),
                .is_required = row.is_required,
                .is_secret = field.role == catalog::FieldRole::kSecret,
                .is_number = std::is_same_v<T, int64_t> || std::is_same_v<T, std::optional<int64_t>>,
                .refers_to = target_of(kind, field.name)};
    if (declared.refers_to != nullptr) declared.key.resize(declared.key.size() - std::string_view("_id").size());
  });
  return fields;
}

}  // namespace

std::span<const ResourceNoun* const> declared_nouns() {
  static const std::array<const ResourceNoun*, 7> kDeclared = {
      find_noun("plans"),  find_noun("workspaces"), find_noun("rules"),  find_noun("upstreams"),
      find_noun("routes"), find_noun("prices"),     find_noun("budgets")};
  return kDeclared;
}

const std::vector<DeclaredField>& declared_fields(RecordKind kind) {
  static const auto kFields = [] {
    std::array<std::vector<DeclaredField>, catalog::kRecordKinds> all;
    for (const ResourceNoun* noun : declared_nouns()) all[static_cast<size_t>(noun->kind)] = fields_of(noun->kind);
    return all;
  }();
  return kFields[static_cast<size_t>(kind)];
}

json::value field_value(const AnyRecord& record, std::string_view name) {
  json::value out;
  catalog::visit_fields(record, [&](const RecordField& field, const auto& value) {
    if (field.name == name) out = value_json(value);
  });
  return out;
}

std::string reference_of(const AnyRecord& record, std::string_view name) {
  const json::value value = field_value(record, name);
  return value.is_string() ? std::string(value.as_string()) : std::string();
}

void set_reference(AnyRecord& record, std::string_view name, const std::string& id) {
  catalog::visit_fields(record, [&]<typename T>(const RecordField& field, T& value) {
    if (field.name != name) return;
    if constexpr (std::is_same_v<T, std::optional<std::string>> || std::is_same_v<T, std::string>) value = id;
  });
}

void copy_field(const AnyRecord& from, AnyRecord& to, std::string_view name) {
  RG_CHECK(from.index() == to.index());
  std::visit(
      [&]<typename R>(const R& source) {
        R& target = std::get<R>(to);
        R::visit(target, [&]<typename T>(const RecordField& field, T& value) {
          if (field.name != name) return;
          R::visit(source, [&]<typename U>(const RecordField& other, const U& its) {
            if constexpr (std::is_same_v<T, U>) {
              if (other.name == name) value = its;
            }
          });
        });
      },
      from);
}

std::string identity_of(const AnyRecord& record) {
  if (const auto* price = std::get_if<catalog::PriceRecord>(&record)) {
    return fmt::format("{}/{} since {}", price->provider, price->model, admin::format_timestamp(price->starts_at));
  }
  return reference_of(record, "name");
}

}  // namespace rateguard::app
