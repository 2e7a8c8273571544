// What --log tells of the program as a whole.

#ifndef RCB_BENCH_AUDIT_H_
#define RCB_BENCH_AUDIT_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "common/harness/suite.h"
#include "common/report/audit_log.h"
#include "common/server/deployment/deployment.h"

namespace rcb {

// Who runs what on which server: `arguments` are those of the program, its name included.
void LogStart(const std::vector<std::string>& arguments, const Deployment& deployment,
              const std::vector<LeftOut>& left_out, AuditLog& log);

// What came of the clean-up, and how the program ends.
void LogEnd(const absl::Status& cleaned, int status, AuditLog& log);

}  // namespace rcb

#endif  // RCB_BENCH_AUDIT_H_
