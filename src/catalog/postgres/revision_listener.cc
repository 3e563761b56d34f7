#include "catalog/postgres/revision_listener.h"

#include <charconv>
#include <chrono>
#include <exception>
#include <pqxx/pqxx>
#include <utility>

#include "catalog/postgres/postgres_url.h"

namespace rateguard::catalog {
namespace {

// How soon the end of this object is noticed, and how long to wait before a lost connection is made again.
constexpr long kLookUs = 100'000;
constexpr int kPausesBeforeAgain = 10;

class Receiver final : public pqxx::notification_receiver {
 public:
  Receiver(pqxx::connection& connection, const std::function<void(int64_t)>& heard)
      : notification_receiver(connection, kRevisionChannel), heard_(heard) {}
  void operator()(const std::string& payload, int) override {
    int64_t revision = 0;
    std::from_chars(payload.data(), payload.data() + payload.size(), revision);
    heard_(revision);
  }

 private:
  const std::function<void(int64_t)>& heard_;
};

}  // namespace

RevisionListener::RevisionListener(std::string url, std::function<void(int64_t revision)> heard)
    : url_(postgres_url_with_defaults(url)), heard_(std::move(heard)), thread_([this] { run(); }) {}

RevisionListener::~RevisionListener() {
  is_ending_ = true;
  thread_.join();
}

void RevisionListener::run() {
  while (!is_ending_) {
    try {
      listen();
    } catch (const std::exception&) {  // whoever asks for the revision meets the same fault, and says so
    }
    for (int i = 0; i < kPausesBeforeAgain && !is_ending_; ++i) {
      std::this_thread::sleep_for(std::chrono::microseconds(kLookUs));
    }
  }
}

void RevisionListener::listen() {
  pqxx::connection connection(url_);
  const pqxx::quiet_errorhandler quiet(connection);
  Receiver receiver(connection, heard_);
  heard_(0);
  while (!is_ending_) connection.await_notification(0, kLookUs);
}

}  // namespace rateguard::catalog
