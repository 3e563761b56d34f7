// The commands over a catalog, defined from the table of what there is.
#pragma once

#include <deque>
#include <optional>

#include "app/cli/commands.h"

namespace CLI {
class App;
}  // namespace CLI

namespace rateguard::app {

// What these commands get. Addresses of its parts are kept by the parser.
struct CatalogCommands {
  std::deque<CatalogCommandOptions> records = {};  // one for each noun
  ApplyOptions apply = {};
  ExportOptions out = {};
};

void define_catalog_commands(CLI::App& app, CatalogCommands& commands);
// Runs the one that was called; nothing if it is another command.
std::optional<int> run_called_catalog_command(const CLI::App& app, const CatalogCommands& commands);

}  // namespace rateguard::app
