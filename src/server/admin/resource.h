// How each kind of record appears in the admin API: the name of its collection, and what may be done with each of its
// fields beyond what the record itself says.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "catalog/record_field.h"
#include "catalog/record_kind.h"

namespace rateguard::admin {

enum class FieldAccess : uint8_t {
  kWritable,
  kAtCreation,  // given when the record is made, and never changed
  kReadOnly,    // made by the program
  kHidden,      // neither shown nor given
};

// What differs from "writable, optional, shown under its own name".
struct ResourceField {
  std::string_view field;  // in the record
  FieldAccess use = FieldAccess::kWritable;
  bool is_required = false;         // when the record is made
  bool is_of_installation = false;  // callers of one workspace cannot set it: it decides what the workspace gets
  std::string_view shown_as = {};   // of a secret: the member that says whether there is one
};

struct Resource {
  std::string_view collection = {};  // "workspaces"; empty: not part of the API
  std::span<const ResourceField> fields = {};
};

const Resource& resource_of(catalog::RecordKind kind);
// Of any field of that kind.
ResourceField resource_field(catalog::RecordKind kind, const catalog::RecordField& field);

}  // namespace rateguard::admin
