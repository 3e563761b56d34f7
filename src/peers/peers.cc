// How instances register, count each other and exchange messages.
//
// Everything runs on the loop's thread except alive(), all(), tell_*() and set_revision(), which only take mutex_, read
// an atomic or post work. Work under way holds self_ and does nothing once that is null. told_ is the count of messages
// accounted for: received, or known to be lost and reported by on_missed. Messages and beats travel on two connections,
// so a beat may count a message before it arrives; overdue_ waits kMessagePatience for it. What could not be published
// stays in owed_* until a beat has succeeded.
#include "peers/peers.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "peers/description.h"

namespace rateguard::peers {
namespace {

// How often a beat is tried until the first one succeeds: a cluster's slots are not known immediately.
constexpr Duration kFirstBeatPeriod = Duration::millis(100);
// A message that a beat has counted and that does not arrive within this time was lost: both come from one server.
constexpr Duration kMessagePatience = Duration::millis(100);
// The most resets kept, by their keys, while they cannot be sent; beyond that, only the fact that there were some.
constexpr size_t kOwedResetsMax = 1'000;
// For leaving: shutting down should not wait long for it.
constexpr Duration kLeavePatience = Duration::millis(250);

SubscriberOptions with_ping(SubscriberOptions options, Duration beat_period) {
  options.ping_period = std::min(options.ping_period, beat_period);
  return options;
}

// 0 if it cannot be read: any revision.
int64_t revision_in(std::string_view text) {
  int64_t revision = 0;
  std::from_chars(text.data(), text.data() + text.size(), revision);
  return revision;
}

}  // namespace

Peers::Peers(net::EventLoop& loop, redis::RedisClient& client, uint64_t id, InstanceDescription self,
             PeersHandlers handlers, PeersOptions options)
    : loop_(loop),
      client_(client),
      id_(id),
      id_text_(encode_id(id)),
      options_(std::move(options)),
      gone_after_ms_(std::to_string(options_.gone_after.ceil_millis())),
      secret_kept_ms_(std::to_string(kSecretKept.ceil_millis())),
      names_(options_.prefix),
      secret_(options_.secret),
      handlers_(std::move(handlers)),
      subscriber_(
          loop, client, names_.channel, [this](std::string_view text) { on_message(text); },
          with_ping(options_.subscriber, options_.beat_period)),
      self_description_(std::move(self)),
      self_(std::make_shared<Peers*>(this)) {}

Peers::~Peers() {
  *self_ = nullptr;
}

void Peers::post(std::function<void(Peers&)> work) {
  loop_.post([self = self_, work = std::move(work)] {
    if (*self != nullptr) work(**self);
  });
}

void Peers::start() {
  subscriber_.start();
  beat_ = loop_.every(std::min(kFirstBeatPeriod, options_.beat_period), [this] { beat(); });
  beat();
}

void Peers::leave(std::function<void()> done) {
  beat_.cancel();
  overdue_.cancel();
  subscriber_.stop();
  client_.eval(leave_script(), std::array<std::string_view, 2>{names_.seen, names_.about},
               std::array<std::string_view, 1>{id_text_}, kLeavePatience,
               [done = std::move(done)](const redis::CommandResult&) { done(); });
}

void Peers::beat() {
  if (beating_) return;
  beating_ = true;
  std::string description;
  {
    const HeldLock lock(mutex_);
    description = encode(self_description_);
  }
  client_.eval(beat_script(), std::array<std::string_view, 4>{names_.seen, names_.about, names_.told, names_.secret},
               std::array<std::string_view, 5>{id_text_, description, gone_after_ms_, secret_, secret_kept_ms_},
               options_.beat_period, [self = self_, before = told_.value_or(0)](const redis::CommandResult& answer) {
                 if (*self != nullptr) (*self)->on_beat(answer, before);
               });
}

void Peers::on_beat(const redis::CommandResult& answer, uint64_t told_before) {
  beating_ = false;
  const Result<void> good = take_beat(answer, told_before);
  problem_ = good ? "" : good.error().message;
  const std::string now = problem();
  if (has_problem_ == !now.empty()) return;
  has_problem_ = !now.empty();
  if (handlers_.on_problem) handlers_.on_problem(now);
}

Result<void> Peers::take_beat(const redis::CommandResult& answer, uint64_t told_before) {
  if (!answer) return std::unexpected(answer.error());
  const Result<Beat> beat = decode_beat(**answer);
  if (!beat) return std::unexpected(beat.error());
  note_count(beat->alive);
  note_seen(*beat);
  note_secret(beat->secret);
  if (!told_) beat_ = loop_.every(options_.beat_period, [this] { this->beat(); });
  note_told(beat->told, told_before);
  pay();
  return {};
}

void Peers::note_count(int64_t alive) {
  counts_[next_count_] = static_cast<uint32_t>(std::clamp<int64_t>(alive, 1, UINT32_MAX));
  next_count_ = (next_count_ + 1) % counts_.size();
  alive_.store(*std::ranges::max_element(counts_), std::memory_order_relaxed);
}

// Messages and answers arrive on two connections and may overtake each other. So an answer with a smaller count may
// just be older, unless it is smaller than when it was asked for: then Redis has lost something. An answer with a
// greater count includes messages that may still be on their way.
void Peers::note_told(uint64_t told, uint64_t told_before) {
  if (!told_) {
    told_ = told;
  } else if (told < told_before || (told > *told_ && !subscriber_.is_listening())) {
    record_missed_messages(told);
  } else if (told > *told_ && !overdue_told_) {
    overdue_told_ = told;
    overdue_ = loop_.after(kMessagePatience, [this] {
      const uint64_t wanted = *std::exchange(overdue_told_, std::nullopt);
      subscriber_.read_now();  // if the loop was busy, the message may already be here
      if (wanted <= *told_) return;
      record_missed_messages(wanted);
      if (subscriber_.is_listening()) subscriber_.listen_anew();
    });
  }
}

void Peers::record_missed_messages(uint64_t told) {
  told_ = told;
  if (handlers_.on_missed) handlers_.on_missed();
}

void Peers::note_seen(const Beat& beat) {
  std::vector<RunningInstance> others;
  std::optional<Duration> self_seen;
  for (const Beat::Seen& seen : beat.seen) {
    const Duration ago = Duration::millis(std::max<int64_t>(0, seen.ago_ms));
    if (seen.id == id_text_) {
      self_seen = ago;
      continue;
    }
    const auto id = decode_id(seen.id);
    if (!id) continue;
    others.push_back({.id = *id,
                      .description = decode_description(seen.description).value_or(InstanceDescription{}),
                      .seen_ago = ago});
  }
  std::ranges::sort(others, {}, &RunningInstance::id);
  const HeldLock lock(mutex_);
  others_ = std::move(others);
  heard_at_ = loop_.now();
  self_seen_ = self_seen;
}

void Peers::note_secret(const std::string& secret) {
  if (knows_secret_ && secret == secret_) return;
  knows_secret_ = true;
  secret_ = secret;
  if (handlers_.on_secret) handlers_.on_secret(secret_);
}

std::vector<RunningInstance> Peers::all(Instant now) const {
  const HeldLock lock(mutex_);
  const Duration since = std::max(Duration{}, now - heard_at_);
  std::vector<RunningInstance> all;
  all.reserve(1 + others_.size());
  all.push_back({.id = id_,
                 .description = self_description_,
                 .seen_ago = self_seen_ ? *self_seen_ + since : Duration{},
                 .is_self = true});
  for (const RunningInstance& other : others_) {
    all.push_back(other);
    all.back().seen_ago = other.seen_ago + since;
  }
  return all;
}

void Peers::on_message(std::string_view text) {
  const auto message = decode_message(text);
  if (!message) return;
  if (told_) {
    // The next message, or one that a beat has already counted; otherwise some in between were lost.
    if (message->count > *told_ + 1) record_missed_messages(message->count);
    told_ = std::max(*told_, message->count);
  }
  switch (message->kind) {
    case MessageKind::kReset:
      if (handlers_.on_reset) handlers_.on_reset(message->payload);
      break;
    case MessageKind::kReload:
      if (message->sender != id_ && handlers_.on_reload) handlers_.on_reload(message->payload);
      break;
    case MessageKind::kCatalog:
      if (message->sender != id_ && handlers_.on_catalog) handlers_.on_catalog(revision_in(message->payload));
      break;
    case MessageKind::kForget:
      if (handlers_.on_missed) handlers_.on_missed();
      break;
  }
}

void Peers::tell_reset(std::string key) {
  post([key = std::move(key)](Peers& peers) { peers.publish_message(MessageKind::kReset, key); });
}

void Peers::tell_reload(std::string revision) {
  set_revision(revision);
  post([revision = std::move(revision)](Peers& peers) { peers.publish_message(MessageKind::kReload, revision); });
}

void Peers::tell_catalog(int64_t revision) {
  post([revision](Peers& peers) { peers.publish_message(MessageKind::kCatalog, std::to_string(revision)); });
}

void Peers::set_revision(std::string revision) {
  const HeldLock lock(mutex_);
  self_description_.rules_revision = std::move(revision);
}

std::string Peers::problem() const {
  if (!problem_.empty() || subscriber_.is_listening()) return problem_;
  return subscriber_.problem();
}

void Peers::publish_message(MessageKind kind, const std::string& payload) {
  const std::string text = encode_uncounted(id_, kind, payload);
  client_.eval(tell_script(), std::array<std::string_view, 1>{names_.told},
               std::array<std::string_view, 3>{names_.channel, text, gone_after_ms_}, options_.beat_period,
               [self = self_, kind, payload](const redis::CommandResult& answer) {
                 const bool told = answer && !(*answer)->is_error();
                 if (!told && *self != nullptr) (*self)->owe(kind, payload);
               });
}

void Peers::owe(MessageKind kind, const std::string& payload) {
  if (kind == MessageKind::kCatalog) return;
  if (kind == MessageKind::kReload) {
    owed_revision_ = payload;
  } else if (kind == MessageKind::kReset && owed_resets_.size() < kOwedResetsMax) {
    owed_resets_.push_back(payload);
  } else {
    owes_forget_ = true;
  }
}

void Peers::pay() {
  for (const std::string& key : std::exchange(owed_resets_, {})) publish_message(MessageKind::kReset, key);
  if (std::exchange(owes_forget_, false)) publish_message(MessageKind::kForget, "");
  if (const auto revision = std::exchange(owed_revision_, std::nullopt))
    publish_message(MessageKind::kReload, *revision);
}

}  // namespace rateguard::peers
