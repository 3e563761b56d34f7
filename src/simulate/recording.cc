#include "simulate/recording.h"

#include <algorithm>
#include <cstring>
#include <string>

namespace rateguard::simulate {
namespace {

// More ordered runs than this are no concatenation of ordered files: a general sort is then quicker than merging.
constexpr size_t kRunsMax = 16;

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

bool earlier(const Event& a, const Event& b) {
  return a.time_us < b.time_us;
}

}  // namespace

Recording::Recording() {
  attribute_bytes_.intern({});
  attributes_.emplace_back();
}

void Recording::add(const LogEntry& entry) {
  const uint32_t client = intern_client(entry.client);
  without_address_ += !addresses_[client] && !entry.client.empty();
  unreadable_requests_ += entry.request_unreadable;
  events_.push_back({.time_us = entry.time.us,
                     .client = client,
                     .method = methods_.intern(entry.method),
                     .path = paths_.intern(entry.path),
                     .attributes = intern_attributes(entry),
                     .cost = entry.cost.units});
}

uint32_t Recording::intern_client(std::string_view text) {
  const uint32_t id = clients_.intern(text);
  if (id == addresses_.size()) addresses_.push_back(parse_client(text));
  return id;
}

uint32_t Recording::intern_attributes(const LogEntry& entry) {
  const std::array<std::string_view, kAttributeFields> fields = {entry.host, entry.user, entry.api_key, entry.workspace,
                                                                 entry.plan};
  if (entry.headers.empty() && std::ranges::all_of(fields, &std::string_view::empty)) return 0;
  scratch_.clear();
  for (const std::string_view field : fields) append_part(scratch_, field);
  for (const Header& header : entry.headers) {
    append_part(scratch_, header.name);
    append_part(scratch_, header.value);
  }
  const uint32_t id = attribute_bytes_.intern(scratch_);
  if (id < attributes_.size()) return id;

  Attributes made;
  std::string_view bytes = attribute_bytes_.text(id);
  for (std::string_view& field : made.fields) field = take_part(bytes);
  while (!bytes.empty()) {
    const std::string_view name = take_part(bytes);
    made.headers.push_back({.name = name, .value = take_part(bytes)});
  }
  attributes_.push_back(std::move(made));
  return id;
}

void Recording::sort() {
  std::vector<size_t> ends;  // of the runs that are in order already
  for (size_t i = 1; i < events_.size() && ends.size() <= kRunsMax; ++i) {
    if (earlier(events_[i], events_[i - 1])) ends.push_back(i);
  }
  if (ends.empty()) return;
  if (ends.size() > kRunsMax) {
    std::ranges::stable_sort(events_, earlier);
    return;
  }
  const auto begin = events_.begin();
  ends.push_back(events_.size());
  for (size_t i = 1; i < ends.size(); ++i) {
    std::inplace_merge(begin, begin + static_cast<ptrdiff_t>(ends[i - 1]), begin + static_cast<ptrdiff_t>(ends[i]),
                       earlier);
  }
}

RequestFacts Recording::facts(const Event& event) const {
  const Attributes& attributes = attributes_[event.attributes];
  return {.method = methods_.text(event.method),
          .path = paths_.text(event.path),
          .host = attributes.fields[0],
          .peer = addresses_[event.client],
          .headers = attributes.headers,
          .user = attributes.fields[1],
          .api_key = attributes.fields[2],
          .workspace = attributes.fields[3],
          .plan = attributes.fields[4],
          .cost = {event.cost}};
}

std::optional<IpAddress> parse_client(std::string_view text) {
  if (auto address = IpAddress::parse(text)) return address;
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) return IpAddress::parse(host.substr(1, host.size() - 2));
  return host.find(':') == std::string_view::npos ? IpAddress::parse(host) : std::nullopt;
}

}  // namespace rateguard::simulate
