package dev.millrace.engine.template;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a template does, each with its line. Immutable. */
sealed interface Statement {

  int line();

  /** Prints. */
  record Output(int line, List<Expression> parts) implements Statement {}

  /** {@code set target = value}. */
  record Assign(int line, Target target, Expression value) implements Statement {}

  /** {@code set target} and a body that is printed into it. */
  record AssignBlock(
      int line, Target target, Expression.@Nullable Filter filter, List<Statement> body)
      implements Statement {}

  /** A loop. */
  record For(
      int line,
      Target target,
      Expression values,
      @Nullable Expression test,
      boolean recursive,
      List<Statement> body,
      List<Statement> otherwise)
      implements Statement {}

  /** A choice. */
  record If(
      int line,
      Expression test,
      List<Statement> body,
      List<If> alternatives,
      List<Statement> otherwise)
      implements Statement {}

  /** A macro's definition. */
  record Define(int line, String name, List<Parameter> parameters, List<Statement> body)
      implements Statement {}

  /** A call of a macro with a body that it may print; of none for the tag generation. */
  record CallBlock(
      int line, List<Parameter> parameters, Expression.@Nullable Call call, List<Statement> body)
      implements Statement {}

  /** A body that is printed through filters. */
  record FilterBlock(int line, Expression.Filter filter, List<Statement> body)
      implements Statement {}

  /** Variables for a body. */
  record With(int line, List<Target> targets, List<Expression> values, List<Statement> body)
      implements Statement {}

  /** Ends a loop. */
  record Break(int line) implements Statement {}

  /** Goes on with a loop's next turn. */
  record Continue(int line) implements Statement {}

  /** A macro's parameter. */
  record Parameter(String name, @Nullable Expression ifMissing) {}

  /** What can be assigned to. */
  sealed interface Target {}

  /** A variable. */
  record NameTarget(int line, String name) implements Target {}

  /** A namespace's member. */
  record MemberTarget(int line, String namespace, String member) implements Target {}

  /** Several at once. */
  record TupleTarget(int line, List<Target> targets) implements Target {}
}
