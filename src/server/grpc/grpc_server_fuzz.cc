// gRPC from end to end: bytes on a real connection, through HTTP/2 and gRPC to the store, and the answers back.
//
// The first byte says how: its lowest bit, whether the client's preface is put ahead; the rest, where what is sent is
// cut in two. Whatever arrives, what comes back begins as HTTP/2 does, the connection ends, and the next one is served.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "http/server/server.h"
#include "net/server_driver_for_fuzzing.h"
#include "server/grpc/grpc_api.h"
#include "server/grpc/policies_for_fuzzing.h"
#include "server/grpc/protobuf_log.h"
#include "store/memory/asan_options_for_fuzzing.h"
#include "store/memory/memory_store.h"

namespace rateguard::grpc {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0"sv;

http::ServerOptions options() {
  http::ServerOptions options;
  options.protocols = http::Protocols::kHttp2;
  options.limits.header_bytes_max = 4'096;
  options.limits.body_bytes_max = 8'192;
  options.host.timeouts.read = Duration::millis(200);
  return options;
}

// One for the whole run.
struct Server {
  net::ServerDriver driver;
  std::unique_ptr<MemoryStore> store = MemoryStore::create({.max_keys = 1'000}).value();
  server::Service service{*store};
  rls::DescriptorLabels labels;
  rls::RateLimitService rate_limits{service, labels};
  GrpcApi api{service, rate_limits, driver.loop(), {.message_bytes_max = 8'187}};
  http::Server server{options()};

  Server() {
    silence_protobuf();
    set_policies_for_fuzzing(rate_limits, envoy::Counting::kAdmitted);
    driver.serve(server.start(driver.loop(), api).value(), server.stats());
  }
};

}  // namespace
}  // namespace rateguard::grpc

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rateguard::grpc;
  static Server* const server = new Server();
  if (size == 0 || size > 16'384) return 0;
  std::string bytes((data[0] & 1) != 0 ? kPreface : std::string_view());
  bytes.append(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string answers = server->driver.exchange(bytes, bytes.size() * (data[0] >> 1) / 128);
  RG_CHECK(server->server.stats().streams_open.value() == 0);
  RG_CHECK(answers.size() >= 4 && answers[3] == 4);  // SETTINGS come first
  return 0;
}
