package dev.millrace.enrichment;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/**
 * SHA-256 over what shapes an answer: everything of a plan but its version and its prices. Each
 * field goes in with its length, so that no two plans run together. Not thread-safe.
 */
final class PlanDigest {
  private final StringBuilder fields = new StringBuilder();

  private PlanDigest() {}

  static String of(Plan plan) {
    PlanDigest digest = new PlanDigest();
    digest.add(plan.language()).add(plan.system());
    digest.add(plan.documents().tokensMax()).add(plan.documents().partsMax());
    digest.add(plan.documents().beyond()).add(plan.flawedAnswers());
    if (!plan.documents().template().equals(DocumentTemplate.NONE)) {
      digest.add("template").add(plan.documents().template().text());
    }
    plan.tasks().forEach(digest::add);
    return sha256(digest.fields.toString());
  }

  private void add(Task task) {
    switch (task) {
      case Task.Summarise t -> {
        add("summarise").add(t.instruction()).add(t.reduceInstruction()).add(t.tokensMax());
        addName(t, Task.Summarise.NAME);
      }
      case Task.Generate t -> {
        add("generate").add(t.instruction()).add(t.reduceInstruction()).add(t.tokensMax());
        addName(t, "");
      }
      case Task.Classify t -> {
        add("classify").add(t.instruction()).add(t.temperature()).add(t.abstainBelow());
        add(t.labels());
        addName(t, Task.Classify.NAME);
      }
      case Task.ClassifyAny t -> {
        add("classifyAny").add(t.instruction()).add(t.temperature()).add(t.threshold());
        add(t.yesText()).add(t.noText()).add(t.labels());
        addName(t, "");
      }
      case Task.Translate t -> {
        add("translate").add(t.target()).add(t.instruction()).add(t.tokensMax());
        add(t.tokensPerDocumentToken()).add(t.from().size());
        t.from().stream().sorted().forEach(this::add);
      }
      case Task.Screen t -> {
        add("screen").add(t.layout()).add(t.prompt()).add(t.policyVersion()).add(t.threshold());
        add(t.safeText()).add(t.unsafeText()).add(t.tokensMax()).add(t.categories().size());
        t.categories().forEach((code, text) -> add(code).add(text));
      }
    }
    if (!task.model().equals(Task.MAIN)) {
      add("model").add(task.model());
    }
  }

  /** Only what the plan says: one without names has the digest it had before there were any. */
  private void addName(Task task, String unnamed) {
    if (!task.name().equals(unnamed)) {
      add("name").add(task.name());
    }
  }

  private PlanDigest add(List<Task.Label> labels) {
    add(labels.size());
    labels.forEach(label -> add(label.name()).add(label.text()));
    return this;
  }

  private PlanDigest add(Object field) {
    String text = String.valueOf(field);
    fields.append(text.length()).append(':').append(text);
    return this;
  }

  private static String sha256(String text) {
    try {
      MessageDigest sha = MessageDigest.getInstance("SHA-256");
      return HexFormat.of().formatHex(sha.digest(text.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
