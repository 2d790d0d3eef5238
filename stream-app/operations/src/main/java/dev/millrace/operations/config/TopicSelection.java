package dev.millrace.operations.config;

import java.util.Optional;
import java.util.regex.Pattern;

/** Which topics are meant: one by its name, or all whose names match a pattern. */
public sealed interface TopicSelection {

  /** One topic. */
  record Named(String topic) implements TopicSelection {
    @Override
    public boolean contains(String name) {
      return topic.equals(name);
    }

    @Override
    public String toString() {
      return topic;
    }
  }

  /**
   * All topics, those to come included, whose whole names match.
   *
   * @param regex a regular expression of {@link Pattern}
   */
  record Matching(String regex) implements TopicSelection {

    /** Refuses what is no regular expression. */
    public Matching {
      Pattern.compile(regex);
    }

    /** The expression, compiled. */
    public Pattern pattern() {
      return Pattern.compile(regex);
    }

    @Override
    public boolean contains(String name) {
      return pattern().matcher(name).matches();
    }

    @Override
    public String toString() {
      return regex;
    }
  }

  /** The topic of that name. */
  static TopicSelection named(String topic) {
    return new Named(topic);
  }

  /** The topics that match. */
  static TopicSelection matching(String regex) {
    return new Matching(regex);
  }

  /** Whether a topic is one of them. */
  boolean contains(String name);

  /** The name, if one topic is meant by its name. */
  default Optional<String> name() {
    return switch (this) {
      case Named(String topic) -> Optional.of(topic);
      case Matching _ -> Optional.empty();
    };
  }
}
