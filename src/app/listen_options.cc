#include "app/listen_options.h"

#include <algorithm>
#include <utility>

#include "identify/proxy_protocol.h"

namespace rateguard::app {
namespace {

// A load balancer's PROXY header (version 2) ahead of every connection. Believed from trusted proxies only: it names
// the client, so whoever may send one may be anybody.
net::Preamble read_proxy_header(const std::vector<IpPrefix>& trusted, const IpAddress& sender,
                                std::string_view received) {
  using Verdict = net::Preamble::Verdict;
  const auto covers_sender = [&](const IpPrefix& prefix) { return prefix.contains(sender); };
  if (std::ranges::none_of(trusted, covers_sender)) return {.verdict = Verdict::kRefused};
  // The fixed part says how long the rest is (section 2.2 of its specification).
  constexpr size_t kFixedPart = 16;
  if (received.size() < kFixedPart) return {.verdict = Verdict::kNeedMore, .bytes_wanted = kFixedPart};
  const auto* bytes = reinterpret_cast<const uint8_t*>(received.data());
  const auto header = identify::parse_proxy_header({bytes, received.size()});
  if (!header) return {.verdict = Verdict::kRefused};
  if (!*header) {
    const size_t rest = (size_t{bytes[14]} << 8) | bytes[15];
    return {.verdict = Verdict::kNeedMore, .bytes_wanted = kFixedPart + rest};
  }
  return {.verdict = Verdict::kDone, .peer = (*header)->source};
}

}  // namespace

net::TlsFiles tls_files(const config::TlsSettings& settings, std::string protocol) {
  return {.certificate = settings.certificate,
          .key = settings.key,
          .client_ca = settings.client_ca,
          .protocol = std::move(protocol)};
}

net::PeerPreamble preamble_for(const config::Config& config) {
  if (!config.listen.proxy_protocol) return {};
  return [trusted = config.identity.trusted_proxies](const IpAddress& sender, std::string_view received) {
    return read_proxy_header(trusted, sender, received);
  };
}

int connections_per_loop(const config::ListenSettings& listen, size_t loops) {
  return std::max(1, listen.connections_max / static_cast<int>(loops));
}

net::HttpServerOptions http_options(const config::Config& config, size_t loops) {
  const config::ListenSettings& listen = config.listen;
  net::HttpServerOptions options;
  options.host.address.host = listen.http.host;
  options.host.address.port = listen.http.port;
  options.limits.header_bytes_max = static_cast<uint32_t>(listen.header_bytes_max);
  options.limits.body_bytes_max = static_cast<uint64_t>(listen.body_bytes_max);
  options.host.connections_max = connections_per_loop(listen, loops);
  options.host.timeouts = {.idle = listen.idle_timeout,
                           .read = listen.read_timeout,
                           .write = listen.write_timeout,
                           .handshake = listen.read_timeout};
  options.host.preamble = preamble_for(config);
  return options;
}

resp::RespServerOptions resp_options(const config::Config& config, size_t loops) {
  const config::ListenSettings& listen = config.listen;
  resp::RespServerOptions options;
  options.host.address = {
      .host = listen.resp->host, .port = listen.resp->port, .option = "--resp, or close it with --resp off"};
  options.host.connections_max = connections_per_loop(listen, loops);
  options.host.timeouts = {.idle = listen.resp_idle_timeout,
                           .read = listen.read_timeout,
                           .write = listen.write_timeout,
                           .handshake = listen.read_timeout};
  options.host.preamble = preamble_for(config);
  return options;
}

}  // namespace rateguard::app
