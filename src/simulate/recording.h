// Recorded traffic in memory: 32 bytes a request, and every distinct string once.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "model/instant.h"
#include "model/ip_address.h"
#include "model/request_facts.h"
#include "simulate/interner.h"
#include "simulate/log_entry.h"

namespace rateguard::simulate {

// One request; the numbers are a Recording's.
struct Event {
  int64_t time_us = 0;
  uint32_t client = 0;
  uint32_t method = 0;
  uint32_t path = 0;
  uint32_t attributes = 0;  // host, user, key, headers and so on: 0 for none of them
  uint32_t cost = 1;
};
static_assert(sizeof(Event) == 32);

class Recording {
 public:
  Recording();

  void add(const LogEntry& entry);
  // Puts the events into the order of their time; those of one time stay in the order in which they were added. Quick
  // where they came in order already, or as a few ordered files one after the other.
  void sort();

  std::span<const Event> events() const { return events_; }
  // What the limiter is told of an event; the views live as long as the recording.
  RequestFacts facts(const Event& event) const;

  // Requests whose client is no address (a host name): rules by address find none and apply their `missing`.
  uint64_t without_address() const { return without_address_; }
  // Requests whose line is whole but records no HTTP request (such as "-", or bytes of a TLS handshake).
  uint64_t unreadable_requests() const { return unreadable_requests_; }
  // Of the first and the last event. REQUIRES: sorted and not empty.
  Instant first() const { return {events_.front().time_us}; }
  Instant last() const { return {events_.back().time_us}; }

 private:
  static constexpr size_t kAttributeFields = 5;

  struct Attributes {
    std::array<std::string_view, kAttributeFields> fields = {};  // host, user, api_key, workspace, plan
    std::vector<Header> headers = {};
  };

  uint32_t intern_client(std::string_view text);
  uint32_t intern_attributes(const LogEntry& entry);

  std::vector<Event> events_;
  Interner clients_;
  std::vector<std::optional<IpAddress>> addresses_;  // of the clients
  Interner methods_;
  Interner paths_;
  Interner attribute_bytes_;  // every distinct set of attributes, its parts length-prefixed
  std::vector<Attributes> attributes_;
  std::string scratch_;
  uint64_t without_address_ = 0;
  uint64_t unreadable_requests_ = 0;
};

// The address in a log's client field: an address alone, or with a port ("203.0.113.9:4711", "[2001:db8::1]:4711").
std::optional<IpAddress> parse_client(std::string_view text);

}  // namespace rateguard::simulate
