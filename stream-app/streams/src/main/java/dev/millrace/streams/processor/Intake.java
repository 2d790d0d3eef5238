package dev.millrace.streams.processor;

import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ConcurrentSkipListSet;
import org.apache.kafka.common.Uuid;

/**
 * What may be taken from the input topics: whether documents that were taken before are, and which
 * topics are still those that the application began with. Shared by all stream tasks of a process;
 * thread-safe.
 */
public final class Intake {
  private final Taken taken;
  private final Map<String, Uuid> topics = new ConcurrentSkipListMap<>();
  private volatile Runnable doubt = () -> {};
  private final Set<String> closed = new ConcurrentSkipListSet<>();

  /**
   * @param taken what becomes of documents that were taken before
   */
  public Intake(Taken taken) {
    this.taken = taken;
  }

  /** The id of a topic, when it is first seen; a later one is another topic, and not noted. */
  public void seen(String topic, Uuid id) {
    topics.putIfAbsent(topic, id);
  }

  /** The ids of the topics that were seen, by name. */
  public Map<String, Uuid> topics() {
    return new TreeMap<>(topics);
  }

  /**
   * From now on nothing of an input topic is taken: it is another one than that which was read
   * before, and its offsets mean other documents.
   */
  public void close(String topic) {
    closed.add(topic);
  }

  /**
   * Names what looks at the topics anew. It is called on a stream thread; it must not throw, nor
   * take longer than some seconds.
   */
  public void onDoubt(Runnable look) {
    doubt = look;
  }

  /**
   * A partition is read again from an earlier offset: has its topic been made again? Afterwards it
   * is {@link #isClosed closed} if so.
   */
  void doubt() {
    doubt.run();
  }

  boolean isClosed(String topic) {
    return closed.contains(topic);
  }

  boolean again() {
    return taken == Taken.AGAIN;
  }
}
