package dev.millrace.engine.template;

import dev.millrace.engine.template.Expression.Filter;
import dev.millrace.engine.template.Expression.Inputs;
import dev.millrace.engine.template.Expression.Test;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What Jinja refuses before it runs a template: filters and tests it has not, unless they stand
 * where a condition decides whether they are reached.
 */
final class Checks {
  private Checks() {}

  static void check(List<? extends Statement> statements, boolean conditional) {
    for (Statement statement : statements) {
      switch (statement) {
        case Statement.Output output -> check(output.parts(), conditional);
        case Statement.Assign assign -> check(assign.value(), conditional);
        case Statement.AssignBlock block -> {
          check(block.filter(), false);
          check(block.body(), false);
        }
        case Statement.For loop -> {
          check(loop.values(), conditional);
          check(loop.test(), false);
          check(loop.body(), false);
          check(loop.otherwise(), false);
        }
        case Statement.If choice -> {
          check(choice.test(), true);
          check(choice.body(), true);
          check(choice.alternatives(), true);
          check(choice.otherwise(), true);
        }
        case Statement.Define macro -> {
          macro.parameters().forEach(parameter -> check(parameter.ifMissing(), false));
          check(macro.body(), false);
        }
        case Statement.CallBlock block -> {
          block.parameters().forEach(parameter -> check(parameter.ifMissing(), false));
          check(block.call(), conditional);
          check(block.body(), false);
        }
        case Statement.FilterBlock block -> {
          check(block.filter(), false);
          check(block.body(), false);
        }
        case Statement.With with -> {
          check(with.values(), conditional);
          check(with.body(), false);
        }
        case Statement.Break ignored -> {}
        case Statement.Continue ignored -> {}
      }
    }
  }

  private static void check(Collection<Expression> all, boolean conditional) {
    all.forEach(each -> check(each, conditional));
  }

  private static void check(@Nullable Expression expression, boolean conditional) {
    switch (expression) {
      case null -> {}
      case Expression.Constant ignored -> {}
      case Expression.Name ignored -> {}
      case Expression.Sequence items -> check(items.items(), conditional);
      case Expression.Mapping mapping -> {
        check(mapping.keys(), conditional);
        check(mapping.values(), conditional);
      }
      case Expression.Unary unary -> check(unary.operand(), conditional);
      case Expression.Binary binary -> {
        check(binary.left(), conditional);
        check(binary.right(), conditional);
      }
      case Expression.Chain chain -> check(chain.operands(), conditional);
      case Expression.Joined joined -> check(joined.parts(), conditional);
      case Expression.Conditional choice -> {
        check(choice.test(), true);
        check(choice.then(), true);
        check(choice.otherwise(), true);
      }
      case Expression.Member member -> check(member.of(), conditional);
      case Expression.Subscript subscript -> {
        check(subscript.of(), conditional);
        check(subscript.index(), conditional);
      }
      case Expression.Slice slice -> {
        check(slice.of(), conditional);
        check(slice.start(), conditional);
        check(slice.stop(), conditional);
        check(slice.step(), conditional);
      }
      case Expression.Call call -> {
        check(call.callee(), conditional);
        check(call.inputs(), conditional);
      }
      case Filter filter -> {
        if (!conditional && !Filters.isOneOfJinja(filter.name())) {
          throw new TemplateException(filter.line(), "there is no filter " + filter.name());
        }
        check(filter.input(), conditional);
        check(filter.inputs(), conditional);
      }
      case Test test -> {
        if (!conditional && !Tests.isOneOfJinja(test.name())) {
          throw new TemplateException(test.line(), "there is no test " + test.name());
        }
        check(test.input(), conditional);
        check(test.inputs(), conditional);
      }
    }
  }

  private static void check(Inputs inputs, boolean conditional) {
    check(inputs.positional(), conditional);
    inputs.keywords().forEach(keyword -> check(keyword.value(), conditional));
    check(inputs.more(), conditional);
    check(inputs.moreKeywords(), conditional);
  }
}
