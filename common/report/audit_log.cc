#include "common/report/audit_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/history/json_string.h"
#include "common/measure/clock.h"
#include "common/redis/sentinel_uri.h"
#include "common/redis/uri.h"

namespace rcb {
namespace {

constexpr char kHidden[] = "***";

// Whether what is called so may be a secret, such as masterauth, or has one in it, as user does.
bool IsSecretName(absl::string_view name) {
  const std::string lower = absl::AsciiStrToLower(name);
  for (const char* word : {"pass", "auth", "user", "secret", "token", "key-file", "credential"}) {
    if (absl::StrContains(lower, word)) return true;
  }
  return false;
}

// "user:password@" of anything that looks like a URL.
std::string WithoutUser(absl::string_view text) {
  const size_t scheme = text.find("://");
  const size_t at = text.rfind('@');
  if (scheme == absl::string_view::npos || at == absl::string_view::npos || at < scheme + 3) {
    return std::string(text);
  }
  return absl::StrCat(text.substr(0, scheme + 3), kHidden, text.substr(at));
}

// NAME and its value, with what parts them.
std::string WithoutSecretValue(absl::string_view pair, char between) {
  const size_t end = pair.find(between);
  if (end == absl::string_view::npos || !IsSecretName(pair.substr(0, end))) {
    return WithoutUser(pair);
  }
  return absl::StrCat(pair.substr(0, end + 1), kHidden);
}

std::string WithoutLogin(absl::string_view uri) {
  if (IsSentinelUri(uri)) {
    const absl::StatusOr<SentinelUri> sentinels = ParseSentinelUri(uri);
    return sentinels.ok() ? sentinels->ToString() : kHidden;
  }
  const absl::StatusOr<Endpoint> server = ParseUri(uri);
  return server.ok() ? server->ToString() : kHidden;
}

std::string WithoutSecret(absl::string_view argument) {
  absl::string_view value = argument;
  if (absl::ConsumePrefix(&value, "--redis=")) {
    return absl::StrCat("--redis=", WithoutLogin(value));
  }
  if (absl::ConsumePrefix(&value, "--server_option=")) {
    return absl::StrCat("--server_option=",
                        WithoutSecretValue(absl::StripLeadingAsciiWhitespace(value), ' '));
  }
  if (absl::ConsumePrefix(&value, "--benchmark_context=")) {
    std::vector<std::string> pairs;
    for (absl::string_view pair : absl::StrSplit(value, ',')) {
      pairs.push_back(WithoutSecretValue(pair, '='));
    }
    return absl::StrCat("--benchmark_context=", absl::StrJoin(pairs, ","));
  }
  return WithoutSecretValue(argument, '=');
}

}  // namespace

LogEntry::LogEntry(absl::string_view event, int64_t at_ns) {
  absl::Time time = absl::Now();
  if (at_ns != 0) time -= absl::Nanoseconds(NowNs() - at_ns);
  text_ = absl::StrCat(R"({"time": ")",
                       absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", time, absl::UTCTimeZone()),
                       R"(", "event": )", JsonString(event));
}

LogEntry& LogEntry::Add(absl::string_view name, absl::string_view text) {
  absl::StrAppend(&text_, ", ", JsonString(name), ": ", JsonString(text));
  return *this;
}

LogEntry& LogEntry::Add(absl::string_view name, int64_t number) {
  absl::StrAppend(&text_, ", ", JsonString(name), ": ", number);
  return *this;
}

LogEntry& LogEntry::Add(absl::string_view name, const std::vector<std::string>& texts) {
  const auto quoted = [](std::string* out, const std::string& text) {
    out->append(JsonString(text));
  };
  absl::StrAppend(&text_, ", ", JsonString(name), ": [", absl::StrJoin(texts, ", ", quoted), "]");
  return *this;
}

AuditLog::~AuditLog() {
  if (fd_ >= 0) close(fd_);
}

void AuditLog::Write(const LogEntry& entry) {
  const std::string line = entry.ToLine() + "\n";
  const std::lock_guard<std::mutex> lock(mutex_);
  if (error_ != 0) return;
  if (fd_ < 0) fd_ = open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  // By one call, so that programs that share the file do not mix their lines.
  const ssize_t written = fd_ < 0 ? -1 : write(fd_, line.data(), line.size());
  if (written < 0) error_ = errno;
  if (written >= 0 && static_cast<size_t>(written) < line.size()) error_ = ENOSPC;
}

void AuditLog::OnMark(const Mark& mark) {
  if (mark.kind != "fault") return;
  Write(LogEntry("fault").Add("row", mark.row).Add("text", mark.text));
}

bool AuditLog::Close() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (fd_ >= 0 && close(fd_) != 0 && error_ == 0) error_ = errno;
  fd_ = -1;
  if (error_ != 0) {
    std::fprintf(stderr, "bench: --log=%s: not all of it could be written: %s\n", path_.c_str(),
                 std::strerror(error_));
  }
  return error_ == 0;
}

std::vector<std::string> WithoutSecrets(const std::vector<std::string>& arguments) {
  std::vector<std::string> safe;
  safe.reserve(arguments.size());
  for (const std::string& argument : arguments) safe.push_back(WithoutSecret(argument));
  return safe;
}

}  // namespace rcb
