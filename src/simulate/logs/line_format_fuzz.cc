// Any text as the layout of a log, up to the first line break, and any lines of it behind that: what compiles reads
// every line, or says why not.
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "simulate/logs/formatted_line_parser.h"
#include "simulate/logs/line_format.h"

namespace rateguard::simulate {
namespace {

void read_lines(std::string_view layout, std::string_view lines) {
  auto format = compile_line_format(layout);
  if (!format) {
    RG_CHECK(!format.error().message.empty());
    return;
  }
  FormattedLineParser parser(std::move(*format), WantedHeaders({"user-agent", "x-forwarded-for"}));
  std::vector<NotedField> notes;
  parser.note_fields(&notes);
  LogEntry entry;
  while (!lines.empty()) {
    const std::string_view line = lines.substr(0, lines.find('\n'));
    lines.remove_prefix(line.size() < lines.size() ? line.size() + 1 : lines.size());
    notes.clear();
    const Parsed parsed = parser.parse(line, entry);
    if (parsed) {
      RG_CHECK(in_range(entry.time));
    } else {
      RG_CHECK(!parsed.error().empty());
    }
  }
}

}  // namespace
}  // namespace rateguard::simulate

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t end = input.find('\n');
  if (end == std::string_view::npos) return 0;
  rateguard::simulate::read_lines(input.substr(0, end), input.substr(end + 1));
  return 0;
}
