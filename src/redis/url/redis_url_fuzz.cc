// What is accepted as a URL shows itself as one that means the same server, and is within what a server can be.
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "redis/url/url.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using rateguard::redis::Url;
  const auto url = Url::parse({reinterpret_cast<const char*>(data), size});
  if (!url) return 0;
  RG_CHECK(url->host.empty() != url->path.empty());
  RG_CHECK(url->user.empty() || !url->password.empty());
  // A path is shown as it is, with what the text had to encode.
  if (!url->path.empty()) return 0;
  RG_CHECK(url->port != 0);
  Url without_login = *url;
  without_login.user.clear();
  without_login.password.clear();
  RG_CHECK(Url::parse(url->to_string()) == without_login);
  return 0;
}
