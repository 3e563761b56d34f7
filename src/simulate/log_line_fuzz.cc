// Any bytes as a log: whatever its format says, it is read to its end, every record is kept or counted as malformed,
// and what is kept can be decided and shown.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/check.h"
#include "simulate/log_reader.h"
#include "simulate/logs/log_time.h"
#include "text/printable.h"

namespace rateguard::simulate {
namespace {

// All that --format may say: kLayout, which is last, needs a layout.
constexpr uint8_t kFormats = static_cast<uint8_t>(InputFormat::kLayout);

// The first byte picks the format and the columns; small reads move the buffer's seams around.
void read_bytes(uint8_t choice, std::string_view bytes) {
  ReadOptions options{.format = static_cast<InputFormat>(choice % kFormats),
                      .wanted_headers = {"user-agent", "x-tenant"}};
  if ((choice & 0x40) != 0)
    options.columns = ColumnMap::parse("time=t,cost=a+b,user=u.id,header:X-Tenant=tenant").value();
  const size_t piece = (choice & 0x80) != 0 ? 7 : 65'536;
  LineReader lines([&, at = size_t{0}](char* out, size_t size) mutable -> Result<size_t> {
    const size_t count = std::min({size, piece, bytes.size() - at});
    std::memcpy(out, bytes.data() + at, count);
    at += count;
    return count;
  });
  Recording recording;
  ReadSummary summary;
  if (!read_log(lines, "fuzz", options, recording, summary)) return;
  RG_CHECK(summary.logs.size() == 1);
  RG_CHECK(summary.logs[0].lines == recording.size() + summary.malformed() + summary.no_request());
  recording.sort();
  for (const Event& event : recording.events()) {
    RG_CHECK(in_range({event.time_us}));
    const RequestFacts facts = recording.facts(event);
    const std::string shown = printable(facts.path, 200);
    RG_CHECK(shown.size() <= 203);
    RG_CHECK(printable(shown, 1'000) == shown);
  }
}

}  // namespace
}  // namespace rateguard::simulate

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  rateguard::simulate::read_bytes(data[0], {reinterpret_cast<const char*>(data + 1), size - 1});
  return 0;
}
