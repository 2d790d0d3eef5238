package dev.millrace.engine.template;

import dev.millrace.engine.template.Value.Int;
import dev.millrace.engine.template.Value.None;
import java.util.ArrayList;
import java.util.List;

/**
 * A path of attributes that a filter looks up in each item: names and numbers with dots between.
 *
 * @param parts of the path
 * @param ifMissing in place of what is undefined; none for no replacement
 */
record Attributes(List<Value> parts, Value ifMissing) {

  static Attributes of(Rendering rendering, Value attribute, Value ifMissing) {
    if (!(attribute instanceof Text text)) {
      boolean none = attribute == None.NONE;
      return new Attributes(none ? List.of() : List.of(attribute), ifMissing);
    }
    List<Value> parts = new ArrayList<>();
    for (Value part : Strings.split(rendering, text, Text.of("."), -1, false)) {
      String name = ((Text) part).string();
      parts.add(name.matches("[0-9]{1,9}") ? new Int(Long.parseLong(name)) : part);
    }
    return new Attributes(parts, ifMissing);
  }

  Value get(Rendering rendering, Value item) {
    Value found = item;
    for (Value part : parts) {
      rendering.step();
      found = Members.item(rendering, found, part);
      if (found instanceof Undefined && ifMissing != None.NONE) {
        found = ifMissing;
      }
    }
    return found;
  }

  /** The same in lower case if it is text and case does not matter. */
  static Value folded(Rendering rendering, Value value, boolean caseMatters) {
    return !caseMatters && value instanceof Text text ? Cases.lower(rendering, text) : value;
  }
}
