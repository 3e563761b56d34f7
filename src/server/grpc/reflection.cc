#include "server/grpc/reflection.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <grpc/reflection/v1/reflection.pb.h>
#include <grpc/reflection/v1alpha/reflection.pb.h>

#include <set>

#include "server/grpc/rpc_table.h"

namespace rateguard::grpc {
namespace {

namespace v1 = ::grpc::reflection::v1;
using google::protobuf::DescriptorPool;
using google::protobuf::FileDescriptor;

void add_file(const FileDescriptor& file, std::set<const FileDescriptor*>& seen, v1::FileDescriptorResponse& to) {
  if (!seen.insert(&file).second) return;
  google::protobuf::FileDescriptorProto description;
  file.CopyTo(&description);
  description.SerializeToString(to.add_file_descriptor_proto());
  for (int i = 0; i < file.dependency_count(); ++i) add_file(*file.dependency(i), seen, to);
}

void answer_file(const FileDescriptor* file, std::string_view asked, v1::ServerReflectionResponse& response) {
  if (file == nullptr) {
    auto& error = *response.mutable_error_response();
    error.set_error_code(static_cast<int>(StatusCode::kNotFound));
    error.set_error_message("not found: " + std::string(asked));
    return;
  }
  std::set<const FileDescriptor*> seen;
  add_file(*file, seen, *response.mutable_file_descriptor_response());
}

void answer(const v1::ServerReflectionRequest& request, v1::ServerReflectionResponse& response) {
  const DescriptorPool& pool = *DescriptorPool::generated_pool();
  switch (request.message_request_case()) {
    case v1::ServerReflectionRequest::kListServices: {
      auto& list = *response.mutable_list_services_response();
      for (const std::string_view name : service_names()) list.add_service()->set_name(std::string(name));
      return;
    }
    case v1::ServerReflectionRequest::kFileByFilename:
      return answer_file(pool.FindFileByName(request.file_by_filename()), request.file_by_filename(), response);
    case v1::ServerReflectionRequest::kFileContainingSymbol:
      return answer_file(pool.FindFileContainingSymbol(request.file_containing_symbol()),
                         request.file_containing_symbol(), response);
    case v1::ServerReflectionRequest::kAllExtensionNumbersOfType:
      // Our messages have no extensions.
      if (pool.FindMessageTypeByName(request.all_extension_numbers_of_type()) != nullptr) {
        response.mutable_all_extension_numbers_response()->set_base_type_name(request.all_extension_numbers_of_type());
        return;
      }
      return answer_file(nullptr, request.all_extension_numbers_of_type(), response);
    case v1::ServerReflectionRequest::kFileContainingExtension:
      return answer_file(nullptr, request.file_containing_extension().containing_type(), response);
    case v1::ServerReflectionRequest::MESSAGE_REQUEST_NOT_SET:
      break;
  }
  auto& error = *response.mutable_error_response();
  error.set_error_code(static_cast<int>(StatusCode::kUnimplemented));
  error.set_error_message("this asks for nothing that is known here");
}

}  // namespace

Status reflect(std::string_view request, std::string& response) {
  // Nothing else uses this file, and an unused file would not be linked.
  ::grpc::reflection::v1alpha::ServerReflectionRequest::descriptor();
  v1::ServerReflectionRequest asked;
  if (!asked.ParseFromArray(request.data(), static_cast<int>(request.size()))) {
    return {StatusCode::kInternal, "the message is not a ServerReflectionRequest"};
  }
  v1::ServerReflectionResponse answered;
  answered.set_valid_host(asked.host());
  answer(asked, answered);
  *answered.mutable_original_request() = std::move(asked);
  answered.AppendToString(&response);
  return {};
}

}  // namespace rateguard::grpc
