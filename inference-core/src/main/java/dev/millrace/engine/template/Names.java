package dev.millrace.engine.template;

import dev.millrace.engine.template.Expression.Inputs;
import dev.millrace.engine.template.Expression.Name;
import dev.millrace.engine.template.Statement.NameTarget;
import dev.millrace.engine.template.Statement.Parameter;
import dev.millrace.engine.template.Statement.Target;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Which names a template uses and assigns to, in the order in which Jinja meets them. */
final class Names {
  private Names() {}

  /** The variables in an expression. */
  static List<Name> in(Expression expression) {
    List<Name> names = new ArrayList<>();
    collect(expression, names);
    return names;
  }

  private static void collect(@Nullable Expression expression, List<Name> into) {
    switch (expression) {
      case null -> {}
      case Name name -> into.add(name);
      case Expression.Constant ignored -> {}
      case Expression.Sequence items -> collect(items.items(), into);
      case Expression.Mapping mapping -> {
        for (int i = 0; i < mapping.keys().size(); i++) {
          collect(mapping.keys().get(i), into);
          collect(mapping.values().get(i), into);
        }
      }
      case Expression.Unary unary -> collect(unary.operand(), into);
      case Expression.Binary binary -> {
        collect(binary.left(), into);
        collect(binary.right(), into);
      }
      case Expression.Chain chain -> collect(chain.operands(), into);
      case Expression.Joined joined -> collect(joined.parts(), into);
      case Expression.Conditional choice -> {
        collect(choice.test(), into);
        collect(choice.then(), into);
        collect(choice.otherwise(), into);
      }
      case Expression.Member member -> collect(member.of(), into);
      case Expression.Subscript subscript -> {
        collect(subscript.of(), into);
        collect(subscript.index(), into);
      }
      case Expression.Slice slice -> {
        collect(slice.of(), into);
        collect(slice.start(), into);
        collect(slice.stop(), into);
        collect(slice.step(), into);
      }
      case Expression.Call call -> {
        collect(call.callee(), into);
        collect(call.inputs(), into);
      }
      case Expression.Filter filter -> {
        collect(filter.input(), into);
        collect(filter.inputs(), into);
      }
      case Expression.Test test -> {
        collect(test.input(), into);
        collect(test.inputs(), into);
      }
    }
  }

  private static void collect(Collection<Expression> all, List<Name> into) {
    all.forEach(each -> collect(each, into));
  }

  private static void collect(Inputs inputs, List<Name> into) {
    collect(inputs.positional(), into);
    inputs.keywords().forEach(keyword -> collect(keyword.value(), into));
    collect(inputs.more(), into);
    collect(inputs.moreKeywords(), into);
  }

  /** The variables that a target assigns to. */
  static List<NameTarget> targets(Target target) {
    return switch (target) {
      case NameTarget name -> List.of(name);
      case Statement.MemberTarget ignored -> List.of();
      case Statement.TupleTarget tuple ->
          tuple.targets().stream().flatMap(each -> targets(each).stream()).toList();
    };
  }

  /** Which of some names a body uses before it assigns to them, by the order of its text. */
  static Set<String> undeclared(List<Statement> body, Set<String> wanted) {
    Walk walk = new Walk(wanted);
    walk.statements(body);
    return walk.used;
  }

  /** Whether a name is assigned to by a statement or inside it. */
  static boolean assigns(Statement statement, String name) {
    Walk walk = new Walk(Set.of(name));
    walk.statement(statement);
    return walk.assigned.contains(name);
  }

  private static final class Walk {
    private final Set<String> open;
    private final Set<String> used = new TreeSet<>();
    private final Set<String> assigned = new HashSet<>();

    Walk(Set<String> wanted) {
      open = new HashSet<>(wanted);
    }

    void statements(List<? extends Statement> all) {
      all.forEach(this::statement);
    }

    void statement(Statement statement) {
      switch (statement) {
        case Statement.Output output -> output.parts().forEach(this::use);
        case Statement.Assign assign -> {
          assign(assign.target());
          use(assign.value());
        }
        case Statement.AssignBlock block -> {
          assign(block.target());
          use(block.filter());
          statements(block.body());
        }
        case Statement.For loop -> {
          assign(loop.target());
          use(loop.values());
          statements(loop.body());
          statements(loop.otherwise());
          use(loop.test());
        }
        case Statement.If choice -> {
          use(choice.test());
          statements(choice.body());
          statements(choice.alternatives());
          statements(choice.otherwise());
        }
        case Statement.Define macro -> {
          parameters(macro.parameters());
          statements(macro.body());
        }
        case Statement.CallBlock block -> {
          use(block.call());
          parameters(block.parameters());
          statements(block.body());
        }
        case Statement.FilterBlock block -> {
          statements(block.body());
          use(block.filter());
        }
        case Statement.With with -> {
          with.targets().forEach(each -> targets(each).forEach(name -> open.remove(name.name())));
          with.values().forEach(this::use);
          statements(with.body());
        }
        case Statement.Break ignored -> {}
        case Statement.Continue ignored -> {}
      }
    }

    private void parameters(List<Parameter> parameters) {
      parameters.forEach(parameter -> open.remove(parameter.name()));
      parameters.forEach(parameter -> use(parameter.ifMissing()));
    }

    private void assign(Target target) {
      for (NameTarget name : targets(target)) {
        assigned.add(name.name());
        open.remove(name.name());
      }
    }

    private void use(@Nullable Expression expression) {
      List<Name> names = new ArrayList<>();
      collect(expression, names);
      names.stream().map(Name::name).filter(open::contains).forEach(used::add);
    }
  }
}
