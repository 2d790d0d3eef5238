package dev.millrace.operations.cluster;

import dev.millrace.operations.Answers;
import dev.millrace.operations.OperationException;
import dev.millrace.operations.config.TopicSelection;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListTopicsOptions;

/** Which topics are meant, by name. */
final class TopicNames {

  private TopicNames() {}

  /**
   * The topics that have names, whether they exist or not, and those that match patterns now.
   *
   * @throws OperationException if the topics cannot be listed, which only patterns need
   */
  static Set<String> of(Admin admin, Collection<TopicSelection> topics, int atMostMillis)
      throws InterruptedException {
    Set<String> names = new LinkedHashSet<>();
    List<TopicSelection> patterns = new ArrayList<>();
    topics.forEach(each -> each.name().ifPresentOrElse(names::add, () -> patterns.add(each)));
    if (patterns.isEmpty()) {
      return names;
    }
    try {
      for (String topic :
          admin.listTopics(new ListTopicsOptions().timeoutMs(atMostMillis)).names().get()) {
        if (patterns.stream().anyMatch(pattern -> pattern.contains(topic))) {
          names.add(topic);
        }
      }
    } catch (ExecutionException e) {
      throw Answers.failed("list the topics", e);
    }
    return names;
  }
}
