// What tests of files of JSON lines share.

#ifndef RCB_COMMON_REPORT_TEST_JSON_LINES_H_
#define RCB_COMMON_REPORT_TEST_JSON_LINES_H_

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace rcb {

// Each line of the file `path`, which all have to be JSON.
inline std::vector<nlohmann::json> ReadJsonLines(const std::string& path) {
  std::vector<nlohmann::json> lines;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) lines.push_back(nlohmann::json::parse(line));
  return lines;
}

}  // namespace rcb

#endif  // RCB_COMMON_REPORT_TEST_JSON_LINES_H_
