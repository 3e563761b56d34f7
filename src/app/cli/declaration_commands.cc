// `rateguard apply` and `rateguard export`: a catalog as a file.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <iostream>
#include <string>

#include "app/catalog/declaration.h"
#include "app/catalog/declaration_export.h"
#include "app/catalog/declaration_plan.h"
#include "app/cli/commands.h"
#include "app/cli/log_commands.h"
#include "app/cli/open_catalog_service.h"
#include "app/cli/terminal.h"
#include "config/file_text.h"
#include "simulate/output_file.h"

namespace rateguard::app {
namespace {

// Whether the person says yes.
bool confirmed() {
  fmt::print(stderr, "make these changes? [y/N] ");
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "yes";
}

CatalogUse use_of(const ApplyOptions& options) {
  if (options.dry_run) return CatalogUse::kRead;
  return options.yes ? CatalogUse::kChange : CatalogUse::kPlan;
}

}  // namespace

int apply(const ApplyOptions& options) {
  const auto text = config::read_named_file(options.file);
  if (!text) {
    complain(text.error().to_string());
    return kBadConfig;
  }
  const auto declaration = parse_declaration(*text, options.file);
  if (!declaration) return refuse_for_catalog(declaration.error());
  auto service = open_catalog_service(options.place, use_of(options));
  if (!service) return refuse_for_catalog(service.error());
  const auto plan = plan_declaration(**service, *declaration, options.prune ? Prune::kYes : Prune::kNo);
  if (!plan) return refuse_for_catalog(plan.error());
  fmt::print("{}", plan_text(*plan));
  if (plan->steps.empty() || options.dry_run) return kSuccess;
  std::fflush(stdout);
  if (!options.yes) {
    if (isatty(STDIN_FILENO) != 1) {
      complain("nothing was changed: there is nobody to ask; --yes makes the changes, --dry-run only shows them");
      return kUsage;
    }
    if (!confirmed()) {
      complain("nothing was changed");
      return kRefused;
    }
    service->reset();
    service = open_catalog_service(options.place, CatalogUse::kChange);
    if (!service) return refuse_for_catalog(service.error());
  }
  const auto done = carry_out(**service, *plan);
  if (!done) return refuse_for_catalog(done.error());
  complain(fmt::format("{} change{} made", plan->steps.size(), plan->steps.size() == 1 ? "" : "s"));
  return kSuccess;
}

int export_catalog(const ExportOptions& options) {
  const std::string out = options.out.empty() ? "-" : options.out;
  if (const auto wrong = check_outputs({.inputs = files_of_catalog(options.place), .outputs = {out}})) return *wrong;
  const auto service = open_catalog_service(options.place, CatalogUse::kRead);
  if (!service) return refuse_for_catalog(service.error());
  const auto text = export_declaration(**service);
  if (!text) return refuse_for_catalog(text.error());
  const auto written = simulate::write_output_file(out, *text);
  if (!written) return refuse_for_catalog(written.error());
  return kSuccess;
}

}  // namespace rateguard::app
