// The response parser takes any bytes, and takes them the same way whole and in pieces. The first byte of the input
// says what was asked, the second how many of the following bytes are the lengths of pieces; the rest are responses.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "http/http1/response_parser.h"

namespace {

using namespace rateguard::http;

// Small, so that a fuzzer reaches them.
constexpr Limits kLimits{.header_bytes_max = 512, .headers_max = 8};

// Everything that can be seen of the responses in the pieces, as one text.
std::string outcome(const std::vector<std::string>& pieces, Asked asked) {
  Http1ResponseParser parser(kLimits);
  parser.begin(asked);
  std::string seen;
  std::string kept;
  for (const std::string& piece : pieces) {
    kept += piece;
    for (bool more = true; more;) {
      std::span<char> bytes(kept);
      const auto status = parser.parse(bytes);
      kept.resize(bytes.size());
      switch (status) {
        case Http1ResponseParser::Status::kHead: {
          const AnswerHead head = parser.head(kept);
          seen += std::to_string(head.status);
          for (const auto& field : head.headers) seen.append(field.name).append(":").append(field.value).append("\n");
          const size_t size = parser.take_head();
          if (size == 0 || size > kept.size()) std::abort();
          kept.erase(0, size);
          break;
        }
        case Http1ResponseParser::Status::kRejected:
          seen += parser.piece(kept);  // what was decoded before
          return seen + "refused " + parser.rejection().field + parser.rejection().detail;
        case Http1ResponseParser::Status::kNeedMore:
        case Http1ResponseParser::Status::kComplete:
          if (parser.awaits_body() || status == Http1ResponseParser::Status::kComplete) {
            seen += parser.piece(kept);
            const size_t size = parser.drop_piece();
            if (size > kept.size()) std::abort();
            kept.erase(0, size);
          }
          if (status == Http1ResponseParser::Status::kNeedMore) {
            more = false;
            break;
          }
          for (const auto& field : parser.trailers()) seen.append(field.name).append(":").append(field.value);
          seen += parser.keep_alive() ? "+" : "-";
          parser.begin(asked);
          more = !kept.empty();
      }
    }
  }
  return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const Asked asked = data[0] % 3 == 0 ? Asked::kContent : data[0] % 3 == 1 ? Asked::kHead : Asked::kUpgrade;
  const size_t cuts = std::min<size_t>(data[1], size - 2);
  const std::string text(reinterpret_cast<const char*>(data) + 2 + cuts, size - 2 - cuts);
  std::vector<std::string> pieces;
  size_t at = 0;
  for (size_t i = 0; i < cuts && at < text.size(); ++i) {
    pieces.push_back(text.substr(at, data[2 + i]));
    at += pieces.back().size();
  }
  pieces.push_back(text.substr(std::min(at, text.size())));
  if (outcome({text}, asked) != outcome(pieces, asked)) std::abort();
  return 0;
}
