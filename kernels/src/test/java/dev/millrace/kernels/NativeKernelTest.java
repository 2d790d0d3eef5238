package dev.millrace.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Every native case of {@code src/test/cpp} as a test, in the emulator, under each thread order.
 */
@Execution(ExecutionMode.CONCURRENT)
class NativeKernelTest {

  private static final Pattern LINE = Pattern.compile("(ok|FAILED|skipped) (\\w+)(.*)");

  /** All cases with threads in ascending order. */
  @TestFactory
  Stream<DynamicNode> shouldPassEveryNativeCase() {
    return cases(Map.of("MILLRACE_EMULATOR_ORDER", "forward"));
  }

  /** All cases with threads in random order, and streams that do nothing until somebody waits. */
  @TestFactory
  Stream<DynamicNode> shouldPassInRandomOrderOnDelayedStreams() {
    String order = "random:" + System.nanoTime() % 1_000_000;
    return cases(Map.of("MILLRACE_EMULATOR_ORDER", order, "MILLRACE_EMULATOR_STREAMS", "delayed"));
  }

  /** All cases with threads in descending order. */
  @TestFactory
  Stream<DynamicNode> shouldPassInReverse() {
    return cases(Map.of("MILLRACE_EMULATOR_ORDER", "reverse"));
  }

  /** The matrix products as chips without wgmma compute them. */
  @TestFactory
  Stream<DynamicNode> shouldMultiplyOnOlderDevices() {
    String folder = Emulator.build().toString();
    return cases(
        Emulator.run(
            Map.of("MILLRACE_EMULATOR_CC", "8.0"),
            folder + "/kernel-tests",
            "--driver",
            folder + "/libcuda.so.1",
            "--image",
            folder + "/libmillrace_kernels_sm80.so",
            "probe*",
            "gemm_bf16*",
            "gemm_fp8*",
            "gemm_int4*",
            "swiglu*"),
        "compute capability 8.0");
  }

  /** The committed images are read, and their kernels' parameters compared with the emulator's. */
  @ParameterizedTest
  @ValueSource(strings = {"sm_80.cubin", "sm_90a.cubin", "sm_100a.cubin", "compute_80.ptx"})
  void shouldRunThroughTheCommittedImages(String name, @TempDir Path folder) throws IOException {
    String built = Emulator.build().toString();
    Path image = folder.resolve(name);
    Files.write(image, CompiledKernels.bundled().image(name).bytes());
    Emulator.Run run =
        Emulator.run(
            Map.of(),
            built + "/kernel-tests",
            "--driver",
            built + "/libcuda.so.1",
            "--image",
            image.toString(),
            "probe*",
            "norm_of_rows",
            "gemm_bf16_of_narrow_and_ragged_matrices");
    assertThat(run.output()).contains("3 passed, 0 failed, 0 skipped");
  }

  private static Stream<DynamicNode> cases(Map<String, String> environment) {
    return cases(Emulator.tests(environment), environment.toString());
  }

  private static Stream<DynamicNode> cases(Emulator.Run run, String how) {
    List<Matcher> found = run.lines().stream().map(LINE::matcher).filter(Matcher::matches).toList();
    Stream<DynamicNode> cases =
        found.stream()
            .map(line -> dynamicTest(line.group(2), () -> judge(line.group(1), line.group())));
    DynamicNode end =
        dynamicTest(
            "all cases ran, with " + how,
            () -> {
              assertThat(found).as("cases, of %s", run.output()).isNotEmpty();
              assertThat(run.output()).containsPattern("\\d+ passed, 0 failed, \\d+ skipped");
              assertThat(run.status()).isZero();
            });
    return Stream.concat(cases, Stream.of(end));
  }

  private static void judge(String verdict, String line) {
    switch (verdict) {
      case "ok" -> {}
      case "skipped" -> Assumptions.abort(line);
      default -> Assertions.fail(line);
    }
  }
}
