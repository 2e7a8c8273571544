// Who ran what when, and what went wrong, as a file of JSON lines: what --log asks for.

#ifndef RCB_COMMON_REPORT_AUDIT_LOG_H_
#define RCB_COMMON_REPORT_AUDIT_LOG_H_

#include <cstdint>
#include <cstdio>
#include <mutex>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "common/report/interval_feed.h"

namespace rcb {

// One line of the log in the making.
class LogEntry {
 public:
  // What happened, such as "start", and when: now, unless a time of the NowNs clock is given.
  explicit LogEntry(absl::string_view event) : LogEntry(event, /*at_ns=*/0) {}
  LogEntry(absl::string_view event, int64_t at_ns);

  LogEntry& Add(absl::string_view name, absl::string_view text);
  LogEntry& Add(absl::string_view name, int64_t number);
  LogEntry& Add(absl::string_view name, const std::vector<std::string>& texts);
  // The whole line, without its end.
  std::string ToLine() const { return text_ + "}"; }

 private:
  std::string text_;
};

// Any thread. Adds to the file, so that it tells of all runs that named it; each line is written
// whole and at once. Of a feed it keeps the faults.
class AuditLog : public IntervalListener {
 public:
  explicit AuditLog(std::string path) : path_(std::move(path)) {}
  AuditLog(const AuditLog&) = delete;
  AuditLog& operator=(const AuditLog&) = delete;
  ~AuditLog() override;

  void Write(const LogEntry& entry);
  void OnMark(const Mark& mark) override;

  // False, and a line on standard error, where a line could not be written.
  bool Close();

 private:
  const std::string path_;
  std::mutex mutex_;  // guards what follows
  int fd_ = -1;       // opened with the first line
  int error_ = 0;     // errno of the first write that failed
};

// What may be told of the arguments of a program: no password, nor what may hold one.
std::vector<std::string> WithoutSecrets(const std::vector<std::string>& arguments);

}  // namespace rcb

#endif  // RCB_COMMON_REPORT_AUDIT_LOG_H_
