package dev.millrace.operations.config;

import dev.millrace.records.OutputTopics;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * One input of the application.
 *
 * @param name names it in the log, and what is pending of it
 * @param topics what it reads and where outcomes go
 * @param format what the values are
 * @param plan name of its documents' plan; empty for the application's
 * @param planBy what else may name a plan
 * @param planHeader the header that does
 * @param planUnknown the plan's name where that is unknown, or {@link InputKeys#REJECT}
 * @param layout how its values are laid out
 */
public record Input(
    String name,
    Topics topics,
    DocumentFormat format,
    String plan,
    PlanBy planBy,
    String planHeader,
    String planUnknown,
    InputLayout layout) {
  /** Name of the one input that needs no list. */
  public static final String DEFAULT_NAME = "documents";

  /** The inputs in the order of the configuration; one without a list. */
  public static List<Input> all(Config config) {
    List<Config> entries = config.list(InputKeys.INPUTS);
    if (entries.isEmpty()) {
      return List.of(
          new Input(
              DEFAULT_NAME,
              Topics.of(config),
              config.get(DocumentKeys.FORMAT),
              "",
              PlanBy.INPUT,
              "",
              InputKeys.REJECT,
              InputLayout.DOCUMENT));
    }
    return entries.stream().map(entry -> of(config, entry)).toList();
  }

  private static Input of(Config config, Config entry) {
    return new Input(
        or(entry.get(InputKeys.NAME), entry.get(InputKeys.TOPIC)),
        new Topics(
            selection(entry),
            new OutputTopics(
                or(entry.get(InputKeys.ENRICHED), config.get(TopicKeys.ENRICHED)),
                or(entry.get(InputKeys.QUARANTINED), config.get(TopicKeys.QUARANTINED)),
                or(entry.get(InputKeys.DEAD_LETTER), config.get(TopicKeys.DEAD_LETTER)))),
        format(config, entry),
        entry.get(InputKeys.PLAN),
        entry.get(InputKeys.PLAN_BY),
        entry.get(InputKeys.PLAN_HEADER),
        entry.get(InputKeys.PLAN_UNKNOWN),
        InputLayout.of(entry));
  }

  private static DocumentFormat format(Config config, Config entry) {
    return entry.get(InputKeys.FORMAT).orElse(config.get(DocumentKeys.FORMAT));
  }

  private static TopicSelection selection(Config entry) {
    String pattern = entry.get(InputKeys.PATTERN);
    return pattern.isEmpty()
        ? TopicSelection.named(entry.get(InputKeys.TOPIC))
        : TopicSelection.matching(pattern);
  }

  private static String or(String text, String otherwise) {
    return text.isEmpty() ? otherwise : text;
  }

  /** The input of a name, or that reads a topic. */
  public static Input of(Config config, String nameOrTopic) {
    return all(config).stream()
        .filter(input ->
            input.name().equals(nameOrTopic) || input.topics().documents().contains(nameOrTopic))
        .findFirst()
        .orElseThrow(() ->
            new IllegalArgumentException(
                "no input is called %s; there are %s"
                    .formatted(nameOrTopic, all(config).stream().map(Input::name).toList())));
  }

  /** All output topics of all inputs, each once. */
  public static List<String> outputs(Config config) {
    Set<String> outputs = new LinkedHashSet<>();
    all(config).forEach(input -> outputs.addAll(input.topics().outputs().all()));
    return List.copyOf(outputs);
  }

  /** The relations between inputs, and between them and the plans. */
  static void check(ConfigProblems problems) {
    Config config = problems.config();
    List<Config> entries = config.list(InputKeys.INPUTS);
    problems.require(
        entries.isEmpty() || !config.isSet(TopicKeys.DOCUMENTS),
        "topics.documents is the one input where there is no list of inputs: remove one of both");
    problems.require(
        !entries.isEmpty() || config.get(DocumentKeys.FORMAT) != DocumentFormat.CSV,
        "documents.format: csv needs an entry in the list of inputs, whose csv.columns names the"
            + " columns");
    Map<String, String> roles = new LinkedHashMap<>();
    Set<String> names = new LinkedHashSet<>();
    for (int i = 0; i < entries.size(); i++) {
      Config entry = entries.get(i);
      String own = "inputs." + i;
      String topic = entry.get(InputKeys.TOPIC);
      String name = or(entry.get(InputKeys.NAME), topic);
      problems.require(names.add(name), "%s: two inputs are called %s", own, name);
      problems.require(
          TopicKeys.isTopicName(name) && name.length() <= 100,
          "%s.name: \"%s\" is not a name: letters, digits, dot, dash and underscore, at most 100",
          own,
          name);
      problems.require(
          topic.isEmpty() != entry.get(InputKeys.PATTERN).isEmpty(),
          "%s: exactly one of topic and pattern is needed",
          own);
      if (!topic.isEmpty()) {
        role(problems, roles, own + ".topic", topic, "input " + name);
      }
      role(
          problems,
          roles,
          own + ".enriched",
          or(entry.get(InputKeys.ENRICHED), config.get(TopicKeys.ENRICHED)),
          "enriched documents");
      role(
          problems,
          roles,
          own + ".quarantined",
          or(entry.get(InputKeys.QUARANTINED), config.get(TopicKeys.QUARANTINED)),
          "quarantined documents");
      role(
          problems,
          roles,
          own + ".dead.letter",
          or(entry.get(InputKeys.DEAD_LETTER), config.get(TopicKeys.DEAD_LETTER)),
          "dead letters");
      checkPlans(problems, entry, own);
      InputLayout.check(problems, format(config, entry), entry, own);
    }
    checkPatterns(problems, entries, roles);
  }

  /** A pattern takes no topic that another line names: above all no output, which would loop. */
  private static void checkPatterns(
      ConfigProblems problems, List<Config> entries, Map<String, String> roles) {
    for (int i = 0; i < entries.size(); i++) {
      String own = "inputs." + i + ".pattern";
      String regex = entries.get(i).get(InputKeys.PATTERN);
      if (regex.isEmpty()) {
        continue;
      }
      TopicSelection selection = TopicSelection.matching(regex);
      roles.forEach((topic, role) ->
          problems.require(
              !selection.contains(topic),
              "%s: \"%s\" matches topic %s, which takes %s already",
              own,
              regex,
              topic,
              role));
    }
  }

  private static void role(
      ConfigProblems problems, Map<String, String> roles, String key, String topic, String role) {
    problems.require(
        TopicKeys.isTopicName(topic),
        "%s: \"%s\" is not a topic name: letters, digits, dot, dash and underscore, at most 249",
        key,
        topic);
    String earlier = roles.putIfAbsent(topic, role);
    problems.require(
        earlier == null || (earlier.equals(role) && !role.startsWith("input ")),
        "%s: topic %s takes %s already, and cannot take %s, too",
        key,
        topic,
        earlier,
        role);
  }

  private static void checkPlans(ConfigProblems problems, Config entry, String own) {
    Set<String> plans = problems.config().map(InputKeys.PLANS).keySet();
    List<ConfigKey<String>> keys = new ArrayList<>(List.of(InputKeys.PLAN));
    keys.add(InputKeys.PLAN_UNKNOWN);
    for (ConfigKey<String> key : keys) {
      String plan = entry.get(key);
      boolean none = plan.isEmpty() || (key.equals(InputKeys.PLAN_UNKNOWN) && isReject(plan));
      problems.require(
          none || plans.contains(plan),
          "%s.%s: no plan is called %s; there are %s in plans",
          own,
          key.name(),
          plan,
          plans);
    }
    problems.require(
        entry.get(InputKeys.PLAN_BY) == PlanBy.INPUT || !plans.isEmpty(),
        "%s.plan.by: there are no plans to choose from; name them in plans",
        own);
  }

  private static boolean isReject(String plan) {
    return plan.equals(InputKeys.REJECT);
  }
}
