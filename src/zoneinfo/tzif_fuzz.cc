// Zone files: whatever the bytes, a file is refused or gives rules whose spans follow each other without a gap.
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "zoneinfo/tzif.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rateguard;
  const auto rules = zoneinfo::read_tzif({reinterpret_cast<const char*>(data), size});
  if (!rules) {
    RG_CHECK(rules.error().code == ErrorCode::kCorrupt && !rules.error().message.empty());
    return 0;
  }
  zoneinfo::OffsetSpan span = rules->span_at(INT64_MIN);
  RG_CHECK(span.begin_s == INT64_MIN);
  while (span.end_s != INT64_MAX) {
    const zoneinfo::OffsetSpan next = rules->span_at(span.end_s);
    RG_CHECK(next.begin_s == span.end_s && next.begin_s < next.end_s && next.offset_s != span.offset_s);
    RG_CHECK(next.offset_s > -25 * 3'600 && next.offset_s < 26 * 3'600);
    span = next;
  }
  return 0;
}
