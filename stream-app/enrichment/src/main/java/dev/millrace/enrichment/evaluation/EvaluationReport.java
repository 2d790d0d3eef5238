package dev.millrace.enrichment.evaluation;

import dev.millrace.enrichment.OrderedCopy;
import java.util.Map;
import java.util.Optional;

/**
 * What an evaluation measured.
 *
 * @param documents compared
 * @param rejections rejected documents by reason; they count as wrong
 * @param labels empty if no document has a label of the plan
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
    Map<String, Texts> texts,
    long documentTokens,
    long promptTokens,
    long generatedTokens,
    double computeSeconds,
    double seconds) {

  /** Copies the maps, keeping their order. */
  public EvaluationReport {
    rejections = OrderedCopy.of(rejections);
    texts = OrderedCopy.of(texts);
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
