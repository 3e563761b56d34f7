// Random requests on a SQLite catalog and on the model of one: the answers are equal, word for word.
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>

#include "catalog/catalog_model_testing.h"
#include "catalog/sqlite/sqlite_catalog.h"
#include "catalog/sqlite/sqlite_folder_testing.h"
#include "server/admin/random_requests_testing.h"

namespace rateguard::admin {
namespace {

// The model leaves out the words of the catalog's refusals and the details of audit entries.
std::string comparable(std::string answer) {
  const std::string status = answer.substr(0, answer.find(' '));
  if (status != "200" && status != "201") {
    const size_t code = answer.find("\"code\":");
    return status + ' ' + (code == std::string::npos ? "" : answer.substr(code));
  }
  for (size_t at = 0; (at = answer.find(",\"details\":", at)) != std::string::npos;) {
    const size_t end = answer.find("},{\"number\":", at);
    answer.erase(at, (end == std::string::npos ? answer.find("}],\"meta\"", at) : end) - at);
  }
  return answer;
}

TEST(RandomRequestsTest, TenThousandAreAnsweredAsTheModelSays) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  RandomRequests requests(seed);
  catalog::CatalogModel model;
  const catalog::SqliteFolder folder;
  const auto sqlite = catalog::open_sqlite_catalog(folder.file(), "test", Instant::from_seconds(1));
  ASSERT_TRUE(sqlite.has_value()) << sqlite.error().message;
  RequestPlayer expected(model);
  RequestPlayer real(**sqlite);
  std::map<std::string, int> statuses;
  for (int i = 0; i < 10'000; ++i) {
    const RandomRequest request = requests.next();
    const std::string answer = comparable(expected.play(request));
    ASSERT_EQ(comparable(real.play(request)), answer)
        << i << ": " << request.method << ' ' << request.target << ' ' << request.body;
    ++statuses[answer.substr(0, 3)];
  }
  for (const char* const status : {"200", "201", "204", "400", "404", "409", "412", "422", "428"}) {
    EXPECT_GT(statuses[status], 20) << status;
  }
}

}  // namespace
}  // namespace rateguard::admin
