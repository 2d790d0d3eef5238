package dev.millrace.engine.template;

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
import dev.millrace.engine.template.Statement.Target;
import dev.millrace.engine.template.Statement.TupleTarget;
import dev.millrace.engine.template.Statement.With;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Runs statements. Owned by the thread that renders. */
final class Interpreter {

  private enum Flow {
    ON,
    BREAK,
    CONTINUE
  }

  private final Rendering rendering;
  private final Scopes scopes;
  private final Evaluator evaluator;

  Interpreter(Rendering rendering, Scopes scopes) {
    this.rendering = rendering;
    this.scopes = scopes;
    this.evaluator = new Evaluator(rendering);
  }

  Evaluator evaluator() {
    return evaluator;
  }

  Text run(List<Statement> template) {
    Frame frame = new Frame(scopes.outermost(), null);
    frame.enter(rendering);
    return printed(template, frame);
  }

  /** What statements print. */
  Text printed(List<Statement> statements, Frame frame) {
    TextBuilder out = new TextBuilder();
    run(statements, frame, out);
    return out.text();
  }

  private Flow run(List<Statement> statements, Frame frame, TextBuilder out) {
    for (Statement statement : statements) {
      Flow flow = run(statement, frame, out);
      if (flow != Flow.ON) {
        return flow;
      }
    }
    return Flow.ON;
  }

  private Flow run(Statement statement, Frame frame, TextBuilder out) {
    rendering.at(statement.line());
    switch (statement) {
      case Output output ->
          output.parts().forEach(part -> print(evaluator.value(part, frame), out));
      case Assign assign -> {
        Value value = evaluator.value(assign.value(), frame);
        rendering.at(assign.line());
        assign(assign.target(), value, frame);
      }
      case AssignBlock block -> {
        Frame inner = new Frame(scopes.body(block), frame);
        inner.enter(rendering);
        TextBuilder body = new TextBuilder();
        Flow flow = run(block.body(), inner, body);
        if (flow != Flow.ON) {
          return flow;
        }
        Value value = body.text();
        if (block.filter() != null) {
          value = evaluator.filtered(block.filter(), value, inner);
        }
        assign(block.target(), value, frame);
        inner.leave();
      }
      case For loop -> {
        return loop(loop, frame, out);
      }
      case If choice -> {
        return choice(choice, frame, out);
      }
      case Define define -> frame.set(define.name(), macro(define, frame));
      case CallBlock block -> callBlock(block, frame, out);
      case FilterBlock block -> {
        Frame inner = new Frame(scopes.body(block), frame);
        inner.enter(rendering);
        TextBuilder body = new TextBuilder();
        Flow flow = run(block.body(), inner, body);
        if (flow != Flow.ON) {
          return flow;
        }
        print(evaluator.filtered(block.filter(), body.text(), inner), out);
        inner.leave();
      }
      case With with -> {
        return with(with, frame, out);
      }
      case Statement.Break ignored -> {
        return Flow.BREAK;
      }
      case Statement.Continue ignored -> {
        return Flow.CONTINUE;
      }
    }
    return Flow.ON;
  }

  private void print(Value value, TextBuilder out) {
    Text text = Printer.string(rendering, value);
    rendering.charge(text.string().length());
    out.append(text);
  }

  private Flow choice(If choice, Frame frame, TextBuilder out) {
    if (Values.truth(evaluator.value(choice.test(), frame))) {
      return run(choice.body(), frame, out);
    }
    for (If other : choice.alternatives()) {
      if (Values.truth(evaluator.value(other.test(), frame))) {
        return run(other.body(), frame, out);
      }
    }
    return run(choice.otherwise(), frame, out);
  }

  private Flow with(With with, Frame frame, TextBuilder out) {
    Frame inner = new Frame(scopes.body(with), frame);
    inner.enter(rendering);
    for (int i = 0; i < with.targets().size(); i++) {
      assign(with.targets().get(i), evaluator.value(with.values().get(i), frame), inner);
    }
    Flow flow = run(with.body(), inner, out);
    inner.leave();
    return flow;
  }

  private Macro macro(Define define, Frame frame) {
    return new Macro(
        this,
        define.name(),
        define.parameters(),
        scopes.specials(define),
        define.body(),
        scopes.body(define),
        frame);
  }

  private void callBlock(CallBlock block, Frame frame, TextBuilder out) {
    Set<String> asked = scopes.specials(block);
    Macro caller =
        new Macro(this, "", block.parameters(), asked, block.body(), scopes.body(block), frame);
    print(
        block.call() == null
            ? caller.call(rendering, Arguments.NONE)
            : evaluator.call(block.call(), frame, caller),
        out);
  }

  // ---- loops

  private Flow loop(For loop, Frame frame, TextBuilder out) {
    Value values = evaluator.value(loop.values(), frame);
    rendering.at(loop.line());
    if (loop.recursive()) {
      print(new Recursive(loop, frame).render(values, 0), out);
      return Flow.ON;
    }
    return turns(loop, values, null, 0, frame, out);
  }

  /** A loop that may be called from its body. */
  private final class Recursive implements Loop.Recursion {
    private final For loop;
    private final Frame frame;

    Recursive(For loop, Frame frame) {
      this.loop = loop;
      this.frame = frame;
    }

    @Override
    public Value render(Value values, int depth) {
      rendering.enter();
      TextBuilder body = new TextBuilder();
      turns(loop, values, this, depth, frame, body);
      rendering.leave();
      return body.text();
    }
  }

  private Flow turns(
      For loop,
      Value values,
      Loop.@Nullable Recursion recursion,
      int depth,
      Frame frame,
      TextBuilder out) {
    Value chosen = loop.test() == null ? values : new Lazy(chosen(loop, values, frame));
    Loop context =
        scopes.specials(loop).isEmpty() ? null : new Loop(rendering, chosen, recursion, depth);
    Iterator<Value> plain =
        context == null ? Values.iterate(rendering, chosen) : List.<Value>of().iterator();
    Frame inner = new Frame(scopes.body(loop), frame);
    boolean completed = false;
    while (context == null ? plain.hasNext() : context.hasNext()) {
      rendering.at(loop.line());
      assign(loop.target(), context == null ? plain.next() : context.next(), inner);
      if (context != null) {
        inner.set("loop", context);
      }
      inner.enter(rendering);
      Flow flow = run(loop.body(), inner, out);
      if (flow == Flow.BREAK) {
        break;
      }
      // A turn that was cut short does not count as one for the else branch: so Jinja has it.
      completed |= flow == Flow.ON;
    }
    inner.leave();
    if (completed || loop.otherwise().isEmpty()) {
      return Flow.ON;
    }
    Frame otherwise = new Frame(scopes.otherwise(loop), frame);
    otherwise.enter(rendering);
    Flow flow = run(loop.otherwise(), otherwise, out);
    otherwise.leave();
    return flow;
  }

  /** Values that pass a loop's own test, each tested when its turn comes. */
  private Iterator<Value> chosen(For loop, Value values, Frame frame) {
    Expression test = loop.test() == null ? loop.values() : loop.test();
    Iterator<Value> all = Values.iterate(rendering, values);
    Frame inner = new Frame(scopes.test(loop), frame);
    return new Iterator<>() {
      private boolean entered;
      private @Nullable Value next;

      @Override
      public boolean hasNext() {
        if (!entered) {
          inner.enter(rendering);
          entered = true;
        }
        while (next == null && all.hasNext()) {
          Value value = all.next();
          rendering.step();
          assign(loop.target(), value, inner);
          if (Values.truth(evaluator.value(test, inner))) {
            next = value;
          }
        }
        return next != null;
      }

      @Override
      public Value next() {
        if (!hasNext() || next == null) {
          throw new NoSuchElementException();
        }
        Value value = next;
        next = null;
        return value;
      }
    };
  }

  // ---- assignment

  private void assign(Target target, Value value, Frame frame) {
    switch (target) {
      case NameTarget name -> frame.set(name.name(), value);
      case MemberTarget member -> {
        if (!(frame.get(rendering, member.namespace()) instanceof Namespace namespace)) {
          throw rendering.fail("%s is no namespace, so it has no members", member.namespace());
        }
        namespace.members().put(Text.of(member.member()), value);
      }
      case TupleTarget tuple -> {
        List<Value> values = new ArrayList<>();
        Iterator<Value> all = Values.iterate(rendering, value);
        while (all.hasNext() && values.size() <= tuple.targets().size()) {
          values.add(all.next());
        }
        if (values.size() != tuple.targets().size()) {
          throw rendering.fail(
              "%d names are assigned another number of values", tuple.targets().size());
        }
        for (int i = 0; i < values.size(); i++) {
          assign(tuple.targets().get(i), values.get(i), frame);
        }
      }
    }
  }
}
