// Any text is either one of Envoy's files, which compiles or says where it does not, or an error with a message.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "config/envoy_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rateguard;
  auto file = config::parse_envoy({reinterpret_cast<const char*>(data), size}, "fuzz.yaml");
  if (!file) {
    RG_CHECK(!file.error().message.empty());
    RG_CHECK(file.error().position.file == "fuzz.yaml");
    return 0;
  }
  const std::string domain = file->domain;
  const auto limits = envoy::RateLimits::compile({std::move(*file)}, envoy::SameDomain::kRejected);
  if (!limits) {
    RG_CHECK(limits.error().position.file == "fuzz.yaml");
    return 0;
  }
  const auto id = (*limits)->find_domain(domain);
  RG_CHECK(id.has_value());
  const envoy::Entry entries[] = {{"key", "value"}, {"k", ""}, {"a", "b"}};
  envoy::MatchScratch scratch;
  for (size_t depth = 0; depth <= 3; ++depth) (*limits)->match(*id, {entries, depth}, scratch);
  return 0;
}
