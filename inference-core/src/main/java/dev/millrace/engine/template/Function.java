package dev.millrace.engine.template;

/**
 * A function of the environment, or a method of a value.
 *
 * @param body what it does
 */
record Function(Body body) implements Callable {

  /** What a function does. */
  interface Body {
    Value call(Rendering rendering, Arguments arguments);
  }

  @Override
  public Value call(Rendering rendering, Arguments arguments) {
    return body.call(rendering, arguments);
  }
}
