#include "bench/context.h"

#include <benchmark/benchmark.h>
#include <hiredis/hiredis.h>
#include <sys/utsname.h>
#include <uv.h>

#include <cstdint>
#include <fstream>
#include <string>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "bench/commit.h"

namespace rcb {
namespace {

std::string CpuModel() {
  std::ifstream cpuinfo("/proc/cpuinfo");
  for (std::string line; std::getline(cpuinfo, line);) {
    if (absl::StartsWith(line, "model name")) return line.substr(line.find(':') + 2);
  }
  return "unknown";
}

std::string Kernel() {
  utsname names = {};
  uname(&names);
  return absl::StrCat(names.sysname, " ", names.release, " ", names.machine);
}

// What the process may use: in a container that can be less than the machine has.
std::string MemoryGib() {
  uint64_t bytes = uv_get_total_memory();
  const uint64_t limit = uv_get_constrained_memory();
  if (limit > 0 && limit < bytes) bytes = limit;
  return absl::StrFormat("%.1f", static_cast<double>(bytes) / (1 << 30));
}

std::string Transport(const Deployment& deployment) {
  return deployment.endpoint().transport == Endpoint::Transport::kUnix ? "unix" : "tcp";
}

// A fact that the server does not tell, or not to this user.
std::string OrUnknown(const std::string& fact) { return fact.empty() ? "unknown" : fact; }

}  // namespace

std::string VersionLine() {
  return absl::StrCat("redis-contention-bench ", kVersion, ", commit ", kCommit,
                      ", Google Benchmark ", kBenchmarkVersion);
}

void AddContext(const Options& options, const FlagSet& flags, const Catalogue& catalogue,
                const Deployment& deployment) {
  const ServerFacts& facts = deployment.facts();
  const auto add = [](const char* key, const std::string& value) {
    benchmark::AddCustomContext(key, value);
  };
  add("rcb_schema_version", "1");
  add("commit", kCommit);
  add("compiler", __VERSION__);
  add("build_type", kBuildType);
  add("google_benchmark_version", kBenchmarkVersion);
  add("hiredis_version", absl::StrCat(HIREDIS_MAJOR, ".", HIREDIS_MINOR, ".", HIREDIS_PATCH));
  add("libuv_version", uv_version_string());
  add("cpu_model", CpuModel());
  add("memory_gib", MemoryGib());
  add("kernel", Kernel());
  add("server_name", OrUnknown(facts.name));
  add("server_version", OrUnknown(facts.version));
  add("server_mode", OrUnknown(facts.mode));
  add("server_maxmemory_policy", OrUnknown(facts.maxmemory_policy));
  add("server_io_threads", facts.io_threads == 0 ? "unknown" : absl::StrCat(facts.io_threads));
  add("server_is_private", deployment.is_ours() ? "true" : "false");
  add("server_address", deployment.is_ours() ? "private" : deployment.endpoint().ToString());
  if (!deployment.sentinel_name().empty()) {
    add("server_sentinel_name", deployment.sentinel_name());
  }
  add("server_options",
      options.server_options.empty() ? "default" : absl::StrJoin(options.server_options, "; "));
  add("transport", Transport(deployment));
  add("seed", absl::StrCat(options.seed));
  add("rate", absl::StrCat(options.rate));
  for (const auto& [name, value] : flags.Values()) add(name.c_str(), value);
  add("op_timeout_ms", absl::StrCat(options.op_timeout_ms));
  add("workers", absl::StrJoin(options.workers, ","));
  add("threads", absl::StrJoin(options.threads, ","));
  add("metrics", catalogue.ToContext());
}

std::string ContextLine(const Options& options, const Deployment& deployment) {
  const ServerFacts& facts = deployment.facts();
  std::string where = deployment.is_ours() ? "private" : deployment.endpoint().ToString();
  if (!deployment.sentinel_name().empty()) {
    absl::StrAppend(&where, ", primary of ", deployment.sentinel_name());
  }
  return absl::StrCat(OrUnknown(facts.name), " ", OrUnknown(facts.version), " (", where, ", ",
                      Transport(deployment), "); ", options.rate > 0 ? "open loop" : "closed loop",
                      ", seed ", options.seed, "\n", std::thread::hardware_concurrency(), " CPUs, ",
                      CpuModel(), "; commit ", kCommit, "; Google Benchmark ", kBenchmarkVersion);
}

}  // namespace rcb
