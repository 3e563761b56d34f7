// POST /v1/keys on a SQLite file, durable: how many a second many clients at once get done. The file is made in a
// folder of its own below the current one, on whatever disk that is, and removed. Prints a row for bench/run.
#include <fmt/format.h>
#include <stdlib.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "catalog/keys/key_text.h"
#include "catalog/sqlite/sqlite_catalog.h"
#include "server/admin/admin_answer.h"

namespace rateguard::admin {
namespace {

constexpr std::string_view kToken = "the owner's token of this benchmark";
// As many as the admin listener has.
constexpr int kThreads = 16;
constexpr std::chrono::seconds kRunsFor{5};
constexpr double kMustReach = 2'000;

class BenchAdmin {
 public:
  BenchAdmin() {
    if (mkdtemp(folder_.data()) == nullptr) std::abort();
    catalog_ = catalog::open_sqlite_catalog(folder_ + "/catalog.db", "bench", now_).value();
    parts_ = std::make_unique<AdminParts>(*catalog_);
    parts_->identity.first_token = FirstToken{catalog::key_sha256(kToken)};
    workspace_ = catalog::create(*catalog_, catalog::WorkspaceRecord{.name = "acme"}, {}, now_).value().head.id;
  }
  ~BenchAdmin() {
    parts_.reset();
    catalog_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  BenchAdmin(const BenchAdmin&) = delete;
  BenchAdmin& operator=(const BenchAdmin&) = delete;

  void make_key() {
    const AdminRequest request = {
        .method = "POST",
        .path = "/v1/keys",
        .body = R"({"name":"bench","workspace_id":")" + workspace_ + R"(","limits":{"chat":"600/m"}})",
        .headers = {{"Authorization", "Bearer " + std::string(kToken)}, {"Content-Type", "application/json"}},
        .peer = "127.0.0.1",
        .id = "bench",
        .now = now_};
    if (answer_admin(*parts_, request).answer.status != 201) std::abort();
  }

 private:
  const Instant now_ = Instant::from_seconds(1'780'000'000);
  std::string folder_ = "admin-bench-XXXXXX";
  std::unique_ptr<catalog::CatalogStore> catalog_;
  std::unique_ptr<AdminParts> parts_;
  std::string workspace_;
};

double keys_per_second() {
  BenchAdmin admin;
  std::atomic<int64_t> made = 0;
  const auto begin = std::chrono::steady_clock::now();
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&] {
        while (std::chrono::steady_clock::now() - begin < kRunsFor) {
          admin.make_key();
          ++made;
        }
      });
    }
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  return static_cast<double>(made) / took.count();
}

}  // namespace
}  // namespace rateguard::admin

int main() {
  const double ours = rateguard::admin::keys_per_second();
  const double must = rateguard::admin::kMustReach;
  fmt::print(R"({{"name":"POST /v1/keys on SQLite, 16 at once","unit":"1/s","ours":{:.0f},"limit":{:.0f},)"
             R"("ratio":{:.3f},"must":">= 1"}})"
             "\n",
             ours, must, ours / must);
}
