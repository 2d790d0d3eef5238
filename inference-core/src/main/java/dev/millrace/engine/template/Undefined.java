package dev.millrace.engine.template;

/**
 * What a missing variable, attribute or item is: prints nothing, counts as false and empty, fails
 * in all other uses. Immutable.
 *
 * @param problem what a failing use says
 */
record Undefined(String problem) implements Value {

  static Undefined variable(String name) {
    return new Undefined("'" + name + "' is undefined");
  }

  static Undefined member(Value of, String name) {
    return new Undefined("a value of type " + of.type() + " has no member " + name);
  }

  @Override
  public String type() {
    return "Undefined";
  }
}
