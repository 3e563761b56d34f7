// Hears of changes that other instances make, by PostgreSQL's NOTIFY, as long as nothing in between swallows it: a
// pooler in transaction mode does, without an error. Whoever must know asks for the revision as well.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>

namespace rateguard::catalog {

// What revisions are told on.
inline constexpr const char* kRevisionChannel = "rg_catalog";

class RevisionListener {
 public:
  // `heard` is called on a thread of its own, from now on until this is destroyed: with the revision that was told, or
  // with 0 after each time that the connection was made again, since messages may have been lost meanwhile.
  RevisionListener(std::string url, std::function<void(int64_t revision)> heard);
  ~RevisionListener();
  RevisionListener(const RevisionListener&) = delete;
  RevisionListener& operator=(const RevisionListener&) = delete;

 private:
  void run();
  // Until the connection breaks or this ends.
  void listen();

  const std::string url_;
  const std::function<void(int64_t revision)> heard_;
  std::atomic<bool> is_ending_ = false;
  std::thread thread_;
};

}  // namespace rateguard::catalog
