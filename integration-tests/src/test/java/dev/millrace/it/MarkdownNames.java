package dev.millrace.it;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Names in Markdown files that must exist: classes and tests, commands and their options, settings,
 * system properties, and files that are linked. Looks at code only, in a line or in a block.
 */
final class MarkdownNames {
  private static final Pattern BLOCK = Pattern.compile("(?ms)^```[a-z]*\n(.*?)^```$");
  private static final Pattern INLINE = Pattern.compile("`([^`]+)`");
  private static final Pattern TYPE =
      Pattern.compile("([A-Z][a-z0-9]+(?:[A-Z]+[a-z0-9]*)+)(?:[.#(].*)?");
  private static final Pattern TEST = Pattern.compile("-D(?:it\\.)?test=([A-Za-z0-9]+)");
  private static final Pattern PROPERTY =
      Pattern.compile("-D(millrace\\.[a-z.]+|simulation\\.[a-z]+)");
  private static final Pattern SETTING =
      Pattern.compile(
          "(?:kafka|app|topics|schema|documents|processing|watchdog|model|health)(?:\\.[a-z0-9]+)+");
  private static final Pattern FILE = Pattern.compile(".*\\.(jsonl?|yaml|md|py|safetensors|txt)");
  private static final Pattern OPTION = Pattern.compile("--[a-z][a-z-]*");
  private static final Pattern PROGRAM = Pattern.compile("(?:^|\\s)(?:\\./)?millrace(?=\\s)");
  private static final Pattern WORD = Pattern.compile("[a-z][a-z-]*(?:\\|[a-z-]+)*");
  private static final Pattern LINK = Pattern.compile("\\]\\(([^)#:\\s]+)(?:#[^)]*)?\\)");

  /** What only looks like ours: a kind of Kubernetes, a property of the build, a key of a plan. */
  private static final Set<String> FOREIGN =
      Set.of("StatefulSet", "kafka.broker.version", "documents.beyond", "documents.template");

  private final Set<String> types;
  private final Predicate<String> inSources;
  private final Set<String> settings;
  private final Commands commands;
  private final List<String> problems = new ArrayList<>();

  /**
   * What there is.
   *
   * @param types names of the tree's classes, tests included
   * @param inSources whether a word occurs in a file that is not Markdown
   * @param settings of the configuration file
   * @param commands of the program
   */
  MarkdownNames(
      Set<String> types, Predicate<String> inSources, Set<String> settings, Commands commands) {
    this.types = types;
    this.inSources = inSources;
    this.settings = settings;
    this.commands = commands;
  }

  /** One line for each name that does not exist. */
  List<String> problems(String markdown, Predicate<String> isFile) {
    problems.clear();
    String prose = BLOCK.matcher(markdown).replaceAll("");
    each(BLOCK, markdown, block -> block.replace("\\\n", " ").lines().forEach(this::command));
    each(INLINE, prose, this::inline);
    each(LINK, prose, link -> require(isFile.test(link), "there is no file " + link));
    return List.copyOf(problems);
  }

  private void inline(String code) {
    String text = code.replaceAll("\\s+", " ").strip();
    Matcher type = TYPE.matcher(text);
    if (type.matches()) {
      type(type.group(1));
    }
    if (SETTING.matcher(text).matches() && !FILE.matcher(text).matches()) {
      boolean other = text.startsWith("kafka.client.") || FOREIGN.contains(text);
      require(other || settings.contains(text), "there is no setting " + text);
    }
    if (text.startsWith("--")) {
      each(
          OPTION,
          text,
          option ->
              require(
                  commands.options().contains(option) || inSources.test(option),
                  "there is no option " + option));
    } else if (commands.has(text.split(" ")[0])) {
      invocation(text);
    }
    command(text);
  }

  /** A line that may call the program or Maven. */
  private void command(String line) {
    String text = line.replaceFirst("(^|\\s)#.*", "");
    each(TEST, text, name -> require(types.contains(name), "there is no test " + name));
    each(PROPERTY, text, name -> require(inSources.test(name), "there is no property " + name));
    Matcher program = PROGRAM.matcher(text);
    while (program.find()) {
      invocation(text.substring(program.end()).strip());
    }
  }

  private void type(String name) {
    boolean declared = types.contains(name) || FOREIGN.contains(name);
    boolean test = name.matches(".*(Test|IT|Kit)");
    require(declared || (!test && inSources.test(name)), "there is no class " + name);
  }

  /** Words of the program, up to what belongs to the shell. */
  private void invocation(String words) {
    String command = "";
    for (String word : words.replaceFirst("\\s[&>|].*", "").split("\\s+")) {
      if (OPTION.matcher(word.replaceFirst("=.*", "")).matches()) {
        String option = word.replaceFirst("=.*", "");
        require(
            commands.options(command).contains(option) || commands.options("").contains(option),
            "millrace " + command + " has no option " + option);
      } else if (commands.hasCommands(command) && WORD.matcher(word).matches()) {
        String before = command.isEmpty() ? "" : command + " ";
        for (String choice : word.split("\\|")) {
          require(commands.has(before + choice), "there is no command " + before + choice);
        }
        command = before + word.replaceFirst("\\|.*", "");
      }
    }
  }

  private void require(boolean holds, String otherwise) {
    if (!holds) {
      problems.add(otherwise);
    }
  }

  private static void each(
      Pattern pattern, String text, java.util.function.Consumer<String> consumer) {
    for (MatchResult found : pattern.matcher(text).results().toList()) {
      consumer.accept(found.group(found.groupCount() > 0 ? 1 : 0));
    }
  }
}
