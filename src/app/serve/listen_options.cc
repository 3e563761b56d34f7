#include "app/serve/listen_options.h"

#include <algorithm>
#include <atomic>
#include <memory>

#include "identify/proxy_protocol.h"
#include "server/grpc/grpc_api.h"

namespace rateguard::app {
namespace {

// HTTP/2 needs more than HTTP/1.1: pseudo-header fields, and 32 bytes counted for each field (RFC 9113, section 6.5.2).
// Below this the metadata of ordinary clients would not fit.
constexpr size_t kHeaderBytesMin = 8 * 1'024;

// A load balancer's PROXY header (version 2) ahead of every connection. Accepted only from trusted proxies: it names
// the client, so its sender can pretend to be any client.
net::Preamble read_proxy_header(const std::vector<IpPrefix>& trusted, const IpAddress& sender,
                                std::string_view received) {
  using Verdict = net::Preamble::Verdict;
  const auto covers_sender = [&](const IpPrefix& prefix) { return prefix.contains(sender); };
  if (std::ranges::none_of(trusted, covers_sender)) {
    return {.verdict = Verdict::kRefused, .why = "the peer is not one of listen.trusted_proxies"};
  }
  // The fixed part says how long the rest is (section 2.2 of its specification).
  constexpr size_t kFixedPart = 16;
  if (received.size() < kFixedPart) return {.verdict = Verdict::kNeedMore, .bytes_wanted = kFixedPart};
  const auto* bytes = reinterpret_cast<const uint8_t*>(received.data());
  const auto header = identify::parse_proxy_header({bytes, received.size()});
  if (!header)
    return {.verdict = Verdict::kRefused, .why = "the connection does not begin with a valid one (version 2)"};
  if (!*header) {
    const size_t rest = (size_t{bytes[14]} << 8) | bytes[15];
    return {.verdict = Verdict::kNeedMore, .bytes_wanted = kFixedPart + rest};
  }
  return {.verdict = Verdict::kDone, .peer = (*header)->source};
}

net::PeerPreamble preamble_for(const config::Config& config) {
  if (!config.listen.proxy_protocol) return {};
  return [trusted = config.identity.trusted_proxies](const IpAddress& sender, std::string_view received) {
    return read_proxy_header(trusted, sender, received);
  };
}

// The options of all protocols. The loops of one protocol get copies, which share a count of connections. `option` as
// ListenAddress has it.
net::ConnectionHostOptions host_options(const config::Config& config, const net::Endpoint& endpoint,
                                        std::string_view option, Duration idle_timeout) {
  const server::ListenSettings& listen = config.listen;
  return {.address = {.host = endpoint.host, .port = endpoint.port, .option = option},
          .preamble = preamble_for(config),
          .connections_max = listen.connections_max,
          .shared_count = std::make_shared<std::atomic<int64_t>>(0),
          .timeouts = {.idle = idle_timeout,
                       .read = listen.read_timeout,
                       .write = listen.write_timeout,
                       .handshake = listen.read_timeout}};
}

}  // namespace

http::ServerOptions http_options(const config::Config& config) {
  const server::ListenSettings& listen = config.listen;
  http::ServerOptions options{.host = host_options(config, listen.http, "--http", listen.idle_timeout),
                              .limits = {.header_bytes_max = static_cast<uint32_t>(listen.header_bytes_max),
                                         .body_bytes_max = static_cast<uint64_t>(listen.body_bytes_max)}};
  options.http2.waiting_body_bytes_max =
      std::max<size_t>(options.http2.waiting_body_bytes_max, options.limits.body_bytes_max);
  return options;
}

resp::RespServerOptions resp_options(const config::Config& config) {
  const server::ListenSettings& listen = config.listen;
  return {.host = host_options(config, *listen.resp, "--resp, or close it with --resp off", listen.resp_idle_timeout)};
}

// The admin API is asked directly, without a proxy's preamble, and by few.
http::ServerOptions admin_options(const config::Config& config) {
  const server::ListenSettings& listen = config.listen;
  http::ServerOptions options = http_options(config);
  options.host = host_options(config, *config.admin.listen, "admin.listen, or close it with admin.listen: off",
                              listen.idle_timeout);
  options.host.preamble = {};
  return options;
}

http::ServerOptions grpc_options(const config::Config& config) {
  const server::ListenSettings& listen = config.listen;
  http::ServerOptions options{
      .host = host_options(config, *listen.grpc, "--grpc, or close it with --grpc off", listen.idle_timeout),
      .protocols = http::Protocols::kHttp2,
      .limits = {.header_bytes_max =
                     static_cast<uint32_t>(std::max(static_cast<size_t>(listen.header_bytes_max), kHeaderBytesMin)),
                 .body_bytes_max = static_cast<uint64_t>(listen.body_bytes_max) + grpc::kMessagePrefix},
      .date = http::DateHeader::kOmitted};
  options.http2.waiting_body_bytes_max =
      std::max<size_t>(options.http2.waiting_body_bytes_max, options.limits.body_bytes_max);
  return options;
}

}  // namespace rateguard::app
