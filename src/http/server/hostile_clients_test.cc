// Clients that never read, never go on, reset at once or half-close, in numbers: what each costs is bounded and
// printed, and a friend on the same loop is served all the while.
#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "http/server/http2_fixture.h"
#include "http/server/server_fixture.h"

namespace rateguard::http {
namespace {

constexpr size_t kClients = 40;
constexpr size_t kHeldMax = 512 * 1'024;  // of heads and answers, for each connection

// Of all threads: what is in use, and not what the process once had. None under sanitizers, which allocate themselves.
size_t allocated_bytes() {
  const struct mallinfo2 now = mallinfo2();
  return now.uordblks + now.hblkhd;
}

std::string frame(uint8_t type, uint8_t flags, uint32_t stream, std::string_view payload) {
  return Http2Client::frame(type, flags, stream, payload);
}

std::string number(uint32_t value) {
  std::string bytes;
  for (const int shift : {24, 16, 8, 0}) bytes += static_cast<char>(value >> shift);
  return bytes;
}

// Lets the server send as much as it likes.
std::string greeting() {
  return "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" +
         frame(NGHTTP2_SETTINGS, 0, 0, std::string("\0\x4", 2) + number(INT32_MAX)) +
         frame(NGHTTP2_WINDOW_UPDATE, 0, 0, number(INT32_MAX - 65'535));
}

enum class Ends : uint8_t { kYes, kNo };

// POST or GET of a path, in literals (RFC 7541, section 6.2).
std::string head(uint32_t stream, std::string_view path, Ends ends) {
  std::string block = ends == Ends::kYes ? "\x82" : "\x83";
  block += std::string("\x86\x41\x01\x61\x04", 5) + static_cast<char>(path.size());
  block += path;
  const auto flags = NGHTTP2_FLAG_END_HEADERS | (ends == Ends::kYes ? NGHTTP2_FLAG_END_STREAM : 0);
  return frame(NGHTTP2_HEADERS, static_cast<uint8_t>(flags), stream, block);
}

std::string many_streams(const std::function<std::string(uint32_t)>& each) {
  std::string bytes = greeting();
  for (uint32_t stream = 1; stream < 200; stream += 2) bytes += each(stream);
  return bytes;
}

struct Hostile {
  const char* name;
  std::string bytes;  // all that it sends
  bool half_closes = false;
  size_t cost_max = 0;  // bytes in use for each
};

std::vector<Hostile> hostile_clients() {
  // A connection that has greeted: nghttp2's session and its tables. A stream that waits: its request, its buffers.
  constexpr size_t kConnectionMax = 100 * 1'024;
  constexpr size_t kStreamsMax = 100 * 10 * 1'024;
  const auto big = [](uint32_t stream) { return head(stream, "/big?1500000", Ends::kYes); };
  const auto unfinished = [](uint32_t stream) {
    return head(stream, "/slow", Ends::kNo) + frame(NGHTTP2_DATA, 0, stream, std::string(1'000, 'x'));
  };
  const auto reset = [](uint32_t stream) {
    return head(stream, "/never", Ends::kYes) + frame(NGHTTP2_RST_STREAM, 0, stream, number(NGHTTP2_CANCEL));
  };
  // Beyond the bound: an answer that was begun within it, its buffer's growth, and what is on its way to the socket,
  // whose own buffers take the rest.
  const size_t answers_max = kHeldMax + 1'500'000 * 2 + 2 * ServerOptions{}.output_bytes_max;
  return {
      {"that never read", many_streams(big), false, answers_max + kStreamsMax},
      {"that never send a request", greeting(), false, kConnectionMax},
      {"that never send the rest", many_streams(unfinished), false, kStreamsMax},
      {"that reset at once", many_streams(reset), false, kConnectionMax + kStreamsMax},
      {"that half-close", many_streams(unfinished), true, kConnectionMax + kStreamsMax},
  };
}

// How long the slower 1 of 50 requests of a friend takes.
std::chrono::microseconds friendly_time(Http2Client& client) {
  std::vector<std::chrono::microseconds> times;
  for (int i = 0; i < 200; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(client.ask("/", "").field(":status"), "200");
    times.push_back(std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - begin));
  }
  std::ranges::sort(times);
  return times[times.size() * 98 / 100];
}

class HostileClients : public testing::TestWithParam<Protocols> {};
INSTANTIATE_TEST_SUITE_P(Listeners, HostileClients, testing::Values(Protocols::kHttp2, Protocols::kBoth));

TEST_P(HostileClients, CostBoundedMemoryAndOthersNothing) {
  for (const Hostile& hostile : hostile_clients()) {
    Http2TestServer server({.http2 = {.held_bytes_max = kHeldMax}}, GetParam());
    Http2Client friendly(server.port());
    const auto time_before = friendly_time(friendly);
    const size_t before = allocated_bytes();
    size_t each = 0;
    {
      std::vector<TestClient> clients;
      for (size_t i = 0; i < kClients; ++i) {
        clients.emplace_back(server.port());
        ASSERT_TRUE(clients.back().send(hostile.bytes));
        if (hostile.half_closes) clients.back().send_end();
      }
      ASSERT_TRUE(eventually([&] { return server.stats().connections_accepted.value() == kClients + 1; }));
      const auto time_beside = friendly_time(friendly);
      server.on_loop([] {});
      const size_t now = allocated_bytes();
      each = now > before ? (now - before) / kClients : 0;
      std::printf(
          "%s listener, %zu clients %s: %zu KiB each; 98 %% of a friend's requests in %lld us, before %lld us\n",
          GetParam() == Protocols::kHttp2 ? "HTTP/2" : "HTTP", kClients, hostile.name, each / 1'024,
          static_cast<long long>(time_beside.count()), static_cast<long long>(time_before.count()));
    }
    EXPECT_LE(each, hostile.cost_max) << hostile.name;
    EXPECT_TRUE(eventually([&] { return server.stats().connections_open.value() == 1; })) << hostile.name;
    EXPECT_TRUE(eventually([&] { return server.stats().streams_open.value() == 0; })) << hostile.name;
    EXPECT_EQ(friendly.ask("/", "").field(":status"), "200");
  }
}

}  // namespace
}  // namespace rateguard::http
