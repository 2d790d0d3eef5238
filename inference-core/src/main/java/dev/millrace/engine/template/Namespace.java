package dev.millrace.engine.template;

/** The one value that templates can change. Not thread-safe; compared by identity. */
final class Namespace implements Value {
  private final Dict members;

  Namespace(Dict members) {
    this.members = members;
  }

  Dict members() {
    return members;
  }

  @Override
  public String type() {
    return "Namespace";
  }
}
