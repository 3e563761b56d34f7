// What a caller asks a model. A request that is accepted is accepted with usage asked for too, and says the same.
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "usage/model_call.h"

using namespace rateguard::usage;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  const auto call = read_model_call(body);
  if (!call || size > 10'000) return 0;
  ModelCall expected = *call;
  expected.asks_usage = true;
  const auto asking = read_model_call(asking_for_usage(body));
  RG_CHECK(asking.has_value());
  RG_CHECK(*asking == expected);
  return 0;
}
