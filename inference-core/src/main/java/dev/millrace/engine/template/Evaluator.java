package dev.millrace.engine.template;

import dev.millrace.engine.template.Expression.Binary;
import dev.millrace.engine.template.Expression.Call;
import dev.millrace.engine.template.Expression.Chain;
import dev.millrace.engine.template.Expression.Conditional;
import dev.millrace.engine.template.Expression.Constant;
import dev.millrace.engine.template.Expression.Filter;
import dev.millrace.engine.template.Expression.Inputs;
import dev.millrace.engine.template.Expression.Joined;
import dev.millrace.engine.template.Expression.Mapping;
import dev.millrace.engine.template.Expression.Member;
import dev.millrace.engine.template.Expression.Name;
import dev.millrace.engine.template.Expression.Sequence;
import dev.millrace.engine.template.Expression.Slice;
import dev.millrace.engine.template.Expression.Subscript;
import dev.millrace.engine.template.Expression.Test;
import dev.millrace.engine.template.Expression.Unary;
import dev.millrace.engine.template.Value.Bool;
import dev.millrace.engine.template.Value.None;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Computes expressions. Owned by the thread that renders. */
final class Evaluator {
  private final Rendering rendering;

  Evaluator(Rendering rendering) {
    this.rendering = rendering;
  }

  Value value(Expression expression, Frame frame) {
    rendering.enter();
    rendering.at(expression.line());
    Value value =
        switch (expression) {
          case Constant constant -> constant.value();
          case Name name -> {
            Value found = frame.get(rendering, name.name());
            yield found == null ? Undefined.variable(name.name()) : found;
          }
          case Sequence items -> {
            List<Value> values = values(items.items(), frame);
            yield items.tuple() ? Items.tuple(values) : Items.list(values);
          }
          case Mapping mapping -> mapping(mapping, frame);
          case Unary unary -> {
            Value operand = value(unary.operand(), frame);
            rendering.at(unary.line());
            yield Operators.unary(rendering, unary.operator(), operand);
          }
          case Binary binary -> binary(binary, frame);
          case Chain chain -> chain(chain, frame);
          case Joined joined -> {
            TextBuilder out = new TextBuilder();
            for (Value part : values(joined.parts(), frame)) {
              Text text = Printer.string(rendering, part);
              rendering.charge(text.string().length());
              out.append(text);
            }
            yield out.text();
          }
          case Conditional choice -> conditional(choice, frame);
          case Member member -> {
            Value of = value(member.of(), frame);
            rendering.at(member.line());
            yield Members.attribute(rendering, of, member.name());
          }
          case Subscript subscript -> {
            Value of = value(subscript.of(), frame);
            Value index = value(subscript.index(), frame);
            rendering.at(subscript.line());
            yield Members.item(rendering, of, index);
          }
          case Slice slice -> {
            Value of = value(slice.of(), frame);
            Value start = optional(slice.start(), frame);
            Value stop = optional(slice.stop(), frame);
            Value step = optional(slice.step(), frame);
            rendering.at(slice.line());
            yield Slices.slice(rendering, of, start, stop, step);
          }
          case Call call -> call(call, frame, null);
          case Filter filter -> filtered(filter, null, frame);
          case Test test -> {
            Value input = value(test.input(), frame);
            Arguments arguments = arguments(test.inputs(), frame);
            rendering.at(test.line());
            yield Bool.of(Tests.passes(rendering, test.name(), input, arguments));
          }
        };
    rendering.leave();
    return value;
  }

  private Value optional(@Nullable Expression expression, Frame frame) {
    return expression == null ? None.NONE : value(expression, frame);
  }

  private List<Value> values(List<Expression> expressions, Frame frame) {
    List<Value> values = new ArrayList<>();
    expressions.forEach(each -> values.add(value(each, frame)));
    return values;
  }

  private Value mapping(Mapping mapping, Frame frame) {
    Dict dict = new Dict();
    for (int i = 0; i < mapping.keys().size(); i++) {
      Value key = value(mapping.keys().get(i), frame);
      if (!dict.put(key, value(mapping.values().get(i), frame))) {
        throw rendering.fail("a value of type %s cannot be a key", key.type());
      }
    }
    return dict;
  }

  private Value binary(Binary binary, Frame frame) {
    Value left = value(binary.left(), frame);
    return switch (binary.operator()) {
      case "and" -> Values.truth(left) ? value(binary.right(), frame) : left;
      case "or" -> Values.truth(left) ? left : value(binary.right(), frame);
      default -> {
        Value right = value(binary.right(), frame);
        rendering.at(binary.line());
        yield Operators.binary(rendering, binary.operator(), left, right);
      }
    };
  }

  private Value chain(Chain chain, Frame frame) {
    Value left = value(chain.operands().getFirst(), frame);
    for (int i = 0; i < chain.operators().size(); i++) {
      Value right = value(chain.operands().get(i + 1), frame);
      rendering.at(chain.line());
      if (!Operators.compare(rendering, chain.operators().get(i), left, right)) {
        return Bool.FALSE;
      }
      left = right;
    }
    return Bool.TRUE;
  }

  private Value conditional(Conditional choice, Frame frame) {
    if (Values.truth(value(choice.test(), frame))) {
      return value(choice.then(), frame);
    }
    return choice.otherwise() == null
        ? new Undefined("a conditional without else has no value")
        : value(choice.otherwise(), frame);
  }

  /** A filter's result; {@code body} is what the innermost filter of a block is given. */
  Value filtered(Filter filter, @Nullable Value body, Frame frame) {
    rendering.enter();
    Value input;
    if (filter.input() instanceof Filter inner) {
      input = filtered(inner, body, frame);
    } else if (filter.input() != null) {
      input = value(filter.input(), frame);
    } else if (body != null) {
      input = body;
    } else {
      throw new IllegalStateException("a filter without an input");
    }
    Arguments arguments = arguments(filter.inputs(), frame);
    rendering.at(filter.line());
    Value output = Filters.apply(rendering, filter.name(), input, arguments);
    rendering.leave();
    return output;
  }

  /** A call's result; a call block's body comes along as its caller. */
  Value call(Call call, Frame frame, @Nullable Value caller) {
    Value callee = value(call.callee(), frame);
    Arguments arguments = arguments(call.inputs(), frame);
    rendering.at(call.line());
    if (caller != null) {
      Map<String, Value> keywords = new LinkedHashMap<>(arguments.keywords());
      if (keywords.put("caller", caller) != null) {
        throw rendering.fail("a call block's call is given a caller");
      }
      arguments = new Arguments(arguments.positional(), keywords);
    }
    return switch (callee) {
      case Callable callable -> callable.call(rendering, arguments);
      case Undefined undefined -> throw rendering.undefined(undefined);
      default -> throw rendering.fail("a value of type %s cannot be called", callee.type());
    };
  }

  private Arguments arguments(Inputs inputs, Frame frame) {
    List<Value> positional = values(inputs.positional(), frame);
    Map<String, Value> keywords = new LinkedHashMap<>();
    inputs
        .keywords()
        .forEach(keyword -> keywords.put(keyword.name(), value(keyword.value(), frame)));
    if (inputs.more() != null) {
      positional.addAll(Values.list(rendering, value(inputs.more(), frame)));
    }
    if (inputs.moreKeywords() != null) {
      if (!(value(inputs.moreKeywords(), frame) instanceof Dict dict)) {
        throw rendering.fail("arguments after ** are no mapping");
      }
      for (Dict.Entry entry : dict.entries()) {
        if (!(entry.key() instanceof Text key)
            || keywords.put(key.string(), entry.value()) != null) {
          throw rendering.fail("arguments after ** have a name that cannot be one");
        }
      }
    }
    return new Arguments(positional, keywords);
  }
}
