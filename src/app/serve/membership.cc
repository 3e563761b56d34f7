#include "app/serve/membership.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "app/build/build.h"
#include "net/clock.h"
#include "peers/message.h"
#include "store/memory/key_hash.h"

namespace rateguard::app {
namespace {

std::string host_name() {
  std::array<char, 256> name = {};  // POSIX allows 255 bytes
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

// Empty: the system gives no random bytes, and nothing is signed.
std::string random_secret() {
  const auto random = memory::HashKey::random();
  return random ? std::string(random->bytes.begin(), random->bytes.end()) : std::string();
}

}  // namespace

Membership::Membership()
    : random_((uint64_t{std::random_device()()} << 32) ^ std::random_device()()),
      id_(random_()),
      self_({.host = host_name(),
             .pid = ::getpid(),
             .version = std::string(version_number()),
             .started = net::SystemClock().read().wall()}) {}

Membership::~Membership() = default;

void Membership::set_addresses(std::map<std::string, std::string> addresses) {
  const HeldLock lock(mutex_);
  self_.addresses = std::move(addresses);
}

void Membership::join(net::EventLoop& loop, const redis::Deployment& target, const RedisSettings& settings,
                      peers::PeersHandlers handlers) {
  InstanceDescription self;
  {
    const HeldLock lock(mutex_);
    self = self_;
  }
  Circle& circle = *circles_.emplace_back(std::make_unique<Circle>());
  circle.client = redis::make_client(loop, target, {.random = [this] { return random_(); }});
  circle.peers =
      std::make_unique<peers::Peers>(loop, *circle.client, id_, std::move(self), std::move(handlers),
                                     peers::PeersOptions{.prefix = settings.prefix, .secret = random_secret()});
  circle.client->start();
  circle.peers->start();
}

void Membership::leave(std::function<void()> done) {
  if (circles_.empty()) return done();
  const auto missing = std::make_shared<size_t>(circles_.size());
  for (const auto& circle : circles_) {
    circle->peers->leave([missing, done] {
      if (--*missing == 0) done();
    });
  }
}

void Membership::end() {
  circles_.clear();
}

uint32_t Membership::alive(size_t circle) const {
  return circle < circles_.size() ? circles_[circle]->peers->alive() : 1;
}

std::vector<RunningInstance> Membership::all(Instant now) const {
  if (circles_.empty()) {
    const HeldLock lock(mutex_);
    return {{.id = id_, .description = self_, .is_self = true}};
  }
  std::vector<RunningInstance> all;
  for (const auto& circle : circles_) {
    for (RunningInstance& one : circle->peers->all(now)) {
      const auto known = std::ranges::find(all, one.id, &RunningInstance::id);
      if (known == all.end()) {
        all.push_back(std::move(one));
      } else if (one.seen_ago < known->seen_ago) {
        *known = std::move(one);
      }
    }
  }
  return all;
}

void Membership::set_rules_revision(const std::string& revision) {
  for (const auto& circle : circles_) circle->peers->set_revision(revision);
  const HeldLock lock(mutex_);
  self_.rules_revision = revision;
}

void Membership::tell_reset(size_t circle, std::string_view key) {
  if (circle < circles_.size()) circles_[circle]->peers->tell_reset(std::string(key));
}

void Membership::tell_reload(const std::string& revision) {
  set_rules_revision(revision);
  for (const auto& circle : circles_) circle->peers->tell_reload(revision);
}

void Membership::tell_catalog(int64_t revision) {
  for (const auto& circle : circles_) circle->peers->tell_catalog(revision);
}

std::string Membership::id_text() const {
  return peers::encode_id(id_);
}

}  // namespace rateguard::app
