// Which records a file may declare, and the fields that it may give them: by what the records list themselves.
#pragma once

#include <boost/json/value.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "app/catalog/resource_noun.h"
#include "catalog/records.h"

namespace rateguard::app {

// In the order in which they are made: others refer to those before them.
std::span<const ResourceNoun* const> declared_nouns();

struct DeclaredField {
  std::string_view field;  // of the record: "plan_id"
  std::string key;         // in files: "plan", since files have names where records have ids
  bool is_required = false;
  bool is_secret = false;  // a file may give it, and never gets it back
  bool is_number = false;
  const ResourceNoun* refers_to = nullptr;  // null: it is no reference
};
const std::vector<DeclaredField>& declared_fields(catalog::RecordKind kind);

// A field's value as the API has it; a secret's too.
boost::json::value field_value(const catalog::AnyRecord& record, std::string_view field);
// The text of a field that is a reference; empty: none.
std::string reference_of(const catalog::AnyRecord& record, std::string_view field);
void set_reference(catalog::AnyRecord& record, std::string_view field, const std::string& id);
// Gives `to` the value that `from` has. REQUIRES: records of one kind.
void copy_field(const catalog::AnyRecord& from, catalog::AnyRecord& to, std::string_view field);

// What tells a record from the others of its kind: "acme", "openai/gpt-4o since 2026-01-01T00:00:00Z".
std::string identity_of(const catalog::AnyRecord& record);

}  // namespace rateguard::app
