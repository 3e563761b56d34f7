// What of a catalog the command line knows: one table.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "catalog/record_kind.h"

namespace rateguard::app {

// How a field's value is written on the command line.
enum class ValueForm : uint8_t {
  kText,
  kTime,        // RFC 3339, or a duration from now: "90d"
  kWords,       // one item each time that the option is given
  kPairs,       // NAME=VALUE each time that the option is given
  kReference,   // the name or the id of another record, or "none"
  kTextOrFile,  // a text, or @FILE for what a file has
  kFlag,        // true if it is given
  kPerMillion,  // dollars for a million tokens, kept as pico-dollars for one
  kDollars,     // kept as nano-dollars, and sets "unit" too
  kTokens,      // a whole number, and sets "unit" too
};

struct FieldOption {
  std::string_view option = {};  // "--plan"
  std::string_view member = {};  // "plan_id"
  ValueForm form = ValueForm::kText;
  std::string_view type = {};  // as the help has it: "NAME"
  std::string_view help = {};
  catalog::RecordKind refers_to = catalog::RecordKind::kWorkspace;  // of a reference
  bool only_at_creation = false;
};

// How a column of a table shows a member.
enum class ColumnForm : uint8_t {
  kPlain,
  kTime,
  kName,        // of the record that the member refers to
  kSize,        // how many entries there are
  kKeyHint,     // the beginning and the end of a key
  kKeyState,    // "active", "expired", "revoked", "revoked in 3 h"
  kPerMillion,  // as ValueForm
  kAmount,      // of a budget, in its unit
};

struct TableColumn {
  std::string_view title;
  std::string_view member;
  ColumnForm form = ColumnForm::kPlain;
  catalog::RecordKind refers_to = catalog::RecordKind::kWorkspace;  // of kName
};

struct ResourceNoun {
  std::string_view noun;      // "keys", as in `rateguard keys` and in files of `apply`
  std::string_view singular;  // "key"
  std::string_view about;     // of the help
  catalog::RecordKind kind;
  std::string_view collection;   // "keys", as in /v1/keys
  std::string_view name_member;  // what the NAME of the command line is: "name", "email"
  std::string_view name_type;    // "NAME", "EMAIL"
  std::span<const FieldOption> fields;
  std::span<const TableColumn> columns;
  bool name_is_unique = true;  // the API finds it by name
  bool has_secret = false;     // shown once when it is made
};

std::span<const ResourceNoun> resource_nouns();
// null: there is none.
const ResourceNoun* find_noun(std::string_view noun);
const ResourceNoun& noun_of(catalog::RecordKind kind);

}  // namespace rateguard::app
