package dev.millrace.it.k8s;

import dev.millrace.operations.metrics.Metric;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Names of our metrics in expressions: each must be declared. */
final class MetricNames {
  private static final Pattern NAME = Pattern.compile("millrace_[a-z_]+");

  private final Set<String> declared = new TreeSet<>();

  MetricNames() {
    Arrays.stream(Metric.values())
        .flatMap(metric ->
            switch (metric.kind()) {
              case COUNTER, GAUGE -> Stream.of(metric.prometheusName());
              case TIMER -> with(metric, "_count", "_sum", "_max");
              case HISTOGRAM -> with(metric, "_bucket", "_count", "_sum", "_max");
            })
        .forEach(declared::add);
  }

  private static Stream<String> with(Metric metric, String... endings) {
    return Arrays.stream(endings).map(ending -> metric.prometheusName() + ending);
  }

  List<String> problems(String where, String expression) {
    return NAME.matcher(expression)
        .results()
        .map(MatchResult::group)
        .filter(name -> !declared.contains(name))
        .map(name -> where + ": there is no metric " + name)
        .toList();
  }
}
