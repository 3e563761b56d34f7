#include "app/cli/catalog_command_line.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "app/catalog/catalog_command.h"
#include "app/catalog/resource_noun.h"

namespace rateguard::app {
namespace {

void add_place(CLI::App& command, CatalogPlace& place) {
  command.add_option("--server", place.server, "Ask the admin API of a running server, with RATEGUARD_ADMIN_TOKEN")
      ->type_name("URL");
  command
      .add_option("--data", place.data,
                  "The data folder whose catalog it is, also while a server runs on it [RATEGUARD_DATA]")
      ->type_name("DIR");
  command.add_option("--config", place.config, "The configuration that names the catalog")
      ->envname("RATEGUARD_CONFIG")
      ->type_name("FILE");
}

// One value each time that the option is given: a NAME may follow it.
CLI::Option* add_values(CLI::App& command, CatalogCommandOptions& options, const FieldOption& field) {
  std::string name(field.option);
  CLI::Option* const option =
      command.add_option(name, options.given[name], std::string(field.help))->allow_extra_args(false);
  if (field.form != ValueForm::kWords && field.form != ValueForm::kPairs) option->expected(1);
  return option->type_name(std::string(field.type));
}

void add_common(CLI::App& command, CatalogCommandOptions& options) {
  add_place(command, options.place);
  command.add_flag("--json", options.json, "Print the API's answer");
}

void add_list_max(CLI::App& command, CatalogCommandOptions& options) {
  command.add_option("--max", options.list_max, "How many a list shows, 1 to 1000 (default 100)")
      ->check(CLI::Range(1, 1'000))
      ->type_name("N");
}

CLI::App* add_noun(CLI::App& app, CatalogCommandOptions& options, std::string_view noun, std::string about) {
  options.noun = noun;
  CLI::App* const command = app.add_subcommand(std::string(noun), std::move(about));
  if (noun == "audit") return command;
  const std::vector<std::string_view> actions = catalog_actions(noun);
  command->add_option("action", options.action, fmt::format("{} (default list)", fmt::join(actions, ", ")))
      ->type_name("ACTION");
  return command;
}

void add_resource(CLI::App& app, CatalogCommandOptions& options, const ResourceNoun& noun) {
  CLI::App* const command = add_noun(app, options, noun.noun, std::string(noun.about));
  command->add_option("name", options.names, fmt::format("Which {}: by name or id", noun.singular))
      ->type_name(std::string(noun.name_type));
  for (const FieldOption& field : noun.fields) {
    if (field.form == ValueForm::kFlag) {
      command->add_flag(std::string(field.option), options.flags[std::string(field.option)], std::string(field.help));
    } else {
      add_values(*command, options, field);
    }
  }
  if (noun.kind == catalog::RecordKind::kApiKey) {
    add_values(*command, options,
               {.option = "--grace",
                .member = "grace_seconds",
                .type = "DURATION",
                .help = "rotate: how long the old key still counts (default: not at all)"});
  }
  add_list_max(*command, options);
  add_common(*command, options);
}

void add_limits(CLI::App& app, CatalogCommandOptions& options) {
  CLI::App* const command =
      add_noun(app, options, "limits", "Limits of a workspace's, a plan's or a key's own, by rule");
  command->add_option("name", options.names, "The rule, and for set its limit")->type_name("RULE [LIMIT]");
  for (const FieldOption& owner : {FieldOption{.option = "--workspace", .type = "NAME", .help = "The workspace's"},
                                   FieldOption{.option = "--plan", .type = "NAME", .help = "The plan's"},
                                   FieldOption{.option = "--key", .type = "KEY", .help = "The key's"}}) {
    add_values(*command, options, owner);
  }
  add_common(*command, options);
  command->footer("  rateguard limits set chat 600/m --workspace acme --data /var/lib/rateguard");
}

void add_audit(CLI::App& app, CatalogCommandOptions& options) {
  CLI::App* const command = add_noun(app, options, "audit", "Who changed what in the catalog, newest first");
  for (const FieldOption& filter :
       {FieldOption{.option = "--workspace", .type = "NAME", .help = "About this workspace"},
        FieldOption{.option = "--action", .type = "WORD", .help = "Only these: api_key.create"},
        FieldOption{.option = "--target", .type = "ID", .help = "About this record"},
        FieldOption{.option = "--actor", .type = "ID", .help = "By this member, token or user"},
        FieldOption{.option = "--from", .type = "TIME", .help = "From then on: 2026-12-01T00:00:00Z"},
        FieldOption{.option = "--until", .type = "TIME", .help = "Before then"}}) {
    add_values(*command, options, filter);
  }
  add_list_max(*command, options);
  add_common(*command, options);
}

void add_apply(CLI::App& app, ApplyOptions& options) {
  CLI::App* const command = app.add_subcommand("apply", "Bring the catalog to what a file declares");
  command->add_option("-f,--file", options.file, "The file (YAML)")->required()->type_name("FILE");
  command->add_flag("--dry-run", options.dry_run, "Show the plan and change nothing");
  command->add_flag("--prune", options.prune, "Remove what the file's sections do not have");
  command->add_flag("--yes", options.yes, "Do not ask before the changes are made");
  add_place(*command, options.place);
  command->footer(
      "Shows first what will be done: + made, ~ changed, - removed. A second run finds nothing to do.\n\n"
      "  rateguard apply -f catalog.yaml --dry-run --data /var/lib/rateguard\n"
      "  rateguard apply -f catalog.yaml --yes --server http://127.0.0.1:8088");
}

void add_export(CLI::App& app, ExportOptions& options) {
  CLI::App* const command = app.add_subcommand("export", "Write the catalog as a file for apply");
  command->add_option("--out", options.out, "Where to (default: standard output)")->type_name("OUT");
  add_place(*command, options.place);
  command->footer("Keys, members and tokens are not in it, and neither is any secret.");
}

}  // namespace

void define_catalog_commands(CLI::App& app, CatalogCommands& commands) {
  for (const ResourceNoun& noun : resource_nouns()) add_resource(app, commands.records.emplace_back(), noun);
  add_limits(app, commands.records.emplace_back());
  add_audit(app, commands.records.emplace_back());
  add_apply(app, commands.apply);
  add_export(app, commands.out);
}

std::optional<int> run_called_catalog_command(const CLI::App& app, const CatalogCommands& commands) {
  for (const CatalogCommandOptions& options : commands.records) {
    if (app.got_subcommand(options.noun)) return catalog_command(options);
  }
  if (app.got_subcommand("apply")) return apply(commands.apply);
  if (app.got_subcommand("export")) return export_catalog(commands.out);
  return std::nullopt;
}

}  // namespace rateguard::app
