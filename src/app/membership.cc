#include "app/membership.h"

#include <unistd.h>

#include <array>
#include <utility>

#include "net/clock.h"

namespace rateguard::app {
namespace {

std::string host_name() {
  std::array<char, 256> name = {};  // POSIX allows 255 bytes
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

}  // namespace

Membership::Membership()
    : random_((uint64_t{std::random_device()()} << 32) ^ std::random_device()()),
      id_(random_()),
      self_(
          {.host = host_name(), .pid = ::getpid(), .version = RATEGUARD_VERSION, .started = net::SystemClock().now()}) {
}

Membership::~Membership() = default;

void Membership::set_addresses(std::map<std::string, std::string> addresses) {
  const std::lock_guard lock(mutex_);
  self_.addresses = std::move(addresses);
}

void Membership::join(net::EventLoop& loop, const redis::Target& target, const config::RedisSettings& settings,
                      peers::PeersHandlers handlers) {
  client_ = redis::make_client(loop, target, {.random = [this] { return random_(); }});
  peers_ = std::make_unique<peers::Peers>(loop, *client_, id_, self_, std::move(handlers),
                                          peers::PeersOptions{.prefix = settings.prefix});
  client_->start();
  peers_->start();
}

void Membership::leave(std::function<void()> done) {
  if (peers_ == nullptr) return done();
  peers_->leave(std::move(done));
}

void Membership::end() {
  peers_.reset();
  client_.reset();
}

std::vector<RunningInstance> Membership::all(Instant now) const {
  if (peers_ != nullptr) return peers_->all(now);
  const std::lock_guard lock(mutex_);
  return {{.id = id_, .description = self_, .is_self = true}};
}

void Membership::set_rules_revision(const std::string& revision) {
  if (peers_ != nullptr) return peers_->set_revision(revision);
  const std::lock_guard lock(mutex_);
  self_.rules_revision = revision;
}

void Membership::tell_reset(std::string_view key) {
  if (peers_ != nullptr) peers_->tell_reset(std::string(key));
}

void Membership::tell_reload(const std::string& revision) {
  set_rules_revision(revision);
  if (peers_ != nullptr) peers_->tell_reload(revision);
}

}  // namespace rateguard::app
