// The commands over a catalog: what they ask the admin API, and what they say about its answers.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/catalog/catalog_service.h"
#include "app/catalog/field_values.h"
#include "app/catalog/resource_noun.h"
#include "base/result.h"

namespace rateguard::app {

// A few screens; --max asks for more.
inline constexpr int kListMaxDefault = 100;

// `rateguard NOUN ACTION [NAME...] [--OPTION VALUE]...`
struct CatalogWords {
  std::string noun = {};    // "keys", "limits", "audit"
  std::string action = {};  // "list", "create"; of `audit` always "list"
  std::vector<std::string> names = {};
  GivenOptions options = {};
  std::optional<int> list_max = {};  // how many a list shows, 1 to 1,000; none: kListMaxDefault
};

struct CommandOutput {
  std::string text = {};    // for people
  std::string json = {};    // the API's envelope, on one line; empty: it had none
  std::string secret = {};  // a new key or token, which is shown this once; empty: none was made
  std::string note = {};    // for people, beside the result; empty: nothing
};

// The actions of a noun, the most usual first; empty: there is no such noun.
std::vector<std::string_view> catalog_actions(std::string_view noun);

// Errors: kInvalid for words that make no command or that the API refuses; kNotFound; kUnavailable.
Result<CommandOutput> run_catalog_command(CatalogService& service, const CatalogWords& words);

}  // namespace rateguard::app
