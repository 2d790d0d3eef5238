package dev.millrace.it;

import dev.millrace.cli.Main;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The commands as their own help shows them: options by words, {@code ""} for the program. */
final class Commands {
  private static final Pattern OPTION = Pattern.compile("--[a-z][a-z-]*");
  private static final Pattern COMMAND = Pattern.compile("^  ([a-z][a-z-]*)( |$)");

  private final Map<String, Set<String>> optionsOf = new TreeMap<>();

  private Commands() {}

  /** Asks every command for its help. */
  static Commands ofTheProgram() {
    Commands commands = new Commands();
    commands.ask(List.of());
    return commands;
  }

  private void ask(List<String> words) {
    StringWriter out = new StringWriter();
    Main.run(
        new PrintWriter(out),
        new PrintWriter(new StringWriter()),
        Stream.concat(words.stream(), Stream.of("--help")).toArray(String[]::new));
    Set<String> options = new TreeSet<>(Set.of("--help"));
    Matcher option = OPTION.matcher(out.toString());
    while (option.find()) {
      options.add(option.group());
    }
    optionsOf.put(String.join(" ", words), options);
    boolean listed = false;
    for (String line : out.toString().lines().toList()) {
      listed |= line.startsWith("Commands:");
      Matcher command = COMMAND.matcher(line);
      if (listed && command.find() && !command.group(1).equals("help")) {
        List<String> deeper = new ArrayList<>(words);
        deeper.add(command.group(1));
        ask(deeper);
      }
    }
  }

  boolean has(String command) {
    return optionsOf.containsKey(command);
  }

  /** Whether words can follow that must name a command. */
  boolean hasCommands(String command) {
    String start = command.isEmpty() ? "" : command + " ";
    return optionsOf.keySet().stream().anyMatch(c -> c.startsWith(start) && !c.equals(command));
  }

  Set<String> options(String command) {
    return optionsOf.getOrDefault(command, Set.of());
  }

  /** Options of any command. */
  Set<String> options() {
    Set<String> all = new TreeSet<>();
    optionsOf.values().forEach(all::addAll);
    return all;
  }
}
