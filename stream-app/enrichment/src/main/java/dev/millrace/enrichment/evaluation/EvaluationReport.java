package dev.millrace.enrichment.evaluation;

import dev.millrace.enrichment.OrderedCopy;
import java.util.Map;
import java.util.Optional;

/**
 * What an evaluation measured.
 *
 * @param documents compared
 * @param rejections rejected documents by reason; they count as wrong
 * @param labels of the task without a name, or the first that chooses one label; empty if no
 *     document has a label of it
 * @param classifications of named tasks that choose one label, by name, as far as documents have
 *     labels of them
 * @param anyLabels of tasks that choose any number of labels, by name, as far as documents say
 * @param texts measures of generated texts by what they are about
 * @param documentTokens tokens of the documents
 * @param promptTokens prompt tokens of all requests
 * @param generatedTokens tokens generated
 * @param computeSeconds step time of the engine
 * @param seconds time from the first document to the last
 */
@SuppressWarnings("OptionalUsedAsFieldOrParameterType")
public record EvaluationReport(
    int documents,
    Map<String, Integer> rejections,
    Optional<Labels> labels,
    Map<String, Labels> classifications,
    Map<String, AnyLabels> anyLabels,
    Map<String, Texts> texts,
    long documentTokens,
    long promptTokens,
    long generatedTokens,
    double computeSeconds,
    double seconds) {

  /** Copies the maps, keeping their order. */
  public EvaluationReport {
    rejections = OrderedCopy.of(rejections);
    classifications = OrderedCopy.of(classifications);
    anyLabels = OrderedCopy.of(anyLabels);
    texts = OrderedCopy.of(texts);
  }

  /** Whether there is a label to fit a temperature on. */
  public boolean hasLabels() {
    return labels.isPresent() || !classifications.isEmpty() || !anyLabels.isEmpty();
  }

  /** Documents a second, by the clock. */
  public double documentsPerSecond() {
    return seconds > 0 ? documents / seconds : 0;
  }

  /**
   * Measures of a classification.
   *
   * @param references documents with a label of the plan
   * @param unknownLabels documents with a label that the plan does not have; not counted
   * @param accuracy share whose likeliest label is right
   * @param top3 share whose right label is among the three likeliest
   * @param calibrationErrorRaw expected calibration error of the model's own probabilities
   * @param temperature of the plan
   * @param calibrationError expected calibration error at that temperature
   * @param abstained share below the plan's threshold
   * @param accuracyKept accuracy of the others
   * @param fit a temperature fitted on these documents, if asked for
   */
  public record Labels(
      int references,
      int unknownLabels,
      double accuracy,
      double top3,
      double calibrationErrorRaw,
      double temperature,
      double calibrationError,
      double abstained,
      double accuracyKept,
      Optional<Fit> fit) {}

  /**
   * Measures of a classification that chooses any number of labels.
   *
   * @param references documents whose labels are known
   * @param unknownLabels labels of documents that the plan does not have; not counted
   * @param precision share of the chosen labels that are right
   * @param recall share of the right labels that are chosen
   * @param f1 harmonic mean of both, over all labels of all documents
   * @param exact share of documents that get exactly the right labels
   * @param calibrationErrorRaw expected calibration error of the model's own yes and no
   * @param temperature of the plan
   * @param threshold of the plan
   * @param calibrationError expected calibration error at that temperature
   * @param fit a temperature fitted on these documents, if asked for
   */
  public record AnyLabels(
      int references,
      int unknownLabels,
      double precision,
      double recall,
      double f1,
      double exact,
      double calibrationErrorRaw,
      double temperature,
      double threshold,
      double calibrationError,
      Optional<Fit> fit) {}

  /**
   * A fitted temperature.
   *
   * @param temperature for the plan's classification
   * @param calibrationError at that temperature, on the documents it was fitted on
   */
  public record Fit(double temperature, double calibrationError) {}

  /**
   * A measure of generated texts.
   *
   * @param measure its name
   * @param references texts compared
   * @param score of the measure: ROUGE-L 0..1, chrF2 0..100
   */
  public record Texts(String measure, int references, double score) {}
}
