package dev.millrace.engine.template;

import java.util.List;
import java.util.Map;

/**
 * A Jinja template as chat templates are run everywhere: in Python's sandbox, with {@code
 * trim_blocks} and {@code lstrip_blocks}, loop controls, the tag {@code generation}, the functions
 * {@code raise_exception} and {@code strftime_now} and a {@code tojson} that does not escape for
 * HTML. Immutable.
 */
public final class Template {
  private static final String TOO_DEEP = "it nests too deep";

  private final List<Statement> statements;
  private final Scopes scopes;

  private Template(List<Statement> statements) {
    this.statements = statements;
    this.scopes = new Scopes(statements);
  }

  /**
   * Reads a template.
   *
   * @throws TemplateException if Jinja would not take it, or this engine does not
   */
  @SuppressWarnings("CatchStackOverflowError") // a parser shares nothing with others
  public static Template parse(String source) {
    try {
      List<Statement> statements = StatementParser.parse(source);
      Checks.check(statements, false);
      return new Template(statements);
    } catch (StackOverflowError e) {
      throw new TemplateException(1, TOO_DEEP);
    }
  }

  /**
   * What the template prints.
   *
   * @param variables by name
   * @param inputCharacters how much text the variables hold: what may be done grows with it
   * @throws TemplateException if the template fails, refuses its input, does too much, or does what
   *     this engine cannot do exactly
   */
  public Text render(Map<String, Value> variables, long inputCharacters) {
    Rendering rendering = new Rendering(variables, inputCharacters);
    try {
      return new Interpreter(rendering, scopes).run(statements);
    } catch (StackOverflowError e) {
      throw rendering.fail(TOO_DEEP);
    }
  }
}
