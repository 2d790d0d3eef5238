package dev.millrace.engine.template;

/**
 * A piece of a template.
 *
 * @param kind what it is
 * @param text its characters; of a string and of data, what they mean
 * @param line where it begins, from 1
 */
record Token(Kind kind, String text, int line) {

  /** What a piece is. */
  enum Kind {
    /** Text that is printed as it stands. */
    DATA("text"),
    /** Opens an expression to be printed. */
    PRINT("{{"),
    /** Closes one. */
    PRINT_END("}}"),
    /** Opens a tag. */
    TAG("{%"),
    /** Closes one. */
    TAG_END("%}"),
    /** A name or word. */
    NAME("a name"),
    /** A quoted text. */
    STRING("a string"),
    /** Digits. */
    INTEGER("an integer"),
    /** Digits with a point or an exponent. */
    REAL("a number"),
    /** One of the operators and brackets. */
    OPERATOR("an operator"),
    /** Nothing more follows. */
    END("the end of the template");

    private final String description;

    Kind(String description) {
      this.description = description;
    }
  }

  boolean isName(String name) {
    return kind == Kind.NAME && text.equals(name);
  }

  boolean isOperator(String operator) {
    return kind == Kind.OPERATOR && text.equals(operator);
  }

  /** For messages. */
  String described() {
    return switch (kind) {
      case NAME, OPERATOR, INTEGER, REAL -> text;
      default -> kind.description;
    };
  }
}
