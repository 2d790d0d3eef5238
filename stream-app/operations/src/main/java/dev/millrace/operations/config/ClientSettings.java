package dev.millrace.operations.config;

import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;

/** Settings of Kafka's own clients that are passed through, such as security. Immutable. */
final class ClientSettings {

  /** Set by the application itself: another value would break a promise. */
  private static final Set<String> OWNED =
      Set.of(
          "bootstrap.servers",
          "group.id",
          "group.instance.id",
          "group.protocol",
          "enable.auto.commit",
          "isolation.level",
          "auto.offset.reset",
          "enable.idempotence",
          "transactional.id",
          "transaction.timeout.ms",
          "acks",
          "max.poll.records",
          "max.poll.interval.ms",
          "session.timeout.ms",
          "heartbeat.interval.ms",
          "max.request.size",
          "key.serializer",
          "value.serializer",
          "key.deserializer",
          "value.deserializer",
          "client.id");

  /** Parts of names whose values are secrets. */
  private static final List<String> SECRET =
      List.of("password", "passphrase", "jaas", "secret", "token", "private", "credential");

  /** Likewise, but only as a whole word between dots: a keystore's place is no secret. */
  private static final Pattern SECRET_WORD = Pattern.compile("(^|[._-])(key|keys|pass)([._-]|$)");

  private static final Set<String> NAMES = names();

  private ClientSettings() {}

  /** Names in ascending order, so that of two equally near names always the same is suggested. */
  static Set<String> known() {
    return NAMES;
  }

  static boolean isOwned(String name) {
    return OWNED.contains(name);
  }

  static boolean isSecret(String name) {
    String lower = name.toLowerCase(Locale.ROOT);
    return SECRET.stream().anyMatch(lower::contains) || SECRET_WORD.matcher(lower).find();
  }

  private static Set<String> names() {
    Set<String> names = new TreeSet<>(AdminClientConfig.configNames());
    names.addAll(ConsumerConfig.configNames());
    names.addAll(ProducerConfig.configNames());
    names.removeAll(OWNED);
    return Collections.unmodifiableSet(names);
  }
}
