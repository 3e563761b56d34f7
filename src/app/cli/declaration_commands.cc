// `rateguard apply` and `rateguard export`: a catalog as a file.
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

#include "app/catalog/declaration.h"
#include "app/catalog/declaration_export.h"
#include "app/catalog/declaration_plan.h"
#include "app/cli/commands.h"
#include "app/cli/open_catalog_service.h"
#include "app/cli/terminal.h"
#include "base/named_file.h"
#include "config/yaml_tree.h"
#include "simulate/output_file.h"

namespace rateguard::app {
namespace {

int refuse(const Error& error) {
  complain(error.to_string());
  return exit_code_of_catalog(error);
}

Result<std::string> read_declaration(const std::string& path) {
  if (const auto good = check_named_file(path); !good) {
    return fail(ErrorCode::kIo, fmt::format("{}: {}", path, good.error().message));
  }
  std::ifstream file(path, std::ios::binary);
  if (!file) return fail(ErrorCode::kIo, fmt::format("{}: {}", path, std::strerror(errno)));
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (text.size() > config::kYamlBytesMax) return fail(ErrorCode::kIo, fmt::format("{}: is larger than 16 MiB", path));
  return text;
}

// Whether the person says yes.
bool confirmed() {
  fmt::print(stderr, "make these changes? [y/N] ");
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "yes";
}

}  // namespace

int apply(const ApplyOptions& options) {
  const auto text = read_declaration(options.file);
  if (!text) {
    complain(text.error().to_string());
    return kBadConfig;
  }
  const auto declaration = parse_declaration(*text, options.file);
  if (!declaration) return refuse(declaration.error());
  const auto service = open_catalog_service(options.place, options.dry_run ? CatalogUse::kRead : CatalogUse::kChange);
  if (!service) return refuse(service.error());
  const auto plan = plan_declaration(**service, *declaration, options.prune ? Prune::kYes : Prune::kNo);
  if (!plan) return refuse(plan.error());
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
  }
  const auto done = carry_out(**service, *plan);
  if (!done) return refuse(done.error());
  complain(fmt::format("{} change{} made", plan->steps.size(), plan->steps.size() == 1 ? "" : "s"));
  return kSuccess;
}

int export_catalog(const ExportOptions& options) {
  const auto service = open_catalog_service(options.place, CatalogUse::kRead);
  if (!service) return refuse(service.error());
  const auto text = export_declaration(**service);
  if (!text) return refuse(text.error());
  if (options.out.empty()) {
    fmt::print("{}", *text);
    return kSuccess;
  }
  const auto written = simulate::write_output_file(options.out, *text);
  if (!written) return refuse(written.error());
  return kSuccess;
}

}  // namespace rateguard::app
