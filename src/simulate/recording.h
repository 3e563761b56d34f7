// Recorded traffic in memory: 32 bytes a request, and every distinct string once.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/prefetch.h"
#include "model/instant.h"
#include "model/ip_address.h"
#include "model/request_facts.h"
#include "simulate/event.h"
#include "simulate/huge_pages.h"
#include "simulate/interner.h"
#include "simulate/logs/log_entry.h"
#include "simulate/recording_part.h"
#include "simulate/reused_text.h"

namespace rateguard::simulate {

// Filled by add(), read after sort(). Not thread-safe.
class Recording {
 public:
  Recording();

  void add(const LogEntry& entry);
  // Gives away the requests that were added since the last call. Texts stay, so that those added later are recognised:
  // a thread reads the pieces of a log into one recording and hands each over. REQUIRES: not sorted, and no log has
  // ended.
  RecordingPart hand_over();
  // Adds the requests that another recording has handed over, in its order, as if they had been added here. `texts` is
  // that recording's: empty before the first part.
  void append(const RecordingPart& part, AppendedTexts& texts);
  // How many distinct texts there are.
  size_t distinct_texts() const;
  // Calls `take` with each request that was added, in that order, as in the log except for request_unreadable. Not
  // sorted yet.
  template <typename Take>
  void for_each_added(Take&& take);
  // The same in the order of their time, with the times that sort() gave them. REQUIRES: sorted.
  template <typename Take>
  void for_each_in_order(Take&& take) const;
  // Requests added from here on come from another log. Whether times have fractions of a second is known of each log as
  // a whole: a request at 10:05:03.000 does not mean that a log knows only seconds.
  void end_log();
  // How many were added.
  size_t size() const { return events_.size() + (added_ - applied_); }
  // Reserves memory for this many events in total, if there is an estimate.
  void reserve(size_t events) { events_.reserve(events); }
  // Puts the events into the order of their time; those of one time stay in the order in which they were added. Quick
  // if they are already in order, or are a few ordered files one after another. Those of logs that know only whole
  // seconds are spread over theirs (whole_seconds.h). Nothing may be added afterwards; a second call does nothing.
  void sort();

  // REQUIRES: sorted since the last add().
  std::span<const Event> events() const {
    RG_DCHECK(added_ == applied_);
    return events_;
  }
  // The facts of an event for the limiter, written to `out`; the views live as long as the recording.
  void facts(const Event& event, RequestFacts& out) const;
  RequestFacts facts(const Event& event) const {
    RequestFacts out;
    facts(event, out);
    return out;
  }

  // A number for the host of an event, the same for the same host.
  uint32_t host_number(const Event& event) const { return attributes_[event.attributes].host; }

  // Begin to bring to the processor's cache what facts() reads of an event: first where its parts lie, some events
  // later the parts.
  void prefetch_places(const Event& event) const {
    const std::optional<IpAddress>* const address = &addresses_[event.client];
    prefetch(address);
    prefetch(reinterpret_cast<const char*>(address + 1) - 1);  // some lie in two cache lines
    paths_.prefetch_text(event.path);
  }
  void prefetch_bytes(const Event& event) const {
    const std::string_view path = paths_.text(event.path);
    prefetch(path.data());
    prefetch(path.data() + path.size());  // most paths lie in one cache line or two
  }

  // Requests whose client is not an address (a host name): rules by address find none and apply their `missing`.
  uint64_t without_address() const { return without_address_; }
  // Requests whose line is complete but does not record an HTTP request (such as "-", or bytes of a TLS handshake).
  uint64_t unreadable_requests() const { return unreadable_requests_; }
  // Requests of logs that know only whole seconds which shared theirs with another, and were spread over it.
  uint64_t spread_requests() const { return spread_requests_; }
  // Of the first and the last event. REQUIRES: sorted and not empty.
  Instant first() const { return {events_.front().time_us}; }
  Instant last() const { return {events_.back().time_us}; }

 private:
  void mark_fractions();
  // `event` as in the log; `entry` is used for one event after the other.
  void fill_entry(const Event& event, LogEntry& entry) const;

  static constexpr size_t kAttributeFields = 5;

  struct Attributes {
    std::array<std::string_view, kAttributeFields> fields = {};  // host, user, api_key, workspace, plan
    std::vector<Header> headers = {};
    uint32_t host = 0;  // its number in hosts_
  };

  // An event whose client and path are being fetched: what add() does to the tables waits for some events, so that it
  // finds them in the cache.
  struct Waiting {
    Event event = {};
    ReusedText client;
    ReusedText path;
    KeyedHash client_hash = {};
    KeyedHash path_hash = {};
  };
  static constexpr size_t kWaitingMax = 16;

  uint32_t intern_method(std::string_view text);
  void apply_oldest();
  void apply_all();
  void add_client(std::string_view text, const std::optional<IpAddress>& address);
  Interner& texts_of(TextKind kind);
  // Puts the texts that another recording had not seen before into a table, and their numbers there behind `numbers`.
  void append_texts(TextKind kind, const RecordingPart& part, std::vector<uint32_t>& numbers);
  uint32_t intern_attributes(const LogEntry& entry);
  uint32_t find_or_add_attributes(std::span<const std::string_view> fields, std::span<const Header> headers);
  // Parses what attribute_bytes_ has just stored under that number.
  void add_attributes(uint32_t id);

  HugePageVector<Event> events_;
  Interner clients_;
  std::vector<std::optional<IpAddress>> addresses_;  // of the clients
  std::vector<bool> is_name_;                        // of the clients: a text that is no address
  Interner methods_;
  uint32_t last_method_ = 0;  // most requests have the method of the one before
  Interner paths_;
  Interner hosts_;
  Interner attribute_bytes_;  // every distinct set of attributes, its parts length-prefixed
  std::vector<Attributes> attributes_;
  uint32_t last_attributes_ = 0;  // many requests have those of the one before
  std::string scratch_;
  std::array<Waiting, kWaitingMax> waiting_;
  size_t added_ = 0;                                   // ever
  size_t applied_ = 0;                                 // ever
  std::array<uint32_t, kTextKinds> handed_over_ = {};  // of the texts
  uint64_t without_address_ = 0;
  uint64_t unreadable_requests_ = 0;
  uint64_t spread_requests_ = 0;
  // Where each log that has ended ends among the events, and whether its times have fractions of a second.
  struct LogEnd {
    size_t end = 0;
    bool has_fractions = false;
  };
  std::vector<LogEnd> logs_;
  bool has_fractions_ = false;  // of the log that is being added
  bool sorted_ = false;
};

template <typename Take>
void Recording::for_each_added(Take&& take) {
  RG_DCHECK(!sorted_);
  apply_all();
  LogEntry entry;
  for (const Event& event : events_) {
    fill_entry(event, entry);
    take(entry);
  }
}

template <typename Take>
void Recording::for_each_in_order(Take&& take) const {
  RG_DCHECK(sorted_);
  LogEntry entry;
  for (const Event& event : events()) {
    fill_entry(event, entry);
    take(entry);
  }
}

}  // namespace rateguard::simulate
