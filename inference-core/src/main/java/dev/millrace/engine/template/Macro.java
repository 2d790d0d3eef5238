package dev.millrace.engine.template;

import dev.millrace.engine.template.Statement.Parameter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A macro, or the body of a call block.
 *
 * @param interpreter that runs it
 * @param name of the macro, empty for a call block's body
 * @param parameters in order
 * @param asked which of caller, kwargs and varargs its body uses
 * @param body what it prints
 * @param scope its variables
 * @param around where it was defined
 */
record Macro(
    Interpreter interpreter,
    String name,
    List<Parameter> parameters,
    Set<String> asked,
    List<Statement> body,
    Scope scope,
    Frame around)
    implements Callable {

  @Override
  public Value call(Rendering rendering, Arguments arguments) {
    rendering.enter();
    Frame frame = new Frame(scope, around);
    bind(rendering, arguments, frame);
    frame.enter(rendering);
    for (Parameter parameter : parameters) {
      if (frame.get(rendering, parameter.name()) == null) {
        Expression ifMissing = parameter.ifMissing();
        frame.set(
            parameter.name(),
            ifMissing == null
                ? new Undefined("parameter '" + parameter.name() + "' was not provided")
                : interpreter.evaluator().value(ifMissing, frame));
      }
    }
    Text printed = interpreter.printed(body, frame);
    frame.leave();
    rendering.leave();
    return printed;
  }

  private void bind(Rendering rendering, Arguments arguments, Frame frame) {
    List<Value> positional = arguments.positional();
    Map<String, Value> keywords = new LinkedHashMap<>(arguments.keywords());
    int given = Math.min(positional.size(), parameters.size());
    boolean callerFound = given == parameters.size() && hasParameter("caller");
    for (int i = 0; i < parameters.size(); i++) {
      String parameter = parameters.get(i).name();
      Value value = i < given ? positional.get(i) : keywords.remove(parameter);
      callerFound |= i >= given && parameter.equals("caller");
      if (value != null) {
        frame.set(parameter, value);
      }
    }
    if (asked.contains("caller") && !callerFound) {
      Value caller = keywords.remove("caller");
      frame.set("caller", caller == null ? new Undefined("No caller defined") : caller);
    }
    if (asked.contains("kwargs") && !hasParameter("kwargs")) {
      Dict rest = new Dict();
      keywords.forEach((key, value) -> rest.put(Text.of(key), value));
      frame.set("kwargs", rest);
    } else if (!keywords.isEmpty()) {
      throw rendering.fail(
          "macro %s takes no keyword argument %s", name, keywords.keySet().iterator().next());
    }
    if (asked.contains("varargs") && !hasParameter("varargs")) {
      frame.set("varargs", Items.tuple(positional.subList(given, positional.size())));
    } else if (positional.size() > parameters.size()) {
      throw rendering.fail("macro %s takes not more than %d arguments", name, parameters.size());
    }
  }

  private boolean hasParameter(String wanted) {
    return parameters.stream().anyMatch(parameter -> parameter.name().equals(wanted));
  }

  @Override
  public @Nullable Value member(Rendering rendering, String wanted) {
    return switch (wanted) {
      case "name" -> name.isEmpty() ? None.NONE : Text.of(name);
      case "arguments" -> {
        List<Value> names = new ArrayList<>();
        parameters.forEach(parameter -> names.add(Text.of(parameter.name())));
        yield Items.tuple(names);
      }
      case "caller" -> Bool.of(asked.contains("caller"));
      case "catch_kwargs" -> Bool.of(asked.contains("kwargs") && !hasParameter("kwargs"));
      case "catch_varargs" -> Bool.of(asked.contains("varargs") && !hasParameter("varargs"));
      case "explicit_caller" -> Bool.of(hasParameter("caller"));
      default -> null;
    };
  }

  @Override
  public String type() {
    return "Macro";
  }
}
