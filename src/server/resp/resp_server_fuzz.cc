// The Redis protocol from end to end: bytes on a real connection, through the session and the commands to the store,
// and the replies back.
//
// Whatever arrives, everything that comes back is replies in the form of RESP, the connection ends, and the next one is
// served.
#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "net/server_driver_for_fuzzing.h"
#include "server/policy_for_fuzzing.h"
#include "server/resp/resp_server.h"
#include "store/memory/asan_options_for_fuzzing.h"
#include "store/memory/memory_store.h"

namespace rateguard::resp {
namespace {

RespServerOptions options() {
  RespServerOptions options;
  options.host.timeouts.read = Duration::millis(200);
  return options;
}

// One for the whole run.
struct Server {
  net::ServerDriver driver;
  std::unique_ptr<MemoryStore> store = MemoryStore::create({.max_keys = 1000}).value();
  server::Service service{*store};
  RespApi api{service, server::policy_for_fuzzing()};
  RespServer server{options()};

  Server() { driver.serve(server.start(driver.loop(), api).value(), server.stats()); }
};

// Takes one reply off the front. False if there is no whole reply at the front.
bool take_reply(std::string_view& text) {
  const size_t end = text.find("\r\n");
  if (end == std::string_view::npos || end == 0) return false;
  const char type = text.front();
  const std::string_view line = text.substr(1, end - 1);
  text.remove_prefix(end + 2);
  if (type == '+' || type == '-') return line.find('\n') == std::string_view::npos;
  if (type == '_') return line.empty();
  if (type == '#') return line == "t" || line == "f";
  int64_t number = 0;
  if (std::from_chars(line.data(), line.data() + line.size(), number).ptr != line.data() + line.size()) return false;
  switch (type) {
    case ':':
      return true;
    case '$':
    case '=': {
      if (number < 0) return true;
      const auto size = static_cast<size_t>(number);
      if (text.size() < size + 2 || text.substr(size, 2) != "\r\n") return false;
      text.remove_prefix(size + 2);
      return true;
    }
    case '*':
    case '~':
    case '%':
      for (int64_t i = 0; i < (type == '%' ? 2 * number : number); ++i) {
        if (!take_reply(text)) return false;
      }
      return true;
    default:
      return false;
  }
}

}  // namespace
}  // namespace rateguard::resp

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rateguard::resp;
  static Server* const server = new Server();
  if (size == 0 || size > 16'384) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string answers = server->driver.exchange(bytes, bytes.size() * data[0] / 256);
  // The connection may have ended before its last reply was out.
  std::string_view rest = answers;
  while (!rest.empty()) {
    std::string_view after = rest;
    if (!take_reply(after)) {
      RG_CHECK(std::string_view("+-:$=*~%_#").find(rest.front()) != std::string_view::npos);
      break;
    }
    rest = after;
  }
  return 0;
}
