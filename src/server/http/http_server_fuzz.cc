// HTTP from end to end: bytes on a real connection, through the session and the API to the store, and the answers back.
//
// Whatever arrives, everything that comes back is answers in the form of HTTP/1.1, or frames where HTTP/2 is spoken;
// the connection ends, and the next one is served.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "http/server/server.h"
#include "net/server_driver_for_fuzzing.h"
#include "server/http/http_api.h"
#include "server/policy_for_fuzzing.h"
#include "store/memory/asan_options_for_fuzzing.h"
#include "store/memory/memory_store.h"

namespace rateguard::http_api {
namespace {

http::ServerOptions options() {
  http::ServerOptions options;
  options.limits = {.header_bytes_max = 4096, .headers_max = 32, .body_bytes_max = 8192};
  options.host.timeouts.read = Duration::millis(200);
  return options;
}

// One for the whole run.
struct Server {
  net::ServerDriver driver;
  std::unique_ptr<MemoryStore> store = MemoryStore::create({.max_keys = 1000}).value();
  server::Service service{*store};
  HttpApi api{service, server::policy_for_fuzzing({.trusted_proxies = {IpPrefix::parse("127.0.0.0/8").value()}})};
  http::Server server{options()};

  Server() { driver.serve(server.start(driver.loop(), api).value(), server.stats()); }
};

}  // namespace
}  // namespace rateguard::http_api

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rateguard::http_api;
  static Server* const server = new Server();
  if (size == 0 || size > 16'384) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string answers = server->driver.exchange(bytes, bytes.size() * data[0] / 256);
  RG_CHECK(server->server.stats().streams_open.value() == 0);
  if (bytes.starts_with("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")) {
    RG_CHECK(answers.size() >= 4 && answers[3] == 4);  // SETTINGS come first
  } else {
    RG_CHECK(answers.empty() || answers.starts_with("HTTP/1.1 "));
  }
  return 0;
}
