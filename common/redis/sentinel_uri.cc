#include "common/redis/sentinel_uri.h"

#include <cstddef>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace rcb {
namespace {

constexpr absl::string_view kSchemeEnd = "+sentinel";
constexpr absl::string_view kForm = "write redis+sentinel://host:port,host:port/master-name";
constexpr int kSentinelPort = 26379;

absl::Status Malformed(absl::string_view problem) {
  return absl::InvalidArgumentError(absl::StrCat("--redis: ", problem));
}

// What comes before "://"; empty where that is missing.
absl::string_view SchemeOf(absl::string_view uri) {
  const size_t end = uri.find("://");
  return end == absl::string_view::npos ? "" : uri.substr(0, end);
}

// A '%' and a '?' would be read as what follows or encodes something elsewhere in a URI.
bool IsNameCharacter(char c) {
  return absl::ascii_isgraph(static_cast<unsigned char>(c)) && c != '?' && c != '%';
}

absl::Status ParseName(absl::string_view text, SentinelUri* parsed) {
  if (text.empty()) {
    return Malformed(
        absl::StrCat("the name that the Sentinels give the primary is missing; ", kForm));
  }
  if (!absl::c_all_of(text, IsNameCharacter)) {
    return Malformed(
        absl::StrCat("the primary's name has a character that no such name has; ", kForm));
  }
  parsed->primary_name = std::string(text);
  return absl::OkStatus();
}

bool HasPort(absl::string_view host) {
  return absl::StartsWith(host, "[") ? absl::StrContains(host, "]:") : absl::StrContains(host, ":");
}

}  // namespace

std::string SentinelUri::ToString() const {
  std::string text;
  for (const Endpoint& sentinel : sentinels) {
    const std::string shown = sentinel.ToString();
    const absl::string_view scheme = SchemeOf(shown);
    if (text.empty()) {
      text = absl::StrCat(scheme, kSchemeEnd, "://");
    } else {
      text.push_back(',');
    }
    text.append(shown, scheme.size() + 3);
  }
  return absl::StrCat(text, "/", primary_name, login.db == 0 ? "" : absl::StrCat("/", login.db));
}

bool IsSentinelUri(absl::string_view uri) {
  return absl::EndsWithIgnoreCase(SchemeOf(uri), kSchemeEnd);
}

absl::StatusOr<SentinelUri> ParseSentinelUri(absl::string_view uri,
                                             absl::string_view fallback_password) {
  absl::string_view scheme = SchemeOf(uri);
  absl::string_view rest = uri.substr(scheme.size() + 3);
  scheme.remove_suffix(kSchemeEnd.size());
  // The last '@' ends the password, as in ParseUri.
  const size_t at = rest.rfind('@');
  const absl::string_view user_info = at == absl::string_view::npos ? "" : rest.substr(0, at + 1);
  rest.remove_prefix(user_info.size());
  const std::vector<absl::string_view> parts = absl::StrSplit(rest, absl::MaxSplits('/', 2));

  SentinelUri parsed;
  for (const absl::string_view host : absl::StrSplit(parts[0], ',')) {
    if (host.empty()) return Malformed(absl::StrCat("the host of a Sentinel is missing; ", kForm));
    const std::string port = HasPort(host) ? "" : absl::StrCat(":", kSentinelPort);
    absl::StatusOr<Endpoint> endpoint =
        ParseUri(absl::StrCat(scheme, "://", user_info, host, port), fallback_password);
    if (!endpoint.ok()) return endpoint.status();
    parsed.login = *endpoint;
    endpoint->user.clear();
    endpoint->password.clear();
    parsed.sentinels.push_back(*std::move(endpoint));
  }
  parsed.login.host.clear();
  parsed.login.port = 0;
  const absl::Status named = ParseName(parts.size() > 1 ? parts[1] : "", &parsed);
  if (!named.ok()) return named;
  if (parts.size() > 2) {
    const absl::StatusOr<Endpoint> database = ParseUri(absl::StrCat(scheme, "://h/", parts[2]));
    if (!database.ok()) {
      return Malformed(absl::StrCat("the database must be a number; ", kForm, "/N"));
    }
    parsed.login.db = database->db;
  }
  return parsed;
}

}  // namespace rcb
