package dev.millrace.streams.ends;

/** How a process ended, as far as this instance can tell. */
public enum ProcessEnd {
  /** By itself: it left a trace, such as a fatal error file, or said so before it ended. */
  CRASHED,
  /** Without a trace: killed from outside or with its machine, or by a crash that leaves none. */
  UNEXPLAINED,
  /** It was told to stop, or stopped for a reason that is no document's. */
  IN_ORDER,
  /** It ran elsewhere, or too long ago. It may not even have ended: its stream task moved. */
  UNKNOWN
}
