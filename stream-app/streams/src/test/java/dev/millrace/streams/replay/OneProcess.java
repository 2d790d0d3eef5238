package dev.millrace.streams.replay;

import dev.millrace.streams.ends.ProcessEnd;
import dev.millrace.streams.ends.ProcessEnds;

/** A process that finds nothing of earlier ones. */
final class OneProcess implements ProcessEnds {

  @Override
  public long process() {
    return 1;
  }

  @Override
  public ProcessEnd of(long other) {
    return ProcessEnd.UNKNOWN;
  }

  @Override
  public void crashing(String how) {
    throw new AssertionError(how);
  }
}
