// A load of ShouldRateLimit calls in closed loop over nghttp2: every stream asks again when it is answered. One thread,
// so that the client is not what is measured more than it must.
//   grpc_load PORT SECONDS [CONNECTIONS [STREAMS]]
// Prints one JSON object: {"requests_per_second":N,"p50_us":N,"p99_us":N,"requests":N}
#include <arpa/inet.h>
#include <envoy/service/ratelimit/v3/rls.pb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <nghttp2/nghttp2.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "latency.h"

namespace {

[[noreturn]] void die(const char* why) {
  std::fprintf(stderr, "grpc_load: %s\n", why);
  std::exit(1);
}

nghttp2_nv field(std::string_view name, std::string_view value) {
  const auto bytes = [](std::string_view text) {
    return const_cast<uint8_t*>(reinterpret_cast<const uint8_t*>(text.data()));
  };
  return {bytes(name), bytes(value), name.size(), value.size(),
          NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE};
}

// One of the calls that a connection has under way.
struct Slot {
  std::string body;
  int64_t sent_at = 0;
  bool good = false;
};

struct Client {
  int socket = -1;
  nghttp2_session* session = nullptr;
  std::vector<Slot> slots;
  LatencyHistogram* latencies = nullptr;
  std::string out;
};

std::string framed_request(int number) {
  envoy::service::ratelimit::v3::RateLimitRequest request;
  request.set_domain("bench");
  auto& entry = *request.add_descriptors()->add_entries();
  entry.set_key("user");
  entry.set_value("user-" + std::to_string(number));
  const std::string message = request.SerializeAsString();
  std::string body("\0\0\0\0", 4);
  body += static_cast<char>(message.size());  // far below 256
  return body + message;
}

ssize_t read_body(nghttp2_session*, int32_t, uint8_t* into, size_t, uint32_t* flags, nghttp2_data_source* source,
                  void*) {
  const auto& slot = *static_cast<Slot*>(source->ptr);
  std::memcpy(into, slot.body.data(), slot.body.size());  // a frame holds it
  *flags |= NGHTTP2_DATA_FLAG_EOF;
  return static_cast<ssize_t>(slot.body.size());
}

void ask(Client& client, Slot& slot) {
  static const std::array<nghttp2_nv, 6> kHead = {
      field(":method", "POST"),
      field(":scheme", "http"),
      field(":path", "/envoy.service.ratelimit.v3.RateLimitService/ShouldRateLimit"),
      field(":authority", "bench"),
      field("content-type", "application/grpc"),
      field("te", "trailers")};
  const nghttp2_data_provider body{.source = {.ptr = &slot}, .read_callback = read_body};
  slot.good = false;
  slot.sent_at = now_ns();
  if (nghttp2_submit_request(client.session, nullptr, kHead.data(), kHead.size(), &body, &slot) < 0) {
    die("cannot submit a request");
  }
}

int on_header(nghttp2_session* session, const nghttp2_frame* frame, const uint8_t* name, size_t name_size,
              const uint8_t* value, size_t value_size, uint8_t, void*) {
  if (name_size != 11 || std::memcmp(name, "grpc-status", 11) != 0) return 0;
  auto* const slot = static_cast<Slot*>(nghttp2_session_get_stream_user_data(session, frame->hd.stream_id));
  slot->good = value_size == 1 && value[0] == '0';
  return 0;
}

int on_close(nghttp2_session* session, int32_t stream, uint32_t, void* user) {
  auto& client = *static_cast<Client*>(user);
  auto& slot = *static_cast<Slot*>(nghttp2_session_get_stream_user_data(session, stream));
  if (!slot.good) die("a call was not answered with OK");
  client.latencies->add(now_ns() - slot.sent_at);
  ask(client, slot);
  return 0;
}

void flush(Client& client) {
  client.out.clear();
  const uint8_t* bytes = nullptr;
  for (ssize_t n = 0; (n = nghttp2_session_mem_send(client.session, &bytes)) > 0;) {
    client.out.append(reinterpret_cast<const char*>(bytes), static_cast<size_t>(n));
  }
  // Blocking: what is under way is far less than a socket takes.
  if (::send(client.socket, client.out.data(), client.out.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(client.out.size())) {
    die("cannot send");
  }
}

void connect(Client& client, uint16_t port) {
  client.socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int at_once = 1;
  setsockopt(client.socket, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof(at_once));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(client.socket, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0)
    die("cannot connect");
  nghttp2_session_callbacks* callbacks = nullptr;
  nghttp2_session_callbacks_new(&callbacks);
  nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
  nghttp2_session_client_new(&client.session, callbacks, &client);
  nghttp2_session_callbacks_del(callbacks);
  nghttp2_submit_settings(client.session, 0, nullptr, 0);
}

void run_for(std::vector<std::unique_ptr<Client>>& clients, int epoll, double seconds, LatencyHistogram& latencies) {
  for (const auto& client : clients) client->latencies = &latencies;
  const int64_t end = now_ns() + static_cast<int64_t>(seconds * 1e9);
  std::array<epoll_event, 64> events;
  std::array<char, 65'536> buffer;
  while (now_ns() < end) {
    const int count = epoll_wait(epoll, events.data(), static_cast<int>(events.size()), 1'000);
    for (int i = 0; i < count; ++i) {
      Client& client = *clients[events[static_cast<size_t>(i)].data.u32];
      const ssize_t received = ::recv(client.socket, buffer.data(), buffer.size(), 0);
      if (received <= 0) die("the server closed a connection");
      if (nghttp2_session_mem_recv(client.session, reinterpret_cast<const uint8_t*>(buffer.data()),
                                   static_cast<size_t>(received)) < 0) {
        die("the server does not speak HTTP/2");
      }
      flush(client);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: grpc_load PORT SECONDS [CONNECTIONS [STREAMS]]\n");
    return 2;
  }
  const auto port = static_cast<uint16_t>(std::atoi(argv[1]));
  const double seconds = std::atof(argv[2]);
  const int connections = argc > 3 ? std::atoi(argv[3]) : 8;
  const int streams = argc > 4 ? std::atoi(argv[4]) : 32;
  const int epoll = epoll_create1(EPOLL_CLOEXEC);
  LatencyHistogram warm_up;
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < connections; ++i) {
    clients.push_back(std::make_unique<Client>());
    Client& client = *clients.back();
    connect(client, port);
    client.latencies = &warm_up;
    client.slots.resize(static_cast<size_t>(streams));
    for (int k = 0; k < streams; ++k) {
      Slot& slot = client.slots[static_cast<size_t>(k)];
      slot.body = framed_request(i * streams + k);
      ask(client, slot);
    }
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u32 = static_cast<uint32_t>(i);
    epoll_ctl(epoll, EPOLL_CTL_ADD, client.socket, &event);
    flush(client);
  }
  run_for(clients, epoll, std::min(0.3, seconds / 4), warm_up);
  LatencyHistogram latencies;
  const int64_t start = now_ns();
  run_for(clients, epoll, seconds, latencies);
  const double elapsed = static_cast<double>(now_ns() - start) / 1e9;
  std::printf("{\"requests_per_second\":%.0f,\"p50_us\":%.1f,\"p99_us\":%.1f,\"requests\":%llu}\n",
              static_cast<double>(latencies.count()) / elapsed, quantile_us(latencies, 0.5),
              quantile_us(latencies, 0.99), static_cast<unsigned long long>(latencies.count()));
  return 0;
}
