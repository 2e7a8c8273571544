// What asks the program to stop, as a flag that the harness polls: Ctrl-C, SIGTERM and the other
// signals that would end it, and a reader of its output that goes away.

#ifndef RCB_COMMON_HARNESS_INTERRUPT_H_
#define RCB_COMMON_HARNESS_INTERRUPT_H_

namespace rcb {

// Makes the signals set the flag; the second one of a kind ends the program at once. SIGHUP stays
// ignored where it was (nohup). A write that nobody reads fails, instead of raising SIGPIPE. Call
// once, from main.
void CatchInterrupts();

// Sets the flag, as if by SIGPIPE, as soon as `fd` is a pipe or socket that nobody reads any more.
// Call once, from main; `fd` stays open until the end.
void WatchReader(int fd);

// The signal that asked us to stop, or 0. Any thread.
int InterruptSignal();
inline bool IsInterrupted() { return InterruptSignal() != 0; }

}  // namespace rcb

#endif  // RCB_COMMON_HARNESS_INTERRUPT_H_
