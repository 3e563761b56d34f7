// Where requests wait for their decisions, and what each has meanwhile: deciders and buffers of its own, since others
// are served while it waits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "net/tasks.h"

namespace rateguard::server {

struct DeskOptions {
  // Seats kept for those to come: as many as stacks (net::TasksOptions::idle_max).
  size_t idle_max = 256;
  // Of what waits, as its owner counts it. Several times what 4,096 ordinary requests have, which is as many as may
  // wait for a store at once (net::LaneOptions).
  size_t waiting_bytes_max = 256 * 1'024 * 1'024;
};

// One front end's on one event loop, on its thread only. A seat is what it takes to decide one request at a time. One
// that has a member rest() is told when it returns to the desk: what it still holds of the last request can go.
template <typename Seat>
class Desk {
 public:
  using Make = std::move_only_function<std::unique_ptr<Seat>()>;

  // A seat that somebody has. It returns to the desk with its holder, unless the policies have changed since it was
  // made: an old one would keep an old policy in memory. The desk outlives it, and so all tasks that it began.
  class Taken {
   public:
    Taken(Desk& desk, std::unique_ptr<Seat> seat) : desk_(&desk), seat_(std::move(seat)), policies_(desk.policies_) {}
    ~Taken() {
      if (seat_ != nullptr && is_current()) desk_->give_back(std::move(seat_));
    }
    Taken(Taken&& other) noexcept = default;
    Taken& operator=(Taken&&) = delete;

    Seat& operator*() const { return *seat_; }
    Seat* operator->() const { return seat_.get(); }
    bool is_current() const { return policies_ == desk_->policies_; }
    // It was given the policies that are in force now.
    void is_renewed() { policies_ = desk_->policies_; }

   private:
    Desk* desk_;
    std::unique_ptr<Seat> seat_;
    uint64_t policies_;
  };

  // `tasks`: null where the store answers at once, so that nobody ever waits. `policies` counts those that there have
  // been, and outlives the desk; `make` makes a seat by the ones in force.
  Desk(net::Tasks* tasks, const uint64_t& policies, Make make, DeskOptions options = {})
      : tasks_(tasks), policies_(policies), make_(std::move(make)), options_(options), idle_policies_(policies) {}
  Desk(const Desk&) = delete;
  Desk& operator=(const Desk&) = delete;

  // Whether the store may have to be waited for, which must then be done in serve().
  bool waits() const { return tasks_ != nullptr; }
  Taken take() {
    forget_old();
    if (idle_.empty()) return Taken(*this, make_());
    std::unique_ptr<Seat> seat = std::move(idle_.back());
    idle_.pop_back();
    return Taken(*this, std::move(seat));
  }
  // Drops what is kept by policies that are in force no more. take() does so too.
  void forget_old() {
    if (std::exchange(idle_policies_, policies_) != policies_) idle_.clear();
  }

  // Whether serve() would take this many bytes more.
  bool has_room(size_t bytes) const {
    return waiting_bytes_ + bytes <= options_.waiting_bytes_max && tasks_->has_room(net::Lane::kShort);
  }
  // Runs `work` as a task, at once or in its turn. `asker` cancels it; cancelled before its turn it is dropped. `bytes`
  // count until it has ended. False: there is no room, and `work` is dropped. REQUIRES: waits().
  template <typename Work>
  bool serve(size_t bytes, net::TaskGroup& asker, Work work) {
    if (!has_room(bytes)) return false;
    auto counted = [room = Room(*this, bytes), work = std::move(work)]() mutable { work(); };
    return tasks_->run(net::Lane::kShort, std::move(counted), &asker);
  }

  // At rest, and what waits.
  size_t idle() const { return idle_.size(); }
  size_t waiting_bytes() const { return waiting_bytes_; }

 private:
  // Counts while it lives.
  class Room {
   public:
    Room(Desk& desk, size_t bytes) : desk_(&desk), bytes_(bytes) { desk.waiting_bytes_ += bytes; }
    ~Room() {
      if (desk_ != nullptr) desk_->waiting_bytes_ -= bytes_;
    }
    Room(Room&& other) noexcept : desk_(std::exchange(other.desk_, nullptr)), bytes_(other.bytes_) {}
    Room& operator=(Room&&) = delete;

   private:
    Desk* desk_;
    size_t bytes_;
  };

  void give_back(std::unique_ptr<Seat> seat) {
    forget_old();
    if (idle_.size() >= options_.idle_max) return;
    if constexpr (requires { seat->rest(); }) seat->rest();
    idle_.push_back(std::move(seat));
  }

  net::Tasks* const tasks_;
  const uint64_t& policies_;
  Make make_;
  const DeskOptions options_;
  size_t waiting_bytes_ = 0;
  uint64_t idle_policies_;                   // of those at rest
  std::vector<std::unique_ptr<Seat>> idle_;  // the last used is the next
};

}  // namespace rateguard::server
