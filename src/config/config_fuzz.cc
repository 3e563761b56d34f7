// Any text is either a configuration whose rules compile, or an error with a message.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "config/config.h"
#include "model/instant.h"
#include "rules/rule_set.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rateguard;
  const auto config = config::parse({reinterpret_cast<const char*>(data), size}, "fuzz.yaml");
  if (!config) {
    RG_CHECK(!config.error().message.empty());
    RG_CHECK(config.error().position.file == "fuzz.yaml");
    return 0;
  }
  const auto rules = rules::RuleSet::compile(config->rules);
  RG_CHECK(rules.has_value());
  rules::Matches matches;
  (*rules)->match({.method = "GET", .path = "/a/b/%2e", .host = "example.com"}, {},
                  Instant::from_seconds(1'700'000'000), matches);
  return 0;
}
