# Writes OUTPUT, a header that tells what was built, and only when that has changed.
# In: SOURCE_DIR, OUTPUT, VERSION, BUILD_TYPE, BENCHMARK_VERSION.
execute_process(COMMAND git -C ${SOURCE_DIR} describe --always --dirty --abbrev=12 --exclude=*
                OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
if(NOT commit)
  set(commit unknown)
endif()
file(CONFIGURE OUTPUT ${OUTPUT} @ONLY CONTENT [[
#pragma once
namespace rcb {
inline constexpr char kVersion[] = "@VERSION@";
inline constexpr char kCommit[] = "@commit@";
inline constexpr char kBuildType[] = "@BUILD_TYPE@";
inline constexpr char kBenchmarkVersion[] = "@BENCHMARK_VERSION@";
}  // namespace rcb
]])
