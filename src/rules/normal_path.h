// The one spelling of a path that rules are compared with, so that no other spelling of it evades a rule.
#pragma once

#include <string>
#include <string_view>

namespace rateguard::rules {

// A request target, taken apart (RFC 9112, section 3.2). Views into the target.
struct RequestTarget {
  std::string_view authority;  // of an absolute-form target; otherwise empty
  std::string_view path;       // with the query and everything after it; may be empty
};

RequestTarget split_target(std::string_view target);

// `path` without its query and fragment, in normal form (RFC 3986, section 6.2.2, and somewhat beyond it):
//   - percent-encoded octets that a path may hold as they are (pchar: letters, digits, -._~!$&'()*+,;=:@) are decoded;
//     every other octet is percent-encoded with upper-case digits. "/%6Cogin" is "/login", "/caf\xC3\xA9" is
//     "/caf%C3%A9". An encoded slash stays encoded, and a "%" that encodes nothing becomes "%25".
//   - "." and ".." segments are removed (after decoding), so "/a/%2e%2e/login" is "/login".
//   - empty segments are removed, the one behind a trailing slash too: "//login/" is "/login". The empty path is "/".
//   - a path that does not begin with a slash is read as if it did.
// Letters keep their case. The result is a view into `path` where that is in normal form already (found in one scan,
// nothing is allocated), otherwise into `buffer`. normal_path(normal_path(p)) == normal_path(p).
std::string_view normal_path(std::string_view path, std::string& buffer);

// The same except that slashes stay as they are: "/blog/" and "/blog" are two resources, even if one rule matches both.
// A rule by route counts this if none of its own routes names the path.
std::string_view route_path(std::string_view path, std::string& buffer);
// The same, given that `normal` is normal_path(path), which saves the scan.
std::string_view route_path(std::string_view path, std::string_view normal, std::string& buffer);

}  // namespace rateguard::rules
