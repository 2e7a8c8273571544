// The program as a judge: --history_check.

#ifndef RCB_BENCH_JUDGE_HISTORY_H_
#define RCB_BENCH_JUDGE_HISTORY_H_

#include "common/harness/options.h"

namespace rcb {

// Judges the file options.history_check and says what it found on standard output. Returns the exit
// status: 0 linearizable, or strictly serializable; 1 violated, or undecided; 2 not a history that
// can be judged, which one line on standard error explains.
int JudgeHistoryFile(const Options& options);

}  // namespace rcb

#endif  // RCB_BENCH_JUDGE_HISTORY_H_
