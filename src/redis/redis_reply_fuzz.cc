// Replies of a hostile server: cut in two anywhere they read the same as whole, and stay within their bound.
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "redis/reply.h"

namespace {

using rateguard::redis::Reply;
using rateguard::redis::ReplyReader;

constexpr size_t kReplyBytesMax = 4'096;

// False: an error, after which nothing more is read.
bool read_all(ReplyReader& reader, std::string_view bytes, std::vector<Reply>& replies) {
  reader.feed(bytes);
  while (true) {
    const auto reply = reader.next();
    if (!reply) return false;
    if (*reply == nullptr) return true;
    replies.push_back(**reply);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0 || size > kReplyBytesMax) return 0;
  // The first byte says where the rest is cut.
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const size_t cut = data[0] * bytes.size() / 256;
  ReplyReader whole(kReplyBytesMax);
  std::vector<Reply> of_whole;
  const bool whole_good = read_all(whole, bytes, of_whole);
  ReplyReader parts(kReplyBytesMax);
  std::vector<Reply> of_parts;
  const bool parts_good =
      read_all(parts, bytes.substr(0, cut), of_parts) && read_all(parts, bytes.substr(cut), of_parts);
  RG_CHECK(whole_good == parts_good);
  RG_CHECK(of_whole == of_parts);
  return 0;
}
