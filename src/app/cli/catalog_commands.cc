// `rateguard keys`, `workspaces`, `plans` and the like: the catalog from the command line.
#include <fmt/format.h>

#include <string>
#include <utility>

#include "app/catalog/catalog_command.h"
#include "app/cli/commands.h"
#include "app/cli/open_catalog_service.h"
#include "app/cli/terminal.h"

namespace rateguard::app {
namespace {

CatalogUse use_of(std::string_view action) {
  return action == "create" || action == "import" ? CatalogUse::kChange : CatalogUse::kRead;
}

// Results go to standard output: a secret alone on its line, so that a script can take it.
void print(const CommandOutput& output, bool as_json) {
  if (as_json) {
    if (!output.json.empty()) fmt::print("{}\n", output.json);
    return;
  }
  if (!output.note.empty()) complain(output.note);
  if (!output.secret.empty()) {
    complain("this is shown once and kept nowhere; hand it to its owner now:");
    fmt::print("{}\n", output.secret);
  }
  fmt::print("{}", output.text);
}

}  // namespace

int catalog_command(const CatalogCommandOptions& options) {
  CatalogWords words = {.noun = options.noun,
                        .action = options.action.empty() ? "list" : options.action,
                        .names = options.names,
                        .options = {},
                        .list_max = options.list_max};
  for (const auto& [option, values] : options.given) {
    if (!values.empty()) words.options[option] = values;
  }
  for (const auto& [option, is_given] : options.flags) {
    if (is_given) words.options[option] = {"true"};
  }
  const auto service = open_catalog_service(options.place, use_of(words.action));
  if (!service) return refuse_for_catalog(service.error());
  const auto output = run_catalog_command(**service, words);
  if (!output) return refuse_for_catalog(output.error());
  print(*output, options.json);
  return kSuccess;
}

}  // namespace rateguard::app
