// Clients that mean harm: each is told ENHANCE_YOUR_CALM and closed, and nobody else notices; at a listener of HTTP/2
// alone, which gRPC has, and at that of HTTP.
#include <gtest/gtest.h>

#include "http/server/http2_fixture.h"

namespace rateguard::http {
namespace {

constexpr uint8_t kData = 0, kHeaders = 1, kPriority = 2, kRstStream = 3, kSettings = 4, kPing = 6, kWindowUpdate = 8,
                  kContinuation = 9;

std::string repeated(const std::string& text, int count) {
  std::string all;
  for (int i = 0; i < count; ++i) all += text;
  return all;
}

constexpr Protocols kListeners[] = {Protocols::kHttp2, Protocols::kBoth};

// Sends it all, then expects the goodbye; a friend on another connection is served before and after.
void expect_calm_at(Protocols listener, const std::function<void(Http2Client&)>& attack) {
  Http2TestServer server({.limits = {.header_bytes_max = 4'096}}, listener);
  Http2Client friendly(server.port());
  ASSERT_EQ(friendly.ask("/", "").field(":status"), "200");
  Http2Client client(server.port());
  client.flush();
  attack(client);
  client.wait_for_end();
  EXPECT_EQ(client.goaway(), static_cast<uint32_t>(NGHTTP2_ENHANCE_YOUR_CALM));
  EXPECT_EQ(server.stats().floods.value(), 1u);
  EXPECT_EQ(friendly.ask("/", "").field(":status"), "200");
  EXPECT_EQ(server.stats().streams_open.value(), 0u);
}

void expect_calm(const std::function<void(Http2Client&)>& attack) {
  for (const Protocols listener : kListeners) expect_calm_at(listener, attack);
}

TEST(Http2Flood, RapidReset) {
  expect_calm([](Http2Client& client) {
    for (int i = 0; i < 3'000; ++i) {
      client.post("/never", "");
      if (i % 50 != 49) continue;
      client.flush();
      for (int32_t id = 2 * (i - 49) + 1; id <= 2 * i + 1; id += 2) client.reset(id);
      client.flush();
    }
  });
}

// The server is made to reset streams itself: a window update that overflows is an error of the stream (CVE-2025-8671).
TEST(Http2Flood, ResetsThatTheServerIsMadeToSend) {
  expect_calm([](Http2Client& client) {
    for (int i = 0; i < 3'000; ++i) {
      const int32_t id = client.open("/slow");
      client.flush();
      // Hears of the resets, so that it may open more streams.
      if (i % 50 == 0 && !client.turn()) break;
      if (!client.send_raw(
              Http2Client::frame(kWindowUpdate, 0, static_cast<uint32_t>(id), std::string("\x7f\xff\xff\xff")))) {
        break;
      }
    }
  });
}

TEST(Http2Flood, Pings) {
  expect_calm([](Http2Client& client) {
    client.send_raw(repeated(Http2Client::frame(kPing, 0, 0, std::string(8, 'p')), 20'000));
  });
}

TEST(Http2Flood, Settings) {
  expect_calm([](Http2Client& client) { client.send_raw(repeated(Http2Client::frame(kSettings, 0, 0, ""), 20'000)); });
}

TEST(Http2Flood, SettingsWithTooManyEntries) {
  expect_calm([](Http2Client& client) {
    client.send_raw(Http2Client::frame(kSettings, 0, 0, repeated(std::string("\0\x3\0\0\0\x64", 6), 1'000)));
  });
}

TEST(Http2Flood, EmptyData) {
  expect_calm([](Http2Client& client) {
    const auto id = static_cast<uint32_t>(client.open("/slow"));
    client.flush();
    client.send_raw(repeated(Http2Client::frame(kData, 0, id, ""), 20'000));
  });
}

TEST(Http2Flood, DataOfPaddingAlone) {
  expect_calm([](Http2Client& client) {
    const auto id = static_cast<uint32_t>(client.open("/slow"));
    client.flush();
    client.send_raw(repeated(Http2Client::frame(kData, NGHTTP2_FLAG_PADDED, id, std::string("\x1\0", 2)), 20'000));
  });
}

TEST(Http2Flood, Priorities) {
  expect_calm([](Http2Client& client) {
    client.send_raw(repeated(Http2Client::frame(kPriority, 0, 1, std::string(5, '\0')), 20'000));
  });
}

TEST(Http2Flood, WindowUpdates) {
  expect_calm([](Http2Client& client) {
    client.send_raw(repeated(Http2Client::frame(kWindowUpdate, 0, 0, std::string("\0\0\0\x1", 4)), 20'000));
  });
}

// Without END_HEADERS, and without end.
TEST(Http2Flood, Continuations) {
  expect_calm([](Http2Client& client) {
    client.send_raw(Http2Client::frame(kHeaders, 0, 1, "\x83"));
    client.send_raw(repeated(Http2Client::frame(kContinuation, 0, 1, "\x84"), 1'000));
  });
}

// One field of 3,000 bytes goes into the table of the connection; then each byte stands for all of it.
TEST(Http2Flood, HeaderBomb) {
  expect_calm([](Http2Client& client) {
    std::string block = "\x83\x86\x84";         // POST, http, /
    block += std::string("\x41\x01", 2) + "a";  // :authority
    block += std::string("\x40\x01x", 3);       // a literal with incremental indexing: name "x",
    block += std::string("\x7f\xb9\x16", 3);    // value of 127 + 0x39 + 0x16 * 128 = 3,000 bytes
    block += std::string(3'000, 'v');
    block += std::string(10'000, '\xbe');  // and that entry, again and again
    client.send_raw(Http2Client::frame(kHeaders, NGHTTP2_FLAG_END_HEADERS, 1, block));
  });
}

TEST(Http2Flood, OrdinaryClientsAreNoFlood) {
  Http2TestServer server;
  Http2Client client(server.port());
  // A cancelled call now and then, a ping and a window update for each call: as many as there is work for.
  for (int i = 0; i < 4'000; ++i) {
    client.ping();
    nghttp2_submit_window_update(client.session(), 0, 0, 1);
    if (i % 8 == 0) client.reset(client.post("/never", ""));
    const int32_t stream = client.post("/", "");
    if (i % 100 == 99) {
      ASSERT_EQ(client.wait(stream).field(":status"), "200") << i;
    }
  }
  EXPECT_FALSE(client.goaway());
  EXPECT_EQ(server.stats().floods.value(), 0u);
}

class Http2Malformed : public testing::TestWithParam<Protocols> {};
INSTANTIATE_TEST_SUITE_P(Listeners, Http2Malformed, testing::ValuesIn(kListeners));

TEST_P(Http2Malformed, EachEndsItsOwnConnection) {
  Http2TestServer server({}, GetParam());
  Http2Client friendly(server.port());
  ASSERT_EQ(friendly.ask("/", "").field(":status"), "200");
  const std::string bad[] = {
      Http2Client::frame(kData, 0, 0, "x"),                               // no stream
      Http2Client::frame(kHeaders, NGHTTP2_FLAG_END_HEADERS, 2, "\x83"),  // an even stream is a server's
      Http2Client::frame(kHeaders, NGHTTP2_FLAG_END_HEADERS, 1, "\xff\xff\xff\xff\xff\xff\xff\xff"),
      Http2Client::frame(kPing, 0, 0, "short"),
      Http2Client::frame(kSettings, 0, 1, ""),
      Http2Client::frame(kRstStream, 0, 7, std::string(4, '\0')),  // idle
      Http2Client::frame(kContinuation, 0, 1, ""),
      Http2Client::frame(kData, 0, 1, std::string(20'000, 'x')),  // larger than the frame size allowed
  };
  for (const std::string& frame : bad) {
    Http2Client client(server.port());
    client.flush();
    client.send_raw(frame);
    client.wait_for_end();
    ASSERT_TRUE(client.goaway());
    EXPECT_NE(*client.goaway(), static_cast<uint32_t>(NGHTTP2_NO_ERROR));
  }
  EXPECT_EQ(friendly.ask("/", "").field(":status"), "200");
}

TEST(Http2Alone, AClientOfHttp11IsTurnedAway) {
  Http2TestServer server;
  TestClient client(server.port());
  ASSERT_TRUE(client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
  EXPECT_TRUE(eventually([&] {
    return server.stats().connections_accepted.value() == 1 && server.stats().connections_open.value() == 0;
  }));
}

TEST(Http2Budget, RefillsWithTimeUpToItsBurst) {
  FloodBudget budget({.burst = 2, .per_second = 10});
  Instant now = Instant::from_seconds(100);
  EXPECT_TRUE(budget.take(now));
  EXPECT_TRUE(budget.take(now));
  EXPECT_FALSE(budget.take(now));
  EXPECT_FALSE(budget.take(now + Duration::millis(99)));
  EXPECT_TRUE(budget.take(now + Duration::millis(100)));
  budget.give_back(1);
  EXPECT_TRUE(budget.take(now + Duration::millis(100)));
  now = now + Duration::seconds(1'000'000);
  EXPECT_TRUE(budget.take(now));
  EXPECT_TRUE(budget.take(now));
  EXPECT_FALSE(budget.take(now));
  EXPECT_FALSE(budget.take(now - Duration::seconds(1)));
}

}  // namespace
}  // namespace rateguard::http
