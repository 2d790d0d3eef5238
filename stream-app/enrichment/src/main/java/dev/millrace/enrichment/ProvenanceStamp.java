package dev.millrace.enrichment;

import dev.millrace.enrichment.Enrichment.AskedTask;
import dev.millrace.enrichment.Enrichment.Model;
import dev.millrace.enrichment.Enrichment.Provenance;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * What every document's provenance is made of. Immutable.
 *
 * @param promptVersion the plan's fingerprint
 * @param engineBuild version of this software
 * @param models by name
 * @param tasks of the plan
 */
record ProvenanceStamp(
    String promptVersion,
    String engineBuild,
    Map<String, Model> models,
    Map<Task, AskedTask> tasks) {

  static ProvenanceStamp of(Plan plan, Map<String, Asker> askers, String engineBuild) {
    Map<String, Model> models = new LinkedHashMap<>();
    askers.forEach((name, asker) -> models.put(name, asker.model()));
    Map<Task, AskedTask> tasks = new LinkedHashMap<>();
    for (Task task : plan.tasks()) {
      tasks.put(task, new AskedTask(task.model(), "", plan.promptDigest(task)));
    }
    return new ProvenanceStamp(plan.fingerprint(), engineBuild, models, tasks);
  }

  /** Of a document that was asked about in those tasks. */
  Provenance provenance(Set<Task> asked) {
    Map<String, AskedTask> named = new LinkedHashMap<>();
    tasks.forEach((task, how) -> {
      if (asked.contains(task)) {
        named.put(task.name(), how);
      }
    });
    return new Provenance(promptVersion, engineBuild, models, named);
  }
}
