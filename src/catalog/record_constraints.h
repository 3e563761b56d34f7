// What a catalog demands of records beyond the types of their fields.
#pragma once

#include <span>
#include <string_view>

#include "catalog/record_kind.h"

namespace rateguard::catalog {

// Fields whose values, taken together, no two records share. Records in which one of them is unset share nothing.
using UniqueFields = std::span<const std::string_view>;

enum class WhenReferenced : uint8_t {
  kKeep,    // what is referred to is not removed
  kRemove,  // who refers to it is removed with it
};

// A field with the id of another record, or with none.
struct RecordReference {
  std::string_view field;
  RecordKind to;
  WhenReferenced when_referenced;
};

struct RecordConstraints {
  std::span<const UniqueFields> unique;
  std::span<const RecordReference> references;
  std::span<const std::string_view> filters;  // fields that RecordQuery may ask for
};

const RecordConstraints& constraints_of(RecordKind kind);

// Of a text, and of a list or a map in JSON: what a catalog takes for a field. A rule's definition takes a few hundred
// bytes.
inline constexpr size_t kFieldBytesMax = 65'536;

}  // namespace rateguard::catalog
