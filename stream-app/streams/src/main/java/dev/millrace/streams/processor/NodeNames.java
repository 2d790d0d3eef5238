package dev.millrace.streams.processor;

import dev.millrace.operations.config.Input;
import dev.millrace.records.Sink;

/**
 * Names of an input's nodes and of its store. Part of the changelog topic's name: another name
 * loses what is pending.
 *
 * @param input name of the input
 */
public record NodeNames(String input) {

  /** The one input that needs no list has names of its own; they are older. */
  private String name(String kind, String alone) {
    return input.equals(Input.DEFAULT_NAME) ? alone : kind + "-" + input;
  }

  /** The node that reads the input topic. */
  public String source() {
    return name("source", "documents");
  }

  /** The node that enriches. */
  public String enrich() {
    return name("enrich", "enrich");
  }

  /** The pending store. */
  public String store() {
    return name("pending", "pending");
  }

  /** The topic that Kafka Streams keeps the pending store in. */
  public String changelog(String application) {
    return application + "-" + store() + "-changelog";
  }

  /** The node that writes to a sink. */
  public String sink(Sink sink) {
    return switch (sink) {
      case ENRICHED -> name("enriched", "enriched");
      case QUARANTINED -> name("quarantined", "quarantined");
      case DEAD_LETTER -> name("dead-letter", "dead-letter");
    };
  }
}
