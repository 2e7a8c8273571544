#include "bench/audit.h"

#include <pwd.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cstdlib>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "bench/context.h"
#include "bench/plan.h"

namespace rcb {
namespace {

std::string UserName() {
  const passwd* const entry = getpwuid(geteuid());  // nobody else asks for one meanwhile
  return entry != nullptr ? entry->pw_name : absl::StrCat(geteuid());
}

std::string HostName() {
  utsname names = {};
  uname(&names);
  return names.nodename;
}

// What the environment says besides the arguments.
std::vector<std::string> Environment() {
  std::vector<std::string> ours;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const bool is_ours =
        absl::StartsWith(*variable, "BENCHMARK_") || absl::StartsWith(*variable, "RCB_");
    if (is_ours) ours.emplace_back(*variable);
  }
  return WithoutSecrets(ours);
}

std::string OrUnknown(const std::string& fact) { return fact.empty() ? "unknown" : fact; }

}  // namespace

void LogStart(const std::vector<std::string>& arguments, const Deployment& deployment,
              const std::vector<LeftOut>& left_out, AuditLog& log) {
  const ServerFacts& facts = deployment.facts();
  LogEntry start("start");
  start.Add("user", UserName())
      .Add("host", HostName())
      .Add("pid", getpid())
      .Add("program", VersionLine())
      .Add("arguments", WithoutSecrets(arguments))
      .Add("environment", Environment())
      .Add("server", absl::StrCat(OrUnknown(facts.name), " ", OrUnknown(facts.version)))
      .Add("address", deployment.is_ours() ? "private" : deployment.endpoint().ToString())
      .Add("key_prefix", deployment.identity().key_prefix);
  if (!left_out.empty()) start.Add("left_out", LeftOutLines(left_out));
  log.Write(start);
}

void LogEnd(const absl::Status& cleaned, int status, AuditLog& log) {
  log.Write(LogEntry("cleanup").Add(
      "text", cleaned.ok() ? "all keys were deleted" : std::string(cleaned.message())));
  log.Write(LogEntry("end").Add("status", status));
}

}  // namespace rcb
