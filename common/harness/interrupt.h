// Ctrl-C and SIGTERM as a flag that the harness polls; the second one ends the program at once.

#ifndef RCB_COMMON_HARNESS_INTERRUPT_H_
#define RCB_COMMON_HARNESS_INTERRUPT_H_

namespace rcb {

// Makes SIGINT and SIGTERM set the flag, and a reader that goes away a failed write instead of a
// signal. Call once, from main.
void CatchInterrupts();

// The signal that asked us to stop, or 0. Any thread.
int InterruptSignal();
inline bool IsInterrupted() { return InterruptSignal() != 0; }

}  // namespace rcb

#endif  // RCB_COMMON_HARNESS_INTERRUPT_H_
