// Every RPC by example, and the gate: none is without examples, fuzz seeds and documentation.
#include <google/protobuf/descriptor.h>
#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "server/grpc/api_fixture.h"

namespace rateguard::grpc {
namespace {

namespace pb = google::protobuf;

const std::filesystem::path kHere = std::filesystem::path(__FILE__).parent_path();
const std::filesystem::path kRoot = kHere.parent_path().parent_path().parent_path();

std::string read(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

struct Case {
  std::string rpc;
  std::string request;
  std::string response;
  std::string status;
};

std::vector<Case> cases() {
  std::vector<Case> all;
  std::istringstream lines(read(kHere / "rpc_cases.txt"));
  for (std::string line; std::getline(lines, line);) {
    const size_t colon = line.find(':');
    if (line.starts_with('#') || colon == std::string::npos) continue;
    const std::string name = line.substr(0, colon);
    const std::string value = colon + 2 <= line.size() ? line.substr(colon + 2) : "";
    if (name == "rpc") all.push_back({.rpc = value, .request = {}, .response = {}, .status = {}});
    if (name == "request") all.back().request = value;
    if (name == "response") all.back().response = value;
    if (name == "status") all.back().status = value;
  }
  return all;
}

const pb::MethodDescriptor& method_of(std::string rpc) {
  std::ranges::replace(rpc, '/', '.');
  const auto* const method = pb::DescriptorPool::generated_pool()->FindMethodByName(rpc);
  EXPECT_NE(method, nullptr) << rpc;
  return *method;
}

std::unique_ptr<pb::Message> message_of(const pb::Descriptor& type) {
  return std::unique_ptr<pb::Message>(pb::MessageFactory::generated_factory()->GetPrototype(&type)->New());
}

// The first message of the answer, or its status.
RpcResult ask(http::Http2Client& client, const Case& example, const pb::MethodDescriptor& method) {
  const auto request = message_of(*method.input_type());
  EXPECT_TRUE(pb::TextFormat::ParseFromString(example.request, request.get())) << example.request;
  const int32_t stream = client.open("/" + example.rpc, kGrpcFields);
  client.body(stream, framed(request->SerializeAsString()), true);
  client.wait_until([&] { return !client.answer(stream).body.empty() || client.answer(stream).closed; });
  if (method.server_streaming()) client.reset(stream);
  return answered(client.answer(stream));
}

TEST(RpcCases, AreAnsweredAsTheySay) {
  ApiServer server;
  server.rate_limits().set_policy(
      {.limits = *envoy::compiled({envoy::leaf("user", "", envoy::per_unit(2, envoy::Unit::kHour)),
                                   envoy::leaf("ip", "192.0.2.1", envoy::per_unit(0, envoy::Unit::kDay)),
                                   envoy::leaf("free", "", envoy::unlimited())})});
  server.run();
  http::Http2Client client(server.port());
  for (const Case& example : cases()) {
    SCOPED_TRACE(example.rpc + " " + example.request);
    const auto& method = method_of(example.rpc);
    const RpcResult got = ask(client, example, method);
    if (!example.status.empty()) {
      EXPECT_EQ(std::string(name_of(static_cast<StatusCode>(std::stoi(got.status)))) + " " + got.message,
                example.status);
      continue;
    }
    const auto response = message_of(*method.output_type());
    const auto expected = message_of(*method.output_type());
    ASSERT_TRUE(response->ParseFromString(got.text)) << got.status << got.message;
    ASSERT_TRUE(pb::TextFormat::ParseFromString(example.response, expected.get()));
    EXPECT_EQ(response->ShortDebugString(), expected->ShortDebugString());
  }
}

TEST(RpcGate, EachRpcHasExamplesSeedsAndDocumentation) {
  const std::vector<Case> all = cases();
  const std::string page = read(kRoot / "docs" / "grpc.md");
  std::string seeds;
  for (const auto& entry : std::filesystem::directory_iterator(kRoot / "fuzz/corpus/grpc_server")) {
    seeds += read(entry.path());
  }
  for (const Rpc& rpc : rpcs()) {
    const std::string name(rpc.path.substr(1));
    EXPECT_TRUE(std::ranges::any_of(all, [&](const Case& example) { return example.rpc == name; })) << name;
    EXPECT_NE(page.find("| `" + name + "` |"), std::string::npos) << name << " is not in docs/grpc.md";
    EXPECT_NE(seeds.find(rpc.path), std::string::npos) << name << " has no seed in fuzz/corpus/grpc_server";
    EXPECT_EQ(method_of(name).client_streaming() || method_of(name).server_streaming(), rpc.is_streaming()) << name;
  }
}

TEST(RpcGate, EachServiceOfTheTableIsListedOnce) {
  std::set<std::string> listed;
  for (const Rpc& rpc : rpcs()) listed.insert(std::string(rpc.path.substr(1, rpc.path.find('/', 1) - 1)));
  std::set<std::string> named(service_names().begin(), service_names().end());
  EXPECT_EQ(listed, named);
  EXPECT_EQ(named.size(), service_names().size());
}

}  // namespace
}  // namespace rateguard::grpc
