// Every subcommand with its options and their help.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "app/cli/catalog_command_line.h"
#include "app/cli/commands.h"

namespace rateguard::app {

// All options of all commands.
struct CommandOptions {
  ServeOptions serve = {};
  CheckOptions check = {};
  ValidateOptions validate = {};
  SimulateOptions simulate = {};
  SuggestOptions suggest = {};
  BenchOptions bench = {};
  HealthOptions health = {};
  CatalogCommands catalog = {};
  bool version_json = false;
  std::string shell = {};
  std::string explained = {};  // the command that `help` is to explain; empty: all of them
};

// Adds all of them to `app`; what is parsed goes into `options`, which outlives it.
void define_commands(CLI::App& app, CommandOptions& options);

}  // namespace rateguard::app
