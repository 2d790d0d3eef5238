package dev.millrace.engine.template;

import dev.millrace.engine.template.Expression.Name;
import dev.millrace.engine.template.Statement.Assign;
import dev.millrace.engine.template.Statement.AssignBlock;
import dev.millrace.engine.template.Statement.CallBlock;
import dev.millrace.engine.template.Statement.Define;
import dev.millrace.engine.template.Statement.FilterBlock;
import dev.millrace.engine.template.Statement.For;
import dev.millrace.engine.template.Statement.If;
import dev.millrace.engine.template.Statement.MemberTarget;
import dev.millrace.engine.template.Statement.NameTarget;
import dev.millrace.engine.template.Statement.Output;
import dev.millrace.engine.template.Statement.Parameter;
import dev.millrace.engine.template.Statement.Target;
import dev.millrace.engine.template.Statement.TupleTarget;
import dev.millrace.engine.template.Statement.With;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;

/** The scopes of a parsed template. Immutable once made. */
final class Scopes {
  private final Scope outermost = new Scope(null);
  private final IdentityHashMap<Statement, Scope> bodies = new IdentityHashMap<>();
  private final IdentityHashMap<Statement, Scope> tests = new IdentityHashMap<>();
  private final IdentityHashMap<Statement, Scope> elses = new IdentityHashMap<>();

  /** Loops whose body uses the variable loop, and what a macro's body asks for. */
  private final IdentityHashMap<Statement, Set<String>> specials = new IdentityHashMap<>();

  Scopes(List<Statement> template) {
    if (!Names.undeclared(template, Set.of("self")).isEmpty()) {
      throw new TemplateException(1, "not supported: the variable self");
    }
    inspect(template, outermost);
    descend(template, outermost);
  }

  Scope outermost() {
    return outermost;
  }

  Scope body(Statement statement) {
    return found(bodies, statement);
  }

  Scope test(For loop) {
    return found(tests, loop);
  }

  Scope otherwise(For loop) {
    return found(elses, loop);
  }

  Set<String> specials(Statement statement) {
    Set<String> names = specials.get(statement);
    return names == null ? Set.of() : names;
  }

  private static Scope found(IdentityHashMap<Statement, Scope> scopes, Statement statement) {
    Scope scope = scopes.get(statement);
    if (scope == null) {
      throw new IllegalStateException("no scope of a statement in line " + statement.line());
    }
    return scope;
  }

  // ---- what a stretch says of its own scope

  private static void inspect(List<Statement> statements, Scope scope) {
    statements.forEach(statement -> inspect(statement, scope));
  }

  private static void inspect(Statement statement, Scope scope) {
    switch (statement) {
      case Output output -> output.parts().forEach(part -> load(part, scope));
      case Assign assign -> {
        load(assign.value(), scope);
        store(assign.target(), scope);
      }
      case AssignBlock assign -> store(assign.target(), scope);
      case For loop -> load(loop.values(), scope);
      case If choice -> {
        load(choice.test(), scope);
        Scope then = scope.branch();
        inspect(choice.body(), then);
        Scope alternatives = scope.branch();
        choice.alternatives().forEach(other -> inspect(other, alternatives));
        Scope otherwise = scope.branch();
        inspect(choice.otherwise(), otherwise);
        scope.join(List.of(then, alternatives, otherwise));
      }
      case Define macro -> scope.store(macro.name());
      case CallBlock block -> {
        if (block.call() != null) {
          load(block.call(), scope);
        }
      }
      case FilterBlock block -> load(block.filter(), scope);
      case With with -> with.values().forEach(value -> load(value, scope));
      case Statement.Break ignored -> {}
      case Statement.Continue ignored -> {}
    }
  }

  private static void load(Expression expression, Scope scope) {
    for (Name name : Names.in(expression)) {
      scope.load(name.name());
    }
  }

  private static void store(Target target, Scope scope) {
    switch (target) {
      case NameTarget name -> scope.store(name.name());
      case MemberTarget member -> scope.load(member.namespace());
      case TupleTarget tuple -> tuple.targets().forEach(each -> store(each, scope));
    }
  }

  private static void parameter(Target target, Scope scope) {
    for (NameTarget name : Names.targets(target)) {
      scope.parameter(name.name());
    }
  }

  // ---- scopes inside

  private void descend(List<Statement> statements, Scope scope) {
    for (Statement statement : statements) {
      switch (statement) {
        case For loop -> loop(loop, scope);
        case If choice -> {
          descend(choice.body(), scope);
          descend(List.copyOf(choice.alternatives()), scope);
          descend(choice.otherwise(), scope);
        }
        case Define macro -> function(macro, macro.parameters(), macro.body(), scope);
        case CallBlock block -> function(block, block.parameters(), block.body(), scope);
        case AssignBlock block -> body(block, block.body(), new Scope(scope));
        case FilterBlock block -> body(block, block.body(), new Scope(scope));
        case With with -> {
          Scope inner = new Scope(scope);
          with.targets().forEach(target -> parameter(target, inner));
          body(with, with.body(), inner);
        }
        case Output ignored -> {}
        case Assign ignored -> {}
        case Statement.Break ignored -> {}
        case Statement.Continue ignored -> {}
      }
    }
  }

  private void body(Statement owner, List<Statement> body, Scope scope) {
    inspect(body, scope);
    bodies.put(owner, scope);
    descend(body, scope);
  }

  private void loop(For loop, Scope scope) {
    if (Names.assigns(loop, "loop")) {
      throw new TemplateException(loop.line(), "a loop assigns to the variable loop");
    }
    Scope inner = new Scope(scope);
    Set<String> used = Names.undeclared(loop.body(), Set.of("loop"));
    if (loop.recursive() || !used.isEmpty()) {
      specials.put(loop, Set.of("loop"));
      inner.parameter("loop");
    }
    parameter(loop.target(), inner);
    body(loop, loop.body(), inner);
    Scope otherwise = new Scope(scope);
    inspect(loop.otherwise(), otherwise);
    elses.put(loop, otherwise);
    descend(loop.otherwise(), otherwise);
    if (loop.test() != null) {
      Scope test = new Scope(scope);
      parameter(loop.target(), test);
      load(loop.test(), test);
      tests.put(loop, test);
    }
  }

  private void function(
      Statement owner, List<Parameter> parameters, List<Statement> body, Scope scope) {
    Scope inner = new Scope(scope);
    parameters.forEach(parameter -> inner.parameter(parameter.name()));
    for (Parameter parameter : parameters) {
      if (parameter.ifMissing() != null) {
        load(parameter.ifMissing(), inner);
      }
    }
    inspect(body, inner);
    Set<String> asked = Names.undeclared(body, Set.of("caller", "kwargs", "varargs"));
    List<String> named = new ArrayList<>();
    parameters.forEach(parameter -> named.add(parameter.name()));
    for (Parameter parameter : parameters) {
      if (parameter.name().equals("caller")
          && parameter.ifMissing() == null
          && asked.contains("caller")) {
        throw new TemplateException(owner.line(), "the parameter caller needs a default");
      }
    }
    asked.stream().filter(name -> !named.contains(name)).forEach(inner::parameter);
    specials.put(owner, asked);
    bodies.put(owner, inner);
    descend(body, inner);
  }
}
