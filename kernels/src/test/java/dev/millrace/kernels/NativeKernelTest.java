package dev.millrace.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicContainer.dynamicContainer;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.TestFactory;

/**
 * Every native case of {@code src/test/cpp} as a test, in the emulator, under each thread order.
 */
class NativeKernelTest {

  private static final Pattern LINE = Pattern.compile("(ok|FAILED|skipped) (\\w+)(.*)");

  @TestFactory
  Stream<DynamicNode> shouldPassEveryNativeCase() {
    Emulator.build();
    return Stream.of("forward", "reverse", "random:" + System.nanoTime() % 1_000_000)
        .map(NativeKernelTest::casesUnder);
  }

  private static DynamicContainer casesUnder(String order) {
    Emulator.Run run = Emulator.tests(Map.of("MILLRACE_EMULATOR_ORDER", order));
    List<Matcher> found = run.lines().stream().map(LINE::matcher).filter(Matcher::matches).toList();
    Stream<DynamicNode> cases =
        found.stream()
            .map(line -> dynamicTest(line.group(2), () -> judge(line.group(1), line.group())));
    DynamicNode end =
        dynamicTest(
            "all cases ran",
            () -> {
              assertThat(found).as("cases, of %s", run.output()).isNotEmpty();
              assertThat(run.output()).containsPattern("\\d+ passed, 0 failed, \\d+ skipped");
              assertThat(run.status()).isZero();
            });
    return dynamicContainer("threads in order " + order, Stream.concat(cases, Stream.of(end)));
  }

  private static void judge(String verdict, String line) {
    switch (verdict) {
      case "ok" -> {}
      case "skipped" -> Assumptions.abort(line);
      default -> Assertions.fail(line);
    }
  }
}
