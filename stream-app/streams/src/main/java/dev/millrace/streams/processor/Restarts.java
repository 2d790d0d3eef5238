package dev.millrace.streams.processor;

import dev.millrace.streams.ends.ProcessEnds;
import java.util.ArrayList;
import java.util.List;

/**
 * How often a process ended while a document was in flight. A document can end a process, by a
 * fault in native code for instance, and would do so again after each restart; but most that were
 * in flight at such an end are innocent. So what may be guilty is submitted in groups, each half of
 * what is left, until one document is alone when its process ends.
 *
 * <p>A crash is evidence. An end without a trace is little: processes are killed for many reasons.
 * An end in order is none, and neither is a stream task that moves: of a process that ran elsewhere
 * it is not known whether it ended at all, so it is remembered until an instance sees the document
 * that knows.
 *
 * @param crashes ends of processes that crashed with it in flight
 * @param unexplained ends of processes that left no trace with it in flight
 * @param alone how many of both found it in flight with nothing beside it
 * @param trial how it is in flight at present
 * @param processes those that have or had it in flight and of whose end nothing is known yet, the
 *     present one last; at most {@link #PROCESSES_MAX}
 */
public record Restarts(int crashes, int unexplained, int alone, Trial trial, List<Long> processes) {
  /** Processes that are remembered. */
  static final int PROCESSES_MAX = 5;

  /** Ends without a trace, one after the other, from which on a document is suspected. */
  static final int UNEXPLAINED_SUSPICIOUS = 3;

  /** Ends from which on the last one that is left of a group is submitted alone. */
  private static final int ALONE_FROM = 2;

  /** How a document is in flight. */
  public enum Trial {
    /** With any others: nothing is suspected, or it waits. */
    NONE,
    /** With others that are suspected like it, and with those that are not. */
    GROUP,
    /** With nothing beside it in the whole process. */
    ALONE
  }

  /** Copies the list. */
  public Restarts {
    processes = List.copyOf(processes);
    if (processes.size() > PROCESSES_MAX) {
      throw new IllegalArgumentException(
          "at most " + PROCESSES_MAX + " processes are remembered, got " + processes.size());
    }
  }

  /** Of a document that nothing is known about. */
  static Restarts unknown() {
    return new Restarts(0, 0, 0, Trial.NONE, List.of());
  }

  /** Of a document that was consumed by {@code process}. */
  public static Restarts none(long process) {
    return new Restarts(0, 0, 0, Trial.NONE, List.of(process));
  }

  /** Whether it waits until it is its turn to be tried. */
  boolean suspect() {
    return crashes > 0 || unexplained >= UNEXPLAINED_SUSPICIOUS;
  }

  /** Ends that found it in flight: the more, the sooner it is tried. */
  int count() {
    return crashes + unexplained;
  }

  /** Whether it is submitted with nothing beside it, once it is the only one of its count. */
  boolean needsSolitude() {
    return count() >= ALONE_FROM;
  }

  /** Whether it was in flight, or may have been, when a process ended; else it waited. */
  boolean mayHaveBeenInFlight() {
    return trial != Trial.NONE || !suspect();
  }

  /** The same, in flight in {@code process} from now on. */
  Restarts inFlight(Trial how, long process) {
    List<Long> open = without(process);
    if (open.size() == PROCESSES_MAX) {
      open.removeFirst();
    }
    open.add(process);
    return new Restarts(crashes, unexplained, alone, how, open);
  }

  /** The same, no longer in flight in {@code process}, which says nothing about it. */
  Restarts pardoned(long process) {
    return new Restarts(crashes, unexplained, alone, Trial.NONE, without(process));
  }

  private List<Long> without(long process) {
    List<Long> others = new ArrayList<>(processes);
    others.removeIf(other -> other == process);
    return others;
  }

  /** The same after a start found it pending; it is not in flight yet. */
  Restarts found(ProcessEnds ends) {
    int crashed = crashes;
    int traceless = unexplained;
    int lonely = alone;
    List<Long> open = new ArrayList<>();
    for (int i = 0; i < processes.size(); i++) {
      long process = processes.get(i);
      int wasAlone = trial == Trial.ALONE && i == processes.size() - 1 ? 1 : 0;
      switch (ends.of(process)) {
        case CRASHED -> {
          crashed++;
          lonely += wasAlone;
        }
        case UNEXPLAINED -> {
          traceless++;
          lonely += wasAlone;
        }
        case IN_ORDER -> {}
        case UNKNOWN -> open.add(process);
      }
    }
    if (open.size() == PROCESSES_MAX) {
      // So many had it, and nobody knows what became of them: as if one had ended without a trace,
      // for a state directory may be lost together with its machine.
      open.removeFirst();
      traceless++;
      lonely += trial == Trial.ALONE ? 1 : 0;
    }
    return new Restarts(crashed, traceless, lonely, Trial.NONE, open);
  }

  /**
   * Whether the end by which {@code before} became this is proof: the document was alone, and its
   * process crashed after others had, or it has been alone at {@code restartsMax} ends.
   */
  boolean isProof(Restarts before, int restartsMax) {
    return alone > before.alone
        && (alone >= restartsMax || (crashes > before.crashes && crashes >= restartsMax));
  }
}
