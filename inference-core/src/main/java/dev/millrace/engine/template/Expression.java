package dev.millrace.engine.template;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** The parts of an expression, each with its line. Immutable. */
sealed interface Expression {

  int line();

  /** A literal, or text that is printed as it stands. */
  record Constant(int line, Value value) implements Expression {}

  /** A variable. */
  record Name(int line, String name) implements Expression {}

  /** A list or tuple. */
  record Sequence(int line, List<Expression> items, boolean tuple) implements Expression {}

  /** A mapping. */
  record Mapping(int line, List<Expression> keys, List<Expression> values) implements Expression {}

  /** {@code not}, minus or plus. */
  record Unary(int line, String operator, Expression operand) implements Expression {}

  /** Arithmetic, {@code and}, {@code or}. */
  record Binary(int line, String operator, Expression left, Expression right)
      implements Expression {}

  /** A chain of comparisons; the operators are one shorter than the operands. */
  record Chain(int line, List<Expression> operands, List<String> operators) implements Expression {}

  /** Operands of {@code ~}. */
  record Joined(int line, List<Expression> parts) implements Expression {}

  /** {@code then if test else otherwise}. */
  record Conditional(int line, Expression test, Expression then, @Nullable Expression otherwise)
      implements Expression {}

  /** {@code of.name}. */
  record Member(int line, Expression of, String name) implements Expression {}

  /** {@code of[index]}. */
  record Subscript(int line, Expression of, Expression index) implements Expression {}

  /** {@code of[start:stop:step]}. */
  record Slice(
      int line,
      Expression of,
      @Nullable Expression start,
      @Nullable Expression stop,
      @Nullable Expression step)
      implements Expression {}

  /** A call. */
  record Call(int line, Expression callee, Inputs inputs) implements Expression {}

  /** {@code input | name(inputs)}; in a filter block the innermost has no input. */
  record Filter(int line, @Nullable Expression input, String name, Inputs inputs)
      implements Expression {}

  /** {@code input is name inputs}. */
  record Test(int line, Expression input, String name, Inputs inputs) implements Expression {}

  /**
   * What is written between a call's brackets.
   *
   * @param positional in order
   * @param keywords by name
   * @param more an expression after a star
   * @param moreKeywords an expression after two
   */
  record Inputs(
      List<Expression> positional,
      List<Keyword> keywords,
      @Nullable Expression more,
      @Nullable Expression moreKeywords) {
    static final Inputs NONE = new Inputs(List.of(), List.of(), null, null);
  }

  /** {@code name=value}. */
  record Keyword(String name, Expression value) {}
}
