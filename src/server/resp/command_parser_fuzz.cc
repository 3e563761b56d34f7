// Any bytes, whole and cut: the parser stays inside them, and gets to the same end however they arrive.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "server/resp/command_parser.h"

namespace rateguard::resp {
namespace {

using Status = CommandParser::Status;

void check_inside(const CommandParser& parser, size_t size) {
  RG_CHECK(parser.consumed() > 0 && parser.consumed() <= size);
  RG_CHECK(parser.arguments().size() <= static_cast<size_t>(kArgumentsMax));
  size_t total = 0;
  for (const std::string_view argument : parser.arguments()) total += argument.size();
  RG_CHECK(total <= size);
}

}  // namespace
}  // namespace rateguard::resp

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rateguard::resp;
  if (size == 0) return 0;
  const Caller caller = (data[0] & 1) != 0 ? Caller::kKnown : Caller::kStranger;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  CommandParser parser;
  const Status whole = parser.parse(bytes, caller);
  if (whole == Status::kCommand) check_inside(parser, bytes.size());
  if (whole == Status::kNeedMore) RG_CHECK(parser.wanted() > bytes.size());
  const std::vector<std::string> words(parser.arguments().begin(), parser.arguments().end());
  const size_t consumed = parser.consumed();
  // Byte by byte, as far as it asks.
  Status status = Status::kNeedMore;
  for (size_t have = 0; have <= bytes.size() && status == Status::kNeedMore; ++have) {
    status = parser.parse(bytes.substr(0, have), caller);
  }
  RG_CHECK(status == whole);
  if (whole == Status::kCommand) {
    RG_CHECK(parser.consumed() == consumed);
    RG_CHECK(std::vector<std::string>(parser.arguments().begin(), parser.arguments().end()) == words);
  }
  return 0;
}
