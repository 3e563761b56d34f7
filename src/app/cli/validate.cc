#include <fmt/format.h>

#include <string>
#include <vector>

#include "app/cli/commands.h"
#include "app/cli/describe.h"
#include "app/cli/terminal.h"
#include "app/serve/config_source.h"
#include "app/serve/prepared.h"
#include "config/config.h"
#include "config/envoy_reader.h"

namespace rateguard::app {
namespace {

std::string json_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", static_cast<int>(c));
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string json_number_or_null(int value) {
  return value == 0 ? "null" : std::to_string(value);
}

void print_problem(const Error& problem, bool json) {
  if (json) {
    fmt::print("{{\"valid\":false,\"file\":{},\"line\":{},\"column\":{},\"message\":{}}}\n",
               json_string(problem.position.file), json_number_or_null(problem.position.line),
               json_number_or_null(problem.position.column), json_string(problem.message));
  } else {
    complain(problem.to_string());
  }
}

std::string json_warnings(const std::vector<Error>& warnings) {
  std::string list;
  for (const Error& warning : warnings) {
    if (!list.empty()) list += ',';
    list += fmt::format("{{\"line\":{},\"column\":{},\"message\":{}}}", json_number_or_null(warning.position.line),
                        json_number_or_null(warning.position.column), json_string(warning.message));
  }
  return "[" + list + "]";
}

// Checks a path of Envoy's configuration and prints one line about its content.
int validate_envoy(const ValidateOptions& options, const std::vector<std::string>& stores) {
  const auto same_domain = options.merge_domains ? envoy::SameDomain::kMerged : envoy::SameDomain::kRejected;
  const auto limits = config::load_envoy(options.envoy, same_domain, stores);
  if (!limits) {
    print_problem(limits.error(), options.json);
    return kBadConfig;
  }
  const size_t domains = (*limits)->domains();
  const size_t count = (*limits)->limits().size();
  if (options.json) {
    fmt::print("{{\"valid\":true,\"file\":{},\"domains\":{},\"limits\":{}}}\n", json_string(options.envoy), domains,
               count);
    return kSuccess;
  }
  fmt::print("{}: {}, {} domain{}, {} limit{}\n", options.envoy, paint(stdout, TextStyle::kGreen, "valid"), domains,
             domains == 1 ? "" : "s", count, count == 1 ? "" : "s");
  for (const envoy::RateLimit& limit : (*limits)->limits()) fmt::print("  {}\n", describe(limit));
  return kSuccess;
}

// Checks the file as `serve` would: with the environment, and with the files that it names. `stores` becomes the names
// of its stores.
int validate_file(const ValidateOptions& options, std::vector<std::string>& stores) {
  const ConfigSource source(options.file, [](config::Config config) { return config; });
  const auto config = source.load();
  const auto prepared = config ? prepare(*config) : std::unexpected(config.error());
  if (!prepared) {
    print_problem(prepared.error(), options.json);
    return kBadConfig;
  }
  stores = config->store_names();
  for (const std::string& warning : prepared->policy.identifier->key_warnings()) complain("warning: " + warning);
  const std::vector<Error> warnings = warnings_about(*config);
  if (options.json) {
    fmt::print("{{\"valid\":true,\"file\":{},\"rules\":{},\"warnings\":{}}}\n", json_string(options.file),
               config->rules.size(), json_warnings(warnings));
    return kSuccess;
  }
  for (const Error& warning : warnings) complain(as_warning(warning));
  fmt::print("{}: {}, {} rule{}\n", options.file, paint(stdout, TextStyle::kGreen, "valid"), config->rules.size(),
             config->rules.size() == 1 ? "" : "s");
  for (const rules::Rule& rule : config->rules) fmt::print("  {}\n", describe(rule));
  return kSuccess;
}

}  // namespace

int validate(const ValidateOptions& options) {
  if (options.file.empty() && options.envoy.empty()) {
    complain("nothing to validate; expected FILE or --envoy PATH");
    return kUsage;
  }
  std::vector<std::string> stores;
  const int file = options.file.empty() ? kSuccess : validate_file(options, stores);
  if (file != kSuccess || options.envoy.empty()) return file;
  return validate_envoy(options, stores);
}

}  // namespace rateguard::app
