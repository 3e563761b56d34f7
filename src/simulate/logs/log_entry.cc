#include "simulate/logs/log_entry.h"

#include <algorithm>
#include <cstring>

#include "model/ascii.h"
#include "simulate/logs/byte_search.h"

namespace rateguard::simulate {
namespace {

// RFC 9110 section 9.1: a method is a token; those in use are letters and hyphens.
bool is_method(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' || c == '_';
  });
}

// METHOD /TARGET HTTP/1.1, which nearly every request is, in one pass. False: any other.
bool read_usual_request_line(std::string_view request, LogEntry& out) {
  constexpr std::string_view kProtocol = "HTTP/";
  size_t method = 0;
  while (method < request.size() && request[method] >= 'A' && request[method] <= 'Z') ++method;
  const size_t path = method + 1;
  if (method == 0 || path >= request.size() || request[method] != ' ' || request[path] != '/') return false;
  const size_t path_end = find_first<' ', '?'>(request, path);
  const size_t target_end = find_first<' '>(request, path_end);
  if (request.size() - target_end <= kProtocol.size()) return false;
  const std::string_view protocol(request.data() + target_end + 1, request.size() - target_end - 1);
  if (std::memcmp(protocol.data(), kProtocol.data(), kProtocol.size()) != 0) return false;
  if (find_first<' '>(protocol, kProtocol.size()) != protocol.size()) return false;
  out.method = std::string_view(request.data(), method);
  out.path = std::string_view(request.data() + path, path_end - path);
  return true;
}

}  // namespace

LoggedTarget split_target(std::string_view target) {
  LoggedTarget out;
  if (target.starts_with('/')) {
    out.path = target.substr(0, target.find('?'));
    return out;
  }
  for (const std::string_view scheme : {std::string_view("http://"), std::string_view("https://")}) {
    if (!target.starts_with(scheme)) continue;
    target.remove_prefix(scheme.size());
    const size_t end = find_first<'/', '?', '#'>(target, 0);
    out.host = target.substr(0, end);
    target = end == target.size() ? std::string_view("/") : target.substr(end);
    break;
  }
  out.path = target.substr(0, target.find('?'));
  if (out.path.empty() && !out.host.empty()) out.path = "/";
  return out;
}

bool read_request_line(std::string_view request, LogEntry& out) {
  if (read_usual_request_line(request, out)) return true;
  const size_t space = request.find(' ');
  const std::string_view method = request.substr(0, space);
  std::string_view target = space == std::string_view::npos ? std::string_view() : request.substr(space + 1);
  // The target may hold spaces that a client should have encoded; the protocol is what follows the last one.
  const size_t last = target.rfind(' ');
  if (last != std::string_view::npos && target.substr(last + 1).starts_with("HTTP/")) target = target.substr(0, last);
  if (!is_method(method) || target.empty()) {
    out.request_unreadable = true;
    return false;
  }
  const LoggedTarget parts = split_target(target);
  out.method = method;
  if (out.host.empty()) out.host = parts.host;
  out.path = parts.path;
  return true;
}

void unescape(std::string_view text, std::string& out) {
  constexpr std::string_view kLetters = "bnrtv";
  constexpr std::string_view kMeanings = "\b\n\r\t\v";
  out.clear();
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      out.push_back(text[i]);
      continue;
    }
    const char c = text[++i];
    if (c == 'x' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 && hex_value(text[i + 2]) >= 0) {
      out.push_back(static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2])));
      i += 2;
    } else if (const size_t letter = kLetters.find(c); letter != std::string_view::npos) {
      out.push_back(kMeanings[letter]);
    } else {
      out.push_back(c);
    }
  }
}

ClientList split_client_list(std::string_view text) {
  if (find_first<','>(text, 0) == text.size()) return {.last = text};
  const size_t comma = text.rfind(',');
  return {.last = trim(text.substr(comma + 1)), .before = trim(text.substr(0, comma))};
}

std::optional<IpAddress> parse_client(std::string_view text) {
  if (auto address = IpAddress::parse(text)) return address;
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) return IpAddress::parse(host.substr(1, host.size() - 2));
  return host.find(':') == std::string_view::npos ? IpAddress::parse(host) : std::nullopt;
}

}  // namespace rateguard::simulate
