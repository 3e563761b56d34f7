// A body both ways while the N-th receive, send, connect or buffer fails, for every N, at the client and at the server,
// with and without TLS: each call ends once, nothing is left open, and the next call is answered.
#include <gtest/gtest.h>

#include <filesystem>
#include <new>
#include <string>
#include <vector>

#include "http/client/client_fixture_testing.h"
#include "http/server/streaming_fixture_testing.h"
#include "net/faulty_system_testing.h"
#include "net/test_authority_testing.h"

namespace rateguard::http {
namespace {

using net::Faulty;

enum class Side : uint8_t { kClient, kServer };

struct Fault {
  Protocols protocols;
  Side side;
  Faulty what;
  bool tls = false;
};

std::string name_of(const Fault& fault) {
  const auto what = [&] {
    switch (fault.what) {
      case Faulty::kReceive:
        return "Receive";
      case Faulty::kSend:
        return "Send";
      case Faulty::kConnect:
        return "Connect";
      case Faulty::kBuffer:
        return "Buffer";
    }
    return "";
  };
  return std::string(what()) + (fault.side == Side::kClient ? "OfTheClient" : "OfTheServer") +
         (fault.protocols == Protocols::kHttp2 ? "OverHttp2" : "OverHttp1") + (fault.tls ? "WithTls" : "");
}

constexpr size_t kBody = 400'000;

size_t open_descriptors() {
  size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) ++count;
  return count;
}

class Failures : public ClientFixture, public testing::WithParamInterface<Fault> {
 protected:
  void arm(int nth) {
    const Faulty what = GetParam().what;
    if (GetParam().side == Side::kClient) return net::fail_at(what, nth);
    server_.on_loop([=] { net::fail_at(what, nth); });
  }
  int calls() {
    const Faulty what = GetParam().what;
    if (GetParam().side == Side::kClient) return net::calls_of(what);
    int count = 0;
    server_.on_loop([&] { count = net::calls_of(what); });
    return count;
  }
  void echo(HeardCall& heard) {
    start(heard, origin_, {.method = "POST", .target = "/echo", .content = RequestContent::kStreamed});
    heard.on_drained = [&heard, left = kBody]() mutable {
      static const std::string piece(40'000, 'u');
      while (left != 0 && heard.call->waiting_bytes() < piece.size()) {
        heard.call->write(piece);
        left -= piece.size();
        if (left == 0) heard.call->finish();
      }
    };
    try {
      heard.on_drained();
    } catch (const std::bad_alloc&) {  // the caller's own to deal with
      ++heard.failures;
      return heard.call.reset();
    }
    EXPECT_TRUE(until([&] { return heard.is_over(); })) << "no end";
    EXPECT_EQ(heard.ended + heard.failures, 1);
    if (heard.ended == 1 && heard.status == 200) {
      EXPECT_EQ(heard.body_bytes, kBody);
    }
  }

  ServerOptions options() {
    ServerOptions options;
    if (GetParam().tls) options.host.tls = authority_.server("IP:127.0.0.1", {"h2", "http/1.1"});
    return options;
  }

  net::TestAuthority authority_;
  StreamingHandler handler_;
  TestServer server_{handler_, options()};
  std::shared_ptr<const Origin> origin_ =
      std::make_shared<const Origin>(Origin{.target = {.host = "127.0.0.1", .port = server_.port()},
                                            .tls = GetParam().tls ? authority_.client() : nullptr,
                                            .protocols = GetParam().protocols});
};

std::vector<Fault> all_faults() {
  std::vector<Fault> faults;
  for (const Protocols protocols : {Protocols::kHttp1, Protocols::kHttp2}) {
    for (const Side side : {Side::kClient, Side::kServer}) {
      for (const Faulty what : {Faulty::kReceive, Faulty::kSend, Faulty::kConnect, Faulty::kBuffer}) {
        if (side == Side::kServer && what == Faulty::kConnect) continue;
        faults.push_back({protocols, side, what});
        faults.push_back({protocols, side, what, true});
      }
    }
  }
  return faults;
}

INSTANTIATE_TEST_SUITE_P(Every, Failures, testing::ValuesIn(all_faults()),
                         [](const auto& fault) { return name_of(fault.param); });

TEST_P(Failures, EndEachCallOnceAndLeaveNothingBehind) {
  int nth = 1;
  int failed = 0;
  const size_t descriptors = open_descriptors();  // of the server and both loops
  for (bool reached = true; reached && nth < 500; ++nth) {
    const testing::ScopedTrace which(__FILE__, __LINE__, "failure " + std::to_string(nth));
    HeardCall heard;
    arm(nth);
    echo(heard);
    reached = calls() >= nth;
    arm(0);
    failed += heard.failures;
    HeardCall next;
    ask(next, origin_, {.target = "/early"});
    ASSERT_EQ(next.body, "early") << "after failure " << nth;
    client_.reset();
    // What the client has closed the server closes.
    ASSERT_TRUE(until([&] { return server_.stats().connections_open.value() == 0; }));
    // A connection that is closed is freed in a later turn of the server's loop.
    ASSERT_TRUE(until([&] { return open_descriptors() == descriptors; })) << "after failure " << nth;
  }
  RecordProperty("injected", nth - 1);
  EXPECT_GT(nth, 2);
  EXPECT_GT(failed, 0);
}

}  // namespace
}  // namespace rateguard::http
