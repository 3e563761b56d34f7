#include "net/faulty_system_testing.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <new>

namespace rateguard::net {
namespace {

struct Plan {
  int calls = 0;
  int fails_at = 0;
};

thread_local std::array<Plan, 4> plans;

bool fails(Faulty what) {
  Plan& plan = plans[static_cast<size_t>(what)];
  return ++plan.calls == plan.fails_at;
}

bool is_socket(int descriptor) {
  struct stat status{};
  return ::fstat(descriptor, &status) == 0 && S_ISSOCK(status.st_mode);
}

}  // namespace

void fail_at(Faulty what, int nth) {
  plans[static_cast<size_t>(what)] = {.fails_at = nth};
}

int calls_of(Faulty what) {
  return plans[static_cast<size_t>(what)].calls;
}

}  // namespace rateguard::net

using rateguard::net::Faulty;

extern "C" {

ssize_t recv(int descriptor, void* into, size_t size, int flags) {
  if (rateguard::net::fails(Faulty::kReceive)) {
    errno = ECONNRESET;
    return -1;
  }
  return syscall(SYS_recvfrom, descriptor, into, size, flags, nullptr, nullptr);
}

ssize_t send(int descriptor, const void* from, size_t size, int flags) {
  if (rateguard::net::fails(Faulty::kSend)) {
    errno = ECONNRESET;
    return -1;
  }
  return syscall(SYS_sendto, descriptor, from, size, flags, nullptr, 0);
}

int connect(int descriptor, const sockaddr* address, socklen_t size) {
  if (rateguard::net::fails(Faulty::kConnect)) {
    errno = ECONNREFUSED;
    return -1;
  }
  return static_cast<int>(syscall(SYS_connect, descriptor, address, size));
}

// Those of sockets count, others pass.
ssize_t read(int descriptor, void* into, size_t size) {
  if (rateguard::net::is_socket(descriptor)) return recv(descriptor, into, size, 0);
  return syscall(SYS_read, descriptor, into, size);
}

ssize_t write(int descriptor, const void* from, size_t size) {
  if (rateguard::net::is_socket(descriptor)) return send(descriptor, from, size, MSG_NOSIGNAL);
  return syscall(SYS_write, descriptor, from, size);
}

}  // extern "C"

[[gnu::noinline]] void* operator new[](size_t size) {
  void* const memory = rateguard::net::fails(Faulty::kBuffer) ? nullptr : std::malloc(size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
[[gnu::noinline]] void operator delete[](void* memory) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete[](void* memory, size_t) noexcept {
  std::free(memory);
}
