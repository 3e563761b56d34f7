// Any bytes are a request whose parts can be read, or an error that says what is wrong.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "server/http/envoy_json.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rateguard;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto parsed = http_api::EnvoyJsonRequest::parse(text);
  if (!parsed) {
    RG_CHECK(!parsed.error().message.empty());
    return 0;
  }
  size_t bytes = parsed->request().domain.size();
  for (const envoy::Descriptor& descriptor : parsed->request().descriptors) {
    for (const envoy::Entry& entry : descriptor.entries) bytes += entry.key.size() + entry.value.size();
  }
  RG_CHECK(bytes <= size);
  return 0;
}
