package dev.millrace.streams.processor;

import dev.millrace.enrichment.Deferral;
import dev.millrace.enrichment.Enrichment;
import dev.millrace.enrichment.RejectReason;
import dev.millrace.records.SourcePosition;
import java.util.List;
import org.apache.kafka.common.Uuid;

/**
 * Tells several listeners. Immutable.
 *
 * @param all told in this order
 */
public record ProcessorMonitors(List<ProcessorMonitor> all) implements ProcessorMonitor {

  /** Copies the list. */
  public ProcessorMonitors {
    all = List.copyOf(all);
  }

  @Override
  public void load(String task, Load load) {
    all.forEach(monitor -> monitor.load(task, load));
  }

  @Override
  public void taskClosed(String task) {
    all.forEach(monitor -> monitor.taskClosed(task));
  }

  @Override
  public void resubmitted(long documents, long ofOtherPlans) {
    all.forEach(monitor -> monitor.resubmitted(documents, ofOtherPlans));
  }

  @Override
  public void suspected(int documents, int waiting) {
    all.forEach(monitor -> monitor.suspected(documents, waiting));
  }

  @Override
  public void suspected(PendingId id, int restarts) {
    all.forEach(monitor -> monitor.suspected(id, restarts));
  }

  @Override
  public void takenBefore(SourcePosition at, long next) {
    all.forEach(monitor -> monitor.takenBefore(at, next));
  }

  @Override
  public void topicReplaced(String topic, Uuid before) {
    all.forEach(monitor -> monitor.topicReplaced(topic, before));
  }

  @Override
  public void staleCompletion() {
    all.forEach(ProcessorMonitor::staleCompletion);
  }

  @Override
  public void enriched(Enrichment enrichment, boolean quarantined, long ageMillis) {
    all.forEach(monitor -> monitor.enriched(enrichment, quarantined, ageMillis));
  }

  @Override
  public void rejected(RejectReason reason, long ageMillis) {
    all.forEach(monitor -> monitor.rejected(reason, ageMillis));
  }

  @Override
  public void deleted(boolean forwarded, long ageMillis) {
    all.forEach(monitor -> monitor.deleted(forwarded, ageMillis));
  }

  @Override
  public void retry(Deferral.Cause cause, String message) {
    all.forEach(monitor -> monitor.retry(cause, message));
  }
}
