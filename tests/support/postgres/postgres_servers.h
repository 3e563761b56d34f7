// Throw-away PostgreSQL servers on loopback, and pgbouncer in front of one: Debian's, on ports of their own, with their
// files in memory. They never run as root, which they would refuse, and end with the thread that started them at the
// latest.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "support/processes/child_process.h"
#include "support/processes/scratch_folder.h"

namespace rateguard::test {

// One server, for as many databases as a test likes. Its default collation is that of a language, not that of bytes.
class PostgresServer {
 public:
  PostgresServer();
  ~PostgresServer() { stop(); }
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;

  // Starts it, on the same port and with the same files every time, and waits until it answers. False: see log().
  bool start();
  // Copies the files of a server that runs and follows it from then on, taking no writes until it is promoted. The
  // other one confirms nothing any more that this one does not have. REQUIRES: it has not been started.
  bool start_as_standby_of(const PostgresServer& primary);
  // Ends it as a power failure would.
  void stop();
  void signal(int number) const { process_.signal(number); }

  uint16_t port() const { return port_; }
  // "postgres://postgres@127.0.0.1:5432/database"
  std::string url(const std::string& database = "postgres") const;
  // Makes an empty database of a new name, and gives that; empty if it failed.
  std::string new_database();
  // One statement, as psql prints the result: without heads, columns divided by '|'.
  std::string psql(const std::string& statement, const std::string& database = "postgres") const;
  // What it wrote, and why the last start failed if it did.
  std::string log() const;

 private:
  std::filesystem::path data() const { return folder_.path() / "data"; }

  std::string programs_;  // the folder of initdb and postgres
  ScratchFolder folder_;
  uint16_t port_;
  ChildProcess process_;
  std::string problem_;
  int databases_ = 0;
};

// pgbouncer in transaction mode.
class PostgresPooler {
 public:
  explicit PostgresPooler(const PostgresServer& server);
  bool start();
  std::string url(const std::string& database = "postgres") const;
  std::string log() const;

 private:
  const PostgresServer& server_;
  ScratchFolder folder_;
  uint16_t port_;
  ChildProcess process_;
  std::string problem_;
};

}  // namespace rateguard::test
