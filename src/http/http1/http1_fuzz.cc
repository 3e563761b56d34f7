// The parser takes any bytes, and takes them the same way whole and in pieces. The first byte of the input says how
// many of the following bytes are the lengths of pieces; the rest are the requests.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "http/http1/parser.h"

namespace {

using namespace rateguard::http;

// Small, so that a fuzzer reaches them.
constexpr Limits kLimits{.header_bytes_max = 512, .headers_max = 8, .body_bytes_max = 256};

// Everything that can be seen of the requests in the pieces, as one text.
std::string outcome(const std::vector<std::string>& pieces) {
  Http1Parser parser(kLimits);
  std::string seen;
  std::string kept;
  for (const std::string& piece : pieces) {
    kept += piece;
    for (;;) {
      std::span<char> bytes(kept);
      const Http1Parser::Status status = parser.parse(bytes);
      if (status == Http1Parser::Status::kNeedMore) {
        kept.resize(bytes.size());
        break;
      }
      if (status == Http1Parser::Status::kRejected) {
        const Rejection& rejection = parser.rejection();
        return seen + "refused " + std::to_string(rejection.status) + rejection.field + rejection.detail +
               std::to_string(parser.refused_bytes());
      }
      const Request request = parser.request(bytes);
      seen.append(request.method).append(" ").append(request.path).append("?").append(request.query).append("\n");
      for (const auto& header : request.headers) seen.append(header.name).append(":").append(header.value).append("\n");
      seen.append(request.body).append(parser.keep_alive() ? "+" : "-");
      if (parser.consumed() == 0 || parser.consumed() > kept.size()) std::abort();
      kept.erase(0, parser.consumed());
      parser.reset();
    }
  }
  return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const size_t cuts = std::min<size_t>(data[0], size - 1);
  const std::string text(reinterpret_cast<const char*>(data) + 1 + cuts, size - 1 - cuts);
  std::vector<std::string> pieces;
  size_t at = 0;
  for (size_t i = 0; i < cuts && at < text.size(); ++i) {
    pieces.push_back(text.substr(at, data[1 + i]));
    at += pieces.back().size();
  }
  pieces.push_back(text.substr(std::min(at, text.size())));
  if (outcome({text}) != outcome(pieces)) std::abort();
  return 0;
}
