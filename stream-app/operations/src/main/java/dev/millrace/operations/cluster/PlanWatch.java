package dev.millrace.operations.cluster;

import dev.millrace.records.PlanFingerprint;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.LongSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks again and again whether the instances of a group run different plans or models: the same
 * document then gets other answers, depending on which of them takes it. Each instance carries its
 * fingerprint in its name as a member of the group, which the brokers tell of all. Thread-safe;
 * owned and closed by the application.
 */
public final class PlanWatch implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(PlanWatch.class);
  private static final Duration EVERY = Duration.ofSeconds(5);
  private static final Duration PATIENCE = Duration.ofSeconds(4);
  private static final Pattern MEMBER = Pattern.compile("(.*)\\.plan-([0-9a-f]{16})(-.*)?");

  private final String group;
  private final PlanFingerprint own;
  private final Question question;
  private final Watch watch;
  private volatile List<String> notes = List.of();

  /** Which names a group's members have; throws if that cannot be found out. */
  public interface Question {
    /** Asks once, and waits for the answer at most for so long. */
    Collection<String> ask(String group, Duration atMost) throws InterruptedException;
  }

  /**
   * Looks from now on.
   *
   * @param group name of the group
   * @param own what this instance runs
   */
  public PlanWatch(String group, PlanFingerprint own, Question question, LongSupplier nanoClock) {
    this.group = group;
    this.own = own;
    this.question = question;
    this.watch =
        Watch.start(
            "the members of group " + group + " are not known", EVERY, this::look, nanoClock);
  }

  /** The name of an instance in its group. */
  public static String member(String instance, PlanFingerprint plan) {
    return "%s.plan-%s".formatted(instance, plan.hex());
  }

  /** Looks once. */
  void look() throws InterruptedException {
    Map<String, TreeSet<String>> instances = new TreeMap<>();
    for (String id : question.ask(group, PATIENCE)) {
      Matcher matcher = MEMBER.matcher(id);
      if (matcher.matches()) {
        instances.computeIfAbsent(matcher.group(2), _ -> new TreeSet<>()).add(matcher.group(1));
      }
    }
    instances.remove(own.hex());
    List<String> found = new ArrayList<>();
    if (!instances.isEmpty()) {
      found.add(
          ("instances of group %s run other plans or models than this one (%s): %s; a document's"
                  + " answers depend on which instance takes it")
              .formatted(group, own.hex(), instances));
    }
    if (!found.equals(notes)) {
      found.forEach(LOG::warn);
      if (found.isEmpty()) {
        LOG.info("all instances of group {} run the same plans and models again", group);
      }
      notes = List.copyOf(found);
    }
  }

  /** What an operator should know, one line each; empty if all is well. */
  public List<String> notes() {
    return notes;
  }

  @Override
  public void close() {
    watch.close();
  }
}
