package dev.millrace.engine.template;

import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The variables of a stretch of template: which names live here, and what each is when the stretch
 * is entered. Jinja decides both before it runs anything, so a name that is set anywhere in a
 * stretch is the stretch's own from its beginning. Not changed once built.
 */
final class Scope {

  /** What a variable is at first. */
  enum Origin {
    /** Given by whoever enters. */
    PARAMETER,
    /** What the rendering was given under this name. */
    GIVEN,
    /** What the name is in the scope around. */
    AROUND,
    /** Nothing yet. */
    MISSING
  }

  private final @Nullable Scope around;
  private final Map<String, Origin> origins = new LinkedHashMap<>();
  private final Set<String> stored = new HashSet<>();

  Scope(@Nullable Scope around) {
    this.around = around;
  }

  /** The same so far, to go on differently in each branch of a choice. */
  Scope branch() {
    Scope branch = new Scope(around);
    branch.origins.putAll(origins);
    branch.stored.addAll(stored);
    return branch;
  }

  Map<String, Origin> origins() {
    return origins;
  }

  boolean knows(String name) {
    return origins.containsKey(name) || isKnownAround(name);
  }

  private boolean isKnownAround(String name) {
    return around != null && around.knows(name);
  }

  void parameter(String name) {
    stored.add(name);
    origins.put(name, Origin.PARAMETER);
  }

  /** A use. */
  void load(String name) {
    if (!knows(name)) {
      origins.put(name, Origin.GIVEN);
    }
  }

  /** An assignment. */
  void store(String name) {
    stored.add(name);
    if (!origins.containsKey(name)) {
      origins.put(name, isKnownAround(name) ? Origin.AROUND : Origin.MISSING);
    }
  }

  /** Takes in the branches of a choice: what one of them sets may keep its earlier value. */
  void join(List<Scope> branches) {
    Set<String> fresh = new HashSet<>();
    branches.forEach(branch -> fresh.addAll(branch.stored));
    fresh.removeAll(stored);
    for (Scope branch : branches) {
      origins.putAll(branch.origins);
      stored.addAll(branch.stored);
    }
    for (String name : fresh) {
      origins.put(name, isKnownAround(name) ? Origin.AROUND : Origin.GIVEN);
    }
  }
}
