// What an error reply says about the server that gave it: which error it is, what that means in words, and whether the
// connection that received it can still be used.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace rateguard::redis {

// What an error concerns.
enum class ErrorScope : uint8_t {
  // The command alone: another one may be carried out.
  kCommand,
  // The server in its current state: it refuses every write, or everything.
  kServer,
  // This connection. Either it leads to the wrong server (a primary that was demoted behind its address, a replica that
  // has lost its primary, a server that is still loading its data), while a new connection to the same address may
  // reach another one; or it is not logged in. Nothing was carried out.
  kConnection,
};

// An error that servers give, by its first word.
struct KnownError {
  std::string_view code;
  ErrorScope scope;
  std::string_view meaning;  // a clause after the server's own text; empty if that text is enough
};

inline constexpr std::string_view kOtherNode = "that is another node's; a Cluster is named under cluster, not url";

// Redis's and Valkey's, as of Redis 7.4 (src/server.c, createSharedObjects). The last stands for all others.
inline constexpr std::array kKnownErrors = std::to_array<KnownError>({
    {"READONLY", ErrorScope::kConnection, "it is a replica; counters are written at the primary only"},
    {"MASTERDOWN", ErrorScope::kConnection, "it is a replica that has lost its primary"},
    {"LOADING", ErrorScope::kConnection, "it is still reading its data"},
    {"NOAUTH", ErrorScope::kConnection, "it asks for a password"},
    {"WRONGPASS", ErrorScope::kConnection, "it refuses the user or password"},
    {"NOPERM", ErrorScope::kServer, "the user lacks a permission; docs/distributed.md lists those that are needed"},
    {"BUSY", ErrorScope::kServer, "somebody's script has kept it busy for seconds"},
    {"OOM", ErrorScope::kServer, "its memory is full; raise maxmemory"},
    {"MISCONF", ErrorScope::kServer, "it cannot write to its disk"},
    {"NOREPLICAS", ErrorScope::kServer, "too few replicas follow it (min-replicas-to-write)"},
    {"CLUSTERDOWN", ErrorScope::kServer, "its Cluster is not complete"},
    {"MOVED", ErrorScope::kServer, kOtherNode},
    {"ASK", ErrorScope::kServer, kOtherNode},
    {"CROSSSLOT", ErrorScope::kCommand, kOtherNode},
    {"TRYAGAIN", ErrorScope::kCommand, "a slot of the Cluster is being moved"},
    {"NOSCRIPT", ErrorScope::kCommand, ""},
    {"WRONGTYPE", ErrorScope::kCommand, "somebody else writes to a key that begins with the store's prefix"},
    {"ERR", ErrorScope::kCommand, ""},
    {"other", ErrorScope::kCommand, ""},
});

// The index in kKnownErrors of an error reply's text. Errors inside a script are recognised as well: servers before
// Redis 7 put the error into a text of their own, and none of them calls a missing permission NOPERM there.
size_t known_error(std::string_view text);

// "READONLY You can't write against a read only replica.: it is a replica; ..." for people.
std::string explain_error(std::string_view text);

}  // namespace rateguard::redis
