#include <fmt/format.h>

#include <string>
#include <vector>

#include "app/commands.h"
#include "app/config_source.h"
#include "app/describe.h"
#include "app/terminal.h"
#include "config/config.h"
#include "config/config_warnings.h"
#include "config/envoy_reader.h"
#include "config/store_check.h"
#include "rules/rule_set.h"

namespace rateguard::app {
namespace {

// The first thing that keeps a file from being used, in the order in which `serve` would meet it.
std::optional<Error> first_problem(const Result<config::Config>& config) {
  if (!config) return config.error();
  if (auto good = config::check_one_memory(*config); !good) return good.error();
  if (auto rules = rules::RuleSet::compile(config->rules); !rules) return rules.error();
  auto identifier = identify::Identifier::create(config->identity);
  if (!identifier) return identifier.error();
  for (const std::string& warning : (*identifier)->key_warnings()) complain("warning: " + warning);
  return std::nullopt;
}

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

void print_problem(const Error& problem, bool json) {
  if (json) {
    fmt::print("{{\"valid\":false,\"file\":{},\"line\":{},\"column\":{},\"message\":{}}}\n",
               json_string(problem.position.file), problem.position.line, problem.position.column,
               json_string(problem.message));
  } else {
    complain(problem.to_string());
  }
}

// A list of what may not be meant, each with its place.
std::string json_warnings(const std::vector<Error>& warnings) {
  std::string out = "[";
  for (const Error& warning : warnings) {
    out += fmt::format("{}{{\"line\":{},\"column\":{},\"message\":{}}}", out.size() == 1 ? "" : ",",
                       warning.position.line, warning.position.column, json_string(warning.message));
  }
  return out + "]";
}

// What a path of Envoy's configuration holds, in one line.
int validate_envoy(const ValidateOptions& options) {
  const auto same_domain = options.merge_domains ? envoy::SameDomain::kMerged : envoy::SameDomain::kRejected;
  const auto limits = config::load_envoy(options.envoy, same_domain);
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
  fmt::print("{}: {}, {} domain{}, {} limit{}\n", options.envoy, paint(stdout, Colour::kGreen, "valid"), domains,
             domains == 1 ? "" : "s", count, count == 1 ? "" : "s");
  for (const envoy::RateLimit& limit : (*limits)->limits()) fmt::print("  {}\n", describe(limit));
  return kSuccess;
}

int validate_file(const ValidateOptions& options) {
  const Result<config::Config> config = config::load(options.file);
  if (const auto problem = first_problem(config)) {
    print_problem(*problem, options.json);
    return kBadConfig;
  }
  const std::vector<Error> warnings = config::config_warnings(*config);
  if (options.json) {
    fmt::print("{{\"valid\":true,\"file\":{},\"rules\":{},\"warnings\":{}}}\n", json_string(options.file),
               config->rules.size(), json_warnings(warnings));
    return kSuccess;
  }
  for (const Error& warning : warnings) complain(as_warning(warning));
  fmt::print("{}: {}, {} rule{}\n", options.file, paint(stdout, Colour::kGreen, "valid"), config->rules.size(),
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
  const int file = options.file.empty() ? kSuccess : validate_file(options);
  if (file != kSuccess || options.envoy.empty()) return file;
  return validate_envoy(options);
}

}  // namespace rateguard::app
