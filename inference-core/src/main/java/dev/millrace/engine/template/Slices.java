package dev.millrace.engine.template;

import dev.millrace.engine.template.Value.None;
import java.util.ArrayList;
import java.util.List;

/** Python's slices. */
final class Slices {
  private Slices() {}

  static Value slice(Rendering rendering, Value of, Value start, Value stop, Value step) {
    int length =
        switch (of) {
          case Text text -> text.length();
          case Items items -> items.values().size();
          case Undefined undefined -> throw rendering.undefined(undefined);
          case Range ignored -> throw rendering.refuse("slices of a range");
          default -> throw rendering.fail("a value of type %s has no slices", of.type());
        };
    long by = step == None.NONE ? 1 : Values.integer(rendering, step);
    if (by == 0) {
      throw rendering.fail("a slice's step is zero");
    }
    long low = by > 0 ? 0 : -1;
    long high = by > 0 ? length : length - 1L;
    long from = bound(rendering, start, by > 0 ? low : high, length, low, high);
    long to = bound(rendering, stop, by > 0 ? high : low, length, low, high);
    if (of instanceof Text text) {
      rendering.charge(text.string().length());
      if (by == 1) {
        return from >= to
            ? Text.EMPTY.markup(text.isMarkup())
            : text.sub(text.position((int) from), text.position((int) to));
      }
      return picked(text, from, to, by).markup(text.isMarkup());
    }
    List<Value> all = ((Items) of).values();
    rendering.charge(all.size());
    List<Value> picked = new ArrayList<>();
    for (long i = from; by > 0 ? i < to : i > to; i += by) {
      picked.add(all.get((int) i));
    }
    return ((Items) of).like(picked);
  }

  private static Text picked(Text text, long from, long to, long by) {
    List<Text> all = text.characters();
    TextBuilder out = new TextBuilder();
    for (long i = from; by > 0 ? i < to : i > to; i += by) {
      out.append(all.get((int) i));
    }
    return out.text();
  }

  private static long bound(
      Rendering rendering, Value given, long ifMissing, int length, long low, long high) {
    if (given == None.NONE) {
      return ifMissing;
    }
    long bound = Values.integer(rendering, given);
    return Math.clamp(bound < 0 ? bound + length : bound, low, high);
  }
}
