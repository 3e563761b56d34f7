#include "support/postgres/postgres_servers.h"

#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>
#include <utility>

#include "support/processes/reserved_port.h"

namespace rateguard::test {
namespace {

// How long something may take to come about on a loaded machine, in looks of 10 ms.
constexpr int kLooks = 6'000;
// Debian's package of the servers makes this user.
constexpr const char* kUser = "postgres";

std::string content_of(const std::filesystem::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Words that run a program as somebody other than root, who must own what it writes to. It ends with its parent: that
// is asked for behind the change of user, which makes the kernel forget what was asked for before (prctl(2)).
std::vector<std::string> unprivileged(const std::filesystem::path& folder, std::vector<std::string> words) {
  if (geteuid() != 0) return words;
  const passwd* const user = getpwnam(kUser);
  if (user != nullptr) (void)!chown(folder.c_str(), user->pw_uid, user->pw_gid);
  std::vector<std::string> all = {"setpriv", std::string("--reuid=") + kUser, std::string("--regid=") + kUser,
                                  "--clear-groups", "--pdeathsig=KILL"};
  // A root folder that is closed to other users, as chroots have it, would hide the libraries from them.
  // access(2), which initdb uses, forgets capabilities without the secure bit.
  if (struct stat root = {}; ::stat("/", &root) == 0 && (root.st_mode & S_IXOTH) == 0) {
    all.insert(all.end(),
               {"--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search", "--securebits=+no_setuid_fixup"});
  }
  all.insert(all.end(), words.begin(), words.end());
  return all;
}

// Runs it to its end. What it printed, on either channel; `code` is its exit code.
std::string run(const std::vector<std::string>& words, int& code) {
  int out[2];
  if (pipe2(out, O_CLOEXEC) != 0) return "pipe2 failed";
  ChildProcess process;
  const bool is_started = process.start({.words = words, .out = out[1], .err = out[1]});
  ::close(out[1]);
  std::string text = is_started ? "" : process.problem();
  char buffer[4'096];
  for (ssize_t bytes; is_started && (bytes = TEMP_FAILURE_RETRY(::read(out[0], buffer, sizeof buffer))) > 0;) {
    text.append(buffer, static_cast<size_t>(bytes));
  }
  ::close(out[0]);
  code = process.wait();
  return text;
}

bool start_logged(ChildProcess& process, const std::vector<std::string>& words, const std::filesystem::path& log) {
  const int file = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  const bool is_started = process.start({.words = words, .out = file, .err = file});
  ::close(file);
  return is_started;
}

bool is_listening(uint16_t port) {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(port);
  const bool is_there = ::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ::close(descriptor);
  return is_there;
}

std::string url_of(uint16_t port, const std::string& database) {
  return "postgres://" + std::string(kUser) + "@127.0.0.1:" + std::to_string(port) + "/" + database;
}

// Debian has them in a folder of their version, outside PATH.
std::string find_programs() {
  std::error_code ignored;
  for (const auto& version : std::filesystem::directory_iterator("/usr/lib/postgresql", ignored)) {
    const std::filesystem::path programs = version.path() / "bin";
    if (std::filesystem::exists(programs / "initdb")) return programs.string() + "/";
  }
  return "";  // in PATH, then
}

}  // namespace

PostgresServer::PostgresServer() : programs_(find_programs()), port_(reserved_port()) {}

bool PostgresServer::start() {
  if (!std::filesystem::exists(data() / "PG_VERSION")) {
    int code = 0;
    problem_ = run(unprivileged(folder_.path(),
                                {programs_ + "initdb", "-D", data().string(), "-U", kUser, "-A", "trust", "-E", "UTF8",
                                 "--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-US", "--no-sync"}),
                   code);
    if (code != 0) return false;
  }
  // fsync is off: what is tested is never whether the machine's own disk keeps something.
  const std::vector<std::string> words = {programs_ + "postgres",
                                          "-D",
                                          data().string(),
                                          "-p",
                                          std::to_string(port_),
                                          "-c",
                                          "listen_addresses=127.0.0.1",
                                          "-c",
                                          "unix_socket_directories=",
                                          "-c",
                                          "fsync=off",
                                          "-c",
                                          "max_connections=200"};
  if (!start_logged(process_, unprivileged(folder_.path(), words), folder_.path() / "log")) {
    problem_ = process_.problem();
    return false;
  }
  for (int i = 0; i < kLooks && process_.is_running(); ++i) {
    if (is_listening(port_) && psql("SELECT 1") == "1\n") return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  problem_ = "it does not answer; it is " + process_.activity();
  return false;
}

bool PostgresServer::start_as_standby_of(const PostgresServer& primary) {
  int code = 0;
  problem_ = run(unprivileged(folder_.path(), {programs_ + "pg_basebackup", "-D", data().string(), "-d", primary.url(),
                                               "-R", "-X", "stream", "-c", "fast", "--no-sync"}),
                 code);
  if (code != 0 || !start()) return false;
  primary.psql("ALTER SYSTEM SET synchronous_standby_names='*'");
  primary.psql("SELECT pg_reload_conf()");
  for (int i = 0; i < kLooks; ++i) {
    if (primary.psql("SELECT sync_state FROM pg_stat_replication") == "sync\n") return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  problem_ = "it does not follow";
  return false;
}

void PostgresServer::stop() {
  process_.signal(SIGCONT);
  process_.signal(SIGQUIT);  // at once and without saving anything; unlike after SIGKILL no process of its own stays
  process_.wait();
}

std::string PostgresServer::url(const std::string& database) const {
  return url_of(port_, database);
}

std::string PostgresServer::new_database() {
  const std::string name = "test_" + std::to_string(++databases_);
  return psql("CREATE DATABASE " + name) == "CREATE DATABASE\n" ? name : "";
}

std::string PostgresServer::psql(const std::string& statement, const std::string& database) const {
  int code = 0;
  return run({"psql", "-X", "-A", "-t", "-c", statement, url(database)}, code);
}

std::string PostgresServer::log() const {
  return content_of(folder_.path() / "log") + problem_;
}

PostgresPooler::PostgresPooler(const PostgresServer& server) : server_(server), port_(reserved_port()) {}

bool PostgresPooler::start() {
  const std::filesystem::path config = folder_.path() / "pgbouncer.ini";
  std::ofstream(config) << "[databases]\n* = host=127.0.0.1 port=" << server_.port() << " user=" << kUser
                        << "\n[pgbouncer]\nlisten_addr=127.0.0.1\nlisten_port=" << port_
                        << "\nunix_socket_dir=\nauth_type=any\npool_mode=transaction\nmax_client_conn=200\n";
  // Debian has it outside a plain user's PATH.
  if (!start_logged(process_, unprivileged(folder_.path(), {"/usr/sbin/pgbouncer", config.string()}),
                    folder_.path() / "log")) {
    problem_ = process_.problem();
    return false;
  }
  for (int i = 0; i < kLooks && process_.is_running(); ++i) {
    if (is_listening(port_)) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  problem_ = "it does not listen; it is " + process_.activity();
  return false;
}

std::string PostgresPooler::url(const std::string& database) const {
  return url_of(port_, database);
}

std::string PostgresPooler::log() const {
  return content_of(folder_.path() / "log") + problem_;
}

}  // namespace rateguard::test
