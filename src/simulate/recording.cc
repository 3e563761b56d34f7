#include "simulate/recording.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "simulate/event_order.h"
#include "simulate/whole_seconds.h"

namespace rateguard::simulate {
namespace {

void append_part(std::string& out, std::string_view part) {
  const auto size = static_cast<uint32_t>(part.size());
  out.append(reinterpret_cast<const char*>(&size), sizeof size);
  out.append(part);
}

std::string_view take_part(std::string_view& bytes) {
  uint32_t size;
  std::memcpy(&size, bytes.data(), sizeof size);
  const std::string_view part = bytes.substr(sizeof size, size);
  bytes.remove_prefix(sizeof size + size);
  return part;
}

}  // namespace

Recording::Recording() {
  attribute_bytes_.intern({});
  methods_.intern({});
  hosts_.intern({});
  attributes_.emplace_back();
}

void Recording::add(const LogEntry& entry) {
  RG_DCHECK(!sorted_);
  if (added_ - applied_ == kWaitingMax) apply_oldest();
  Waiting& waiting = waiting_[added_++ % kWaitingMax];
  waiting.event = {
      .time_us = entry.time.us, .method = intern_method(entry.method), .attributes = intern_attributes(entry)};
  waiting.event.set_cost(entry.cost.units);
  waiting.client.assign(entry.client);
  waiting.path.assign(entry.path);
  waiting.client_hash = keyed_hash(entry.client);
  waiting.path_hash = keyed_hash(entry.path);
  clients_.prefetch(waiting.client_hash);
  paths_.prefetch(waiting.path_hash);
  unreadable_requests_ += entry.request_unreadable;
  has_fractions_ |= entry.time.us % 1'000'000 != 0;
}

void Recording::apply_all() {
  while (applied_ < added_) apply_oldest();
}

Interner& Recording::texts_of(TextKind kind) {
  switch (kind) {
    case TextKind::kClient:
      return clients_;
    case TextKind::kMethod:
      return methods_;
    case TextKind::kPath:
      return paths_;
    case TextKind::kAttributes:
      break;
  }
  return attribute_bytes_;
}

size_t Recording::distinct_texts() const {
  return size_t{clients_.size()} + methods_.size() + paths_.size() + attribute_bytes_.size();
}

RecordingPart Recording::hand_over() {
  RG_DCHECK(!sorted_ && logs_.empty());
  apply_all();
  RecordingPart part{.without_address = std::exchange(without_address_, 0),
                     .unreadable_requests = std::exchange(unreadable_requests_, 0),
                     .has_fractions = std::exchange(has_fractions_, false)};
  for (size_t kind = 0; kind < kTextKinds; ++kind) {
    const Interner& texts = texts_of(static_cast<TextKind>(kind));
    for (uint32_t i = handed_over_[kind]; i < texts.size(); ++i) part.texts[kind].push_back(texts.text(i));
    handed_over_[kind] = texts.size();
  }
  const size_t clients = part.texts[static_cast<size_t>(TextKind::kClient)].size();
  part.addresses.assign(addresses_.end() - static_cast<ptrdiff_t>(clients), addresses_.end());
  const size_t events = events_.size();
  part.events = std::exchange(events_, {});
  events_.reserve(events);  // the next part will be as large
  added_ = applied_ = 0;
  return part;
}

void Recording::append_texts(TextKind kind, const RecordingPart& part, std::vector<uint32_t>& numbers) {
  const std::vector<std::string_view>& texts = part.texts[static_cast<size_t>(kind)];
  Interner& own = texts_of(kind);
  // Hashed some texts ahead, so that their places are in the cache when it is their turn.
  std::array<KeyedHash, kWaitingMax> hashes;
  const auto hash_ahead = [&](size_t i) {
    if (i >= texts.size()) return;
    hashes[i % kWaitingMax] = keyed_hash(texts[i]);
    own.prefetch(hashes[i % kWaitingMax]);
  };
  numbers.reserve(numbers.size() + texts.size());
  for (size_t i = 0; i < kWaitingMax; ++i) hash_ahead(i);
  for (size_t i = 0; i < texts.size(); ++i) {
    const uint32_t size = own.size();
    numbers.push_back(own.intern(texts[i], hashes[i % kWaitingMax]));
    hash_ahead(i + kWaitingMax);
    if (own.size() == size) continue;
    if (kind == TextKind::kClient) add_client(texts[i], part.addresses[i]);
    if (kind == TextKind::kAttributes) add_attributes(size);
  }
}

// Texts get the numbers here that they would have got from add(): parts come in the order of their requests, so that
// what a recording had seen before a part is here already, and the others come in the order in which it saw them.
void Recording::append(const RecordingPart& part, AppendedTexts& texts) {
  RG_DCHECK(!sorted_);
  apply_all();
  for (size_t kind = 0; kind < kTextKinds; ++kind) append_texts(static_cast<TextKind>(kind), part, texts[kind]);
  const auto& [clients, methods, paths, attributes] = texts;
  for (Event event : part.events) {
    event.client = clients[event.client];
    event.method = methods[event.method];
    event.path = paths[event.path];
    event.attributes = attributes[event.attributes];
    events_.push_back(event);
  }
  added_ += part.events.size();
  applied_ = added_;
  without_address_ += part.without_address;
  unreadable_requests_ += part.unreadable_requests;
  has_fractions_ |= part.has_fractions;
}

void Recording::end_log() {
  apply_all();
  if (events_.size() == (logs_.empty() ? 0 : logs_.back().end)) return;
  logs_.push_back({.end = events_.size(), .has_fractions = std::exchange(has_fractions_, false)});
}

void Recording::fill_entry(const Event& event, LogEntry& entry) const {
  const Attributes& attributes = attributes_[event.attributes];
  entry.time = {event.time_us};
  entry.client = clients_.text(event.client);
  entry.method = methods_.text(event.method);
  entry.path = paths_.text(event.path);
  entry.host = attributes.fields[0];
  entry.user = attributes.fields[1];
  entry.api_key = attributes.fields[2];
  entry.workspace = attributes.fields[3];
  entry.plan = attributes.fields[4];
  entry.headers = attributes.headers;
  entry.cost = {event.cost()};
}

void Recording::mark_fractions() {
  size_t at = 0;
  for (const LogEnd& log : logs_) {
    for (; at < log.end; ++at) events_[at].has_fraction = log.has_fractions;
  }
}

uint32_t Recording::intern_method(std::string_view text) {
  if (text != methods_.text(last_method_)) last_method_ = methods_.intern(text);
  return last_method_;
}

void Recording::apply_oldest() {
  const Waiting& waiting = waiting_[applied_++ % kWaitingMax];
  Event& event = events_.emplace_back(waiting.event);
  event.client = clients_.intern(waiting.client.view(), waiting.client_hash);
  event.path = paths_.intern(waiting.path.view(), waiting.path_hash);
  if (event.client == addresses_.size()) add_client(waiting.client.view(), parse_client(waiting.client.view()));
  without_address_ += is_name_[event.client];
}

void Recording::add_client(std::string_view text, const std::optional<IpAddress>& address) {
  addresses_.push_back(address);
  is_name_.push_back(!text.empty() && !address);
}

uint32_t Recording::intern_attributes(const LogEntry& entry) {
  const std::array<std::string_view, kAttributeFields> fields = {entry.host, entry.user, entry.api_key, entry.workspace,
                                                                 entry.plan};
  if (entry.headers.empty() && std::ranges::all_of(fields, &std::string_view::empty)) return 0;
  const Attributes& last = attributes_[last_attributes_];
  if (!entry.headers.empty() || !last.headers.empty() || fields != last.fields) {
    last_attributes_ = find_or_add_attributes(fields, entry.headers);
  }
  return last_attributes_;
}

uint32_t Recording::find_or_add_attributes(std::span<const std::string_view> fields, std::span<const Header> headers) {
  scratch_.clear();
  for (const std::string_view field : fields) append_part(scratch_, field);
  for (const Header& header : headers) {
    append_part(scratch_, header.name);
    append_part(scratch_, header.value);
  }
  const uint32_t id = attribute_bytes_.intern(scratch_);
  if (id < attributes_.size()) return id;
  add_attributes(id);
  return id;
}

void Recording::add_attributes(uint32_t id) {
  Attributes made;
  std::string_view bytes = attribute_bytes_.text(id);
  for (std::string_view& field : made.fields) field = take_part(bytes);
  while (!bytes.empty()) {
    const std::string_view name = take_part(bytes);
    made.headers.push_back({.name = name, .value = take_part(bytes)});
  }
  made.host = hosts_.intern(made.fields[0]);
  attributes_.push_back(std::move(made));
}

void Recording::sort() {
  if (std::exchange(sorted_, true)) return;
  end_log();
  const bool has_fractions = std::ranges::any_of(logs_, &LogEnd::has_fractions);
  if (has_fractions) mark_fractions();
  sort_by_time(events_);
  const bool has_whole_seconds = std::ranges::any_of(logs_, [](const LogEnd& log) { return !log.has_fractions; });
  if (has_whole_seconds) spread_requests_ = spread_whole_seconds(events_);
}

// Field by field: a whole struct would be built separately and copied, and the copy would have to wait for the stores
// of its parts.
void Recording::facts(const Event& event, RequestFacts& out) const {
  const Attributes& attributes = attributes_[event.attributes];
  out.method = methods_.text(event.method);
  out.path = paths_.text(event.path);
  out.host = attributes.fields[0];
  out.peer = addresses_[event.client];
  out.headers = attributes.headers;
  out.user = attributes.fields[1];
  out.api_key = attributes.fields[2];
  out.workspace = attributes.fields[3];
  out.plan = attributes.fields[4];
  out.cost = {event.cost()};
}

}  // namespace rateguard::simulate
