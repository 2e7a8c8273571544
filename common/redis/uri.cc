#include "common/redis/uri.h"

#include <sys/un.h>

#include <cstddef>
#include <limits>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace rcb {
namespace {

constexpr size_t kMaxSocketPath = sizeof(sockaddr_un::sun_path) - 1;
constexpr int kMaxPort = 65535;

absl::Status Malformed(absl::string_view problem) {
  return absl::InvalidArgumentError(absl::StrCat("--redis: ", problem));
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = absl::ascii_tolower(static_cast<unsigned char>(c));
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

absl::StatusOr<std::string> PercentDecode(absl::string_view text, absl::string_view what) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded.push_back(text[i]);
      continue;
    }
    const int high = i + 1 < text.size() ? HexDigit(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? HexDigit(text[i + 2]) : -1;
    if (high < 0 || low < 0) {
      return Malformed(absl::StrCat("a '%' in the ", what,
                                    " is not followed by two hex digits; write a plain % as %25"));
    }
    decoded.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  return decoded;
}

// Takes digits only, because SimpleAtoi alone would also take signs and blanks.
bool ParseNumber(absl::string_view text, int min, int* value) {
  for (const char c : text) {
    if (!absl::ascii_isdigit(static_cast<unsigned char>(c))) return false;
  }
  return absl::SimpleAtoi(text, value) && *value >= min;
}

absl::Status ParseDb(absl::string_view text, Endpoint* endpoint) {
  if (ParseNumber(text, 0, &endpoint->db)) return absl::OkStatus();
  return Malformed(absl::StrCat("the database must be a number from 0 to ",
                                std::numeric_limits<int>::max(),
                                ": redis://host:port/N or unix:///path?db=N"));
}

absl::Status ParseUserInfo(absl::string_view user_info, absl::string_view fallback_password,
                           Endpoint* endpoint) {
  const size_t colon = user_info.find(':');
  const absl::StatusOr<std::string> user = PercentDecode(user_info.substr(0, colon), "user");
  if (!user.ok()) return user.status();
  endpoint->user = *user;
  if (colon == absl::string_view::npos) {
    if (!fallback_password.empty()) return absl::OkStatus();
    return Malformed("a user without a password; write user:password@host, or :password@host");
  }
  const absl::StatusOr<std::string> password =
      PercentDecode(user_info.substr(colon + 1), "password");
  if (!password.ok()) return password.status();
  if (!password->empty()) endpoint->password = *password;
  return absl::OkStatus();
}

bool IsHostCharacter(char c, bool bracketed) {
  if (absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '-' || c == '_') {
    return true;
  }
  return bracketed && (c == ':' || c == '%');
}

absl::Status ParseHost(absl::string_view host, bool bracketed, Endpoint* endpoint) {
  if (host.empty()) return Malformed("the host is missing; write redis://host:port");
  for (const char c : host) {
    if (!IsHostCharacter(c, bracketed)) {
      return Malformed("the host has a character that no host name or address has");
    }
  }
  endpoint->host.assign(host.data(), host.size());
  return absl::OkStatus();
}

absl::Status ParsePort(absl::string_view text, Endpoint* endpoint) {
  if (ParseNumber(text, 1, &endpoint->port) && endpoint->port <= kMaxPort) return absl::OkStatus();
  return Malformed("the port must be a number from 1 to 65535");
}

absl::Status ParseHostAndPort(absl::string_view text, Endpoint* endpoint) {
  if (absl::ConsumePrefix(&text, "[")) {
    const size_t close = text.find(']');
    if (close == absl::string_view::npos) return Malformed("the host lacks its closing bracket");
    const absl::Status host = ParseHost(text.substr(0, close), true, endpoint);
    text.remove_prefix(close + 1);
    if (!host.ok() || text.empty()) return host;
    if (!absl::ConsumePrefix(&text, ":")) return Malformed("only ':port' can follow '[host]'");
    return ParsePort(text, endpoint);
  }
  const size_t colon = text.find(':');
  if (colon != text.rfind(':')) {
    return Malformed("an IPv6 address stands in brackets: redis://[::1]:6379");
  }
  const absl::Status host = ParseHost(text.substr(0, colon), false, endpoint);
  if (!host.ok() || colon == absl::string_view::npos) return host;
  return ParsePort(text.substr(colon + 1), endpoint);
}

absl::Status ParseTcp(absl::string_view rest, absl::string_view fallback_password,
                      Endpoint* endpoint) {
  // The last '@' ends the password, because a careless one may hold '@', '/' and '?' as well, and
  // messages show the host: nothing of the password may end up there.
  const size_t at = rest.rfind('@');
  if (at != absl::string_view::npos) {
    const absl::Status status = ParseUserInfo(rest.substr(0, at), fallback_password, endpoint);
    if (!status.ok()) return status;
    rest.remove_prefix(at + 1);
  }
  if (absl::StrContains(rest, "?")) {
    return Malformed("redis:// takes no '?' options; the database is redis://host:port/N");
  }
  const size_t slash = rest.find('/');
  const absl::Status status = ParseHostAndPort(rest.substr(0, slash), endpoint);
  if (!status.ok()) return status;
  if (slash == absl::string_view::npos || slash + 1 == rest.size()) return absl::OkStatus();
  return ParseDb(rest.substr(slash + 1), endpoint);
}

absl::Status ParseUnix(absl::string_view rest, Endpoint* endpoint) {
  endpoint->transport = Endpoint::Transport::kUnix;
  const size_t question = rest.find('?');
  const absl::StatusOr<std::string> path = PercentDecode(rest.substr(0, question), "path");
  if (!path.ok()) return path.status();
  if (path->size() < 2 || path->front() != '/') {
    return Malformed("a unix socket needs an absolute path: unix:///path/to/redis.sock");
  }
  if (path->size() > kMaxSocketPath || path->find('\0') != std::string::npos) {
    return Malformed(absl::StrCat("the socket's path has over ", kMaxSocketPath,
                                  " bytes or a zero byte, which no unix socket can have"));
  }
  endpoint->path = *path;
  if (question == absl::string_view::npos) return absl::OkStatus();
  absl::string_view query = rest.substr(question + 1);
  if (!absl::ConsumePrefix(&query, "db=")) {
    return Malformed("the only option of unix:// is '?db=N'");
  }
  return ParseDb(query, endpoint);
}

}  // namespace

std::string Endpoint::ToString() const {
  if (transport == Transport::kUnix) {
    return absl::StrCat("unix://", path, db == 0 ? "" : absl::StrCat("?db=", db));
  }
  const bool bracketed = absl::StrContains(host, ":");
  return absl::StrCat("redis://", bracketed ? "[" : "", host, bracketed ? "]" : "", ":", port,
                      db == 0 ? "" : absl::StrCat("/", db));
}

absl::StatusOr<Endpoint> ParseUri(absl::string_view uri, absl::string_view fallback_password) {
  Endpoint endpoint;
  endpoint.password.assign(fallback_password.data(), fallback_password.size());
  const size_t scheme_end = uri.find("://");
  const std::string scheme =
      absl::AsciiStrToLower(scheme_end == absl::string_view::npos ? "" : uri.substr(0, scheme_end));
  const absl::string_view rest = scheme.empty() ? "" : uri.substr(scheme_end + 3);
  absl::Status status;
  if (scheme == "redis" || scheme == "valkey") {
    status = ParseTcp(rest, fallback_password, &endpoint);
  } else if (scheme == "unix") {
    status = ParseUnix(rest, &endpoint);
  } else if (scheme == "rediss" || scheme == "valkeys") {
    status =
        Malformed(absl::StrCat("TLS is not supported (", scheme, "://); use redis:// or unix://"));
  } else {
    status = Malformed(
        "write redis://[[user]:password@]host[:port][/db], unix:///path[?db=N] or "
        "redis+sentinel://host:port/master-name");
  }
  if (!status.ok()) return status;
  return endpoint;
}

}  // namespace rcb
