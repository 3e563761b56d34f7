// For tests: system calls and allocations that fail when the test says so. Linking this in replaces the C library's
// recv(), send(), connect(), and read() and write(), which OpenSSL uses; and the array form of operator new, which
// ByteBuffer takes its memory by.
#pragma once

namespace rateguard::net {

enum class Faulty { kReceive, kSend, kConnect, kBuffer };

// Of the calling thread alone: the `nth` call of that kind from now on fails, as if the peer had reset the connection,
// or there were no memory. 0: none does.
void fail_at(Faulty what, int nth);
// Calls of that kind since fail_at().
int calls_of(Faulty what);

}  // namespace rateguard::net
