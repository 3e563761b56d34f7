#include "net/stream.h"

#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <string>

#include "net/clock.h"
#include "net/listening_socket_testing.h"
#include "net/run_until_testing.h"

namespace rateguard::net {
namespace {

struct Heard final : StreamEvents {
  void opened() override { ++times_opened; }
  void input(std::span<char> piece) override {
    bytes.append(piece.data(), piece.size());
    if (on_input) on_input();
  }
  void input_ended() override { ++times_input_ended; }
  void drained() override { ++times_drained; }
  void closed(StreamEnd how, const Error& why) override {
    ++times_closed;
    end = how;
    error = why;
  }

  int times_opened = 0;
  int times_input_ended = 0;
  int times_drained = 0;
  int times_closed = 0;
  std::string bytes;
  std::optional<StreamEnd> end;
  Error error;
  std::function<void()> on_input;
};

class StreamTest : public testing::Test {
 protected:
  StreamOptions options() { return {.target = {.host = "127.0.0.1", .port = listener_.port()}}; }
  BlockingPeer open() {
    stream_.connect(options());
    EXPECT_TRUE(until([&] { return stream_.is_open(); }));
    return listener_.accept();
  }
  bool until(const std::function<bool()>& holds) { return run_until(*loop_, holds); }
  // More than the sockets of both ends hold.
  static std::string much() { return std::string(32 * 1'024 * 1'024, 'm'); }

  SystemClock clock_;
  std::unique_ptr<EventLoop> loop_ = EventLoop::create(clock_).value();
  ListeningSocket listener_;
  Heard heard_;
  Stream stream_{*loop_, heard_};
};

TEST_F(StreamTest, WhatIsWrittenBeforeItIsOpenGoesOutWhenItIs) {
  stream_.connect(options());
  stream_.write("one ");
  stream_.write("two");
  EXPECT_EQ(stream_.waiting_bytes(), 7U);
  EXPECT_TRUE(until([&] { return heard_.times_opened == 1; }));
  EXPECT_EQ(listener_.accept().receive(7), "one two");
  EXPECT_EQ(stream_.waiting_bytes(), 0U);
}

TEST_F(StreamTest, WhatComesIsGivenInOrder) {
  BlockingPeer peer = open();
  peer.send("hello");
  EXPECT_TRUE(until([&] { return heard_.bytes == "hello"; }));
}

TEST_F(StreamTest, AServerThatDoesNotReadMakesWritesWaitUntilItDoes) {
  BlockingPeer peer = open();
  const std::string all = much();
  stream_.write(all);
  EXPECT_GT(stream_.waiting_bytes(), 0U);
  EXPECT_EQ(heard_.times_drained, 0);
  size_t received = 0;
  EXPECT_TRUE(until([&] {
    received += peer.receive_now(1'024 * 1'024).size();
    return received == all.size();
  }));
  EXPECT_EQ(stream_.waiting_bytes(), 0U);
  EXPECT_EQ(heard_.times_drained, 1);
}

TEST_F(StreamTest, AnOfferKeepsNothingAndIsMadeAgainWhenTheSocketHasRoom) {
  BlockingPeer peer = open();
  const std::string all = much();
  size_t sent = stream_.offer(all);
  EXPECT_LT(sent, all.size());
  EXPECT_EQ(stream_.waiting_bytes(), 0U);
  size_t received = 0;
  EXPECT_TRUE(until([&] {
    received += peer.receive_now(1'024 * 1'024).size();
    if (heard_.times_drained != 0) sent += stream_.offer(std::string_view(all).substr(sent));
    return received == all.size();
  }));
}

TEST_F(StreamTest, NothingIsReadWhileReadingIsPaused) {
  BlockingPeer peer = open();
  stream_.pause_reading();
  peer.send("later");
  run_for(*loop_, Duration::millis(20));
  EXPECT_EQ(heard_.bytes, "");
  stream_.resume_reading();
  EXPECT_TRUE(until([&] { return heard_.bytes == "later"; }));
}

TEST_F(StreamTest, ReadingCanBePausedFromWithinInput) {
  BlockingPeer peer = open();
  heard_.on_input = [&] { stream_.pause_reading(); };
  peer.send("first");
  EXPECT_TRUE(until([&] { return heard_.bytes == "first"; }));
  peer.send("second");
  run_for(*loop_, Duration::millis(20));
  EXPECT_EQ(heard_.bytes, "first");
}

TEST_F(StreamTest, WhatCameBeforeAServerThatHungUpIsReadHoweverLate) {
  BlockingPeer peer = open();
  stream_.pause_reading();
  stream_.write("unread by the peer, so that it closes with a reset");
  peer.send("the last words");
  peer.close();
  run_for(*loop_, Duration::millis(30));
  EXPECT_EQ(heard_.times_closed, 0);
  stream_.resume_reading();
  EXPECT_TRUE(until([&] { return heard_.times_closed == 1; }));
  EXPECT_EQ(heard_.bytes, "the last words");
}

TEST_F(StreamTest, TheServersEndIsTheStreams) {
  BlockingPeer peer = open();
  peer.send("bye");
  peer.send_end();
  EXPECT_TRUE(until([&] { return heard_.times_closed == 1; }));
  EXPECT_EQ(heard_.end, StreamEnd::kEnded);
  EXPECT_EQ(heard_.bytes, "bye");
  EXPECT_EQ(heard_.error.source, ErrorSource::kNetwork);
  EXPECT_TRUE(stream_.is_closed());
}

TEST_F(StreamTest, AHalfOpenStreamCanStillWrite) {
  BlockingPeer peer = open();
  stream_.keep_half_open();
  peer.send_end();
  EXPECT_TRUE(until([&] { return heard_.times_input_ended == 1; }));
  stream_.write("still here");
  EXPECT_EQ(peer.receive(10), "still here");
  EXPECT_EQ(heard_.times_closed, 0);
  stream_.finish_sending();
  EXPECT_TRUE(until([&] { return heard_.times_closed == 1; })) << "both directions are over";
  EXPECT_EQ(heard_.end, StreamEnd::kEnded);
}

TEST_F(StreamTest, TheEndOfSendingComesAfterWhatWaits) {
  BlockingPeer peer = open();
  const std::string all = much();
  stream_.write(all);
  stream_.finish_sending();
  stream_.write("dropped");
  size_t received = 0;
  EXPECT_TRUE(until([&] {
    received += peer.receive_now(1'024 * 1'024).size();
    return received == all.size();
  }));
  EXPECT_TRUE(peer.at_end());
  peer.send("heard");
  EXPECT_TRUE(until([&] { return heard_.bytes == "heard"; }));
}

TEST_F(StreamTest, AResetEndsItOnce) {
  BlockingPeer peer = open();
  peer.reset();
  EXPECT_TRUE(until([&] { return heard_.times_closed == 1; }));
  EXPECT_EQ(heard_.end, StreamEnd::kBroken);
  EXPECT_EQ(heard_.error.message, "Connection reset by peer");
  run_for(*loop_, Duration::millis(5));
  EXPECT_EQ(heard_.times_closed, 1);
}

// A server that refuses a request may answer and close while it is still being sent.
TEST_F(StreamTest, BytesFromBeforeAFailedWriteAreStillGiven) {
  BlockingPeer peer = open();
  peer.send("no, thank you");
  peer.close();
  for (int i = 0; i < 100; ++i) stream_.write("0123456789");
  EXPECT_EQ(heard_.times_closed, 0) << "told from within write()";
  EXPECT_TRUE(until([&] { return heard_.times_closed == 1; }));
  EXPECT_EQ(heard_.bytes, "no, thank you");
}

TEST_F(StreamTest, AMissingServerIsReportedOnceAndNotFromWithinConnect) {
  const StreamOptions nowhere = options();
  listener_.close();
  stream_.connect(nowhere);
  EXPECT_EQ(heard_.times_closed, 0);
  EXPECT_TRUE(until([&] { return heard_.times_closed == 1; }));
  EXPECT_EQ(heard_.end, StreamEnd::kNotConnected);
  EXPECT_EQ(heard_.error.message, "cannot connect to " + nowhere.target.to_string() + ": Connection refused");
}

TEST_F(StreamTest, AServerThatDoesNotAnswerTlsIsLate) {
  StreamOptions secure = options();
  secure.tls = TlsClientContext::create({}).value();
  secure.patience = Duration::millis(50);
  stream_.connect(secure);
  EXPECT_TRUE(until([&] { return heard_.times_closed == 1; }));
  EXPECT_EQ(heard_.end, StreamEnd::kLate);
}

TEST_F(StreamTest, AServerThatDoesNotSpeakTlsIsSaidToBeOne) {
  StreamOptions secure = options();
  secure.tls = TlsClientContext::create({}).value();
  stream_.connect(secure);
  EXPECT_TRUE(until([&] { return stream_.is_connected(); }));
  listener_.accept().send("HTTP/1.1 400 Bad Request\r\n\r\n");
  EXPECT_TRUE(until([&] { return heard_.times_closed == 1; }));
  EXPECT_EQ(heard_.end, StreamEnd::kTls);
  EXPECT_EQ(heard_.error.code, ErrorCode::kInvalid);
  EXPECT_EQ(heard_.error.source, ErrorSource::kPeer);
}

TEST_F(StreamTest, AClosedStreamSaysNothingAndCanBeUsedAgain) {
  BlockingPeer peer = open();
  peer.send("unheard");
  stream_.close();
  run_for(*loop_, Duration::millis(5));
  EXPECT_EQ(heard_.bytes, "");
  EXPECT_EQ(heard_.times_closed, 0);
  BlockingPeer next = open();
  next.send("again");
  EXPECT_TRUE(until([&] { return heard_.bytes == "again"; }));
}

}  // namespace
}  // namespace rateguard::net
