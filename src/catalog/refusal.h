// Why a catalog did not do what it was asked.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <utility>

namespace rateguard::catalog {

enum class CatalogFault : uint8_t {
  kNotFound,        // there is no such record
  kConflict,        // the record has another version than the caller expected
  kDuplicate,       // another record has this value of a unique field, or this id
  kReferenced,      // others refer to the record that was to be removed
  kInvalid,         // a field breaks a rule of the catalog: its size, its characters, or a record that it names
  kRepeated,        // the idempotency key has been used: CatalogStore::find_answer() has what was answered
  kFull,            // the disk is full. Reads go on
  kReadOnly,        // the database takes no writes: its file or its server is read-only
  kUnavailable,     // the database cannot be asked, and nothing was changed
  kUnknownOutcome,  // the connection broke while a change was being committed: it may have been made
  kSchemaNewer,     // the database was written by a newer version of this program; it was left untouched
  kForeign,         // the file is no catalog; it was left untouched
  kCorrupt,         // the database contradicts itself
};

// In words for the person who can mend it, and in parts for an answer to a program.
struct CatalogRefusal {
  CatalogFault fault = CatalogFault::kUnavailable;
  std::string message = {};
  std::string field = {};  // kDuplicate, kInvalid: which one, or empty
  std::string id = {};     // of the record that stands in the way, or empty
  int64_t version = 0;     // kConflict: what the record has now
  int64_t write = 0;       // which of a ChangeSet's writes, from 0

  bool operator==(const CatalogRefusal&) const = default;
};

template <typename T>
using CatalogResult = std::expected<T, CatalogRefusal>;

inline std::unexpected<CatalogRefusal> refuse(CatalogFault fault, std::string message) {
  return std::unexpected(CatalogRefusal{.fault = fault, .message = std::move(message)});
}

}  // namespace rateguard::catalog
