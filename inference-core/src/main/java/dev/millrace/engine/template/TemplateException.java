package dev.millrace.engine.template;

/**
 * A template that cannot be parsed, cannot be rendered exactly, fails, or refuses its input. The
 * message never quotes text that came in as content.
 */
public final class TemplateException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final int line;

  TemplateException(int line, String message) {
    super(message);
    this.line = line;
  }

  /** The template's line, from 1. */
  public int line() {
    return line;
  }
}
