package dev.millrace.engine.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.engine.backend.BackendOptions.Arithmetic;
import dev.millrace.engine.checkpoint.Checkpoint;
import dev.millrace.engine.model.DecoderModel;
import dev.millrace.engine.model.Driver;
import dev.millrace.engine.model.ModelLimits;
import dev.millrace.engine.model.TinyModel;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is decided once in a process, and so is tried in processes of its own. */
final class DriverLibraryTest {

  private static final int MINUTES_MAX = 5;

  @TempDir Path directory;

  @Test
  void shouldSayThatTheLibraryDoesNotExist() {
    Path nowhere = directory.resolve("libcuda.so.1");

    assertThat(reason(nowhere))
        .isEqualTo("unavailable: millrace.cuda.library=%s does not exist".formatted(nowhere));
  }

  @Test
  void shouldSayThatTheLibraryIsNone() throws IOException {
    Path text = Files.writeString(directory.resolve("libcuda.so.1"), "not a library");

    assertThat(reason(text))
        .isEqualTo(
            "unavailable: millrace.cuda.library=%s is not a library that loads here"
                .formatted(text));
  }

  @Test
  void shouldSayThatThereIsNoSuchDevice() {
    TestCuda.require();
    String library = System.getProperty(CudaLibrary.LIBRARY_PROPERTY);

    assertThat(
            run(
                Map.of(),
                List.of("-Dmillrace.cuda.library=" + library, "-Dmillrace.cuda.device=7"),
                "reason"))
        .isEqualTo(
            "unavailable: there is no GPU 7: this process sees 1, from 0 on; set"
                + " -Dmillrace.cuda.device");
  }

  @Test
  void shouldGiveTheSameBitsInEveryOrderOfThreadsAndWithLateCopies() {
    TestCuda.require();
    Path model = TinyModel.ofSeed(8).withHeads(64).writeTo(directory);
    List<Map<String, String>> modes =
        List.of(
            Map.of(),
            Map.of("MILLRACE_EMULATOR_ORDER", "reverse"),
            Map.of("MILLRACE_EMULATOR_ORDER", "random:4711"),
            Map.of("MILLRACE_EMULATOR_STREAMS", "delayed"));
    List<String> options = new ArrayList<>();
    for (String name :
        List.of(
            CudaLibrary.LIBRARY_PROPERTY, KernelImages.IMAGE_PROPERTY, DevicePool.SLAB_PROPERTY)) {
      options.add("-D%s=%s".formatted(name, System.getProperty(name, "")));
    }

    List<String> digests =
        modes.stream().map(mode -> run(mode, options, "digest", model.toString())).toList();

    assertThat(digests.getFirst()).matches("([0-9a-f]{64} [0-9, \\[\\]]+ ?){2}");
    assertThat(digests).allMatch(digests.getFirst()::equals);
  }

  private static String reason(Path library) {
    return run(Map.of(), List.of("-Dmillrace.cuda.library=" + library), "reason");
  }

  /** Runs {@link Child} in a JVM of its own; its last line. */
  private static String run(
      Map<String, String> environment, List<String> options, String... arguments) {
    List<String> command = new ArrayList<>();
    command.add(ProcessHandle.current().info().command().orElse("java"));
    command.addAll(
        List.of(
            "--enable-native-access=ALL-UNNAMED",
            "--add-modules=jdk.incubator.vector",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-Xmx512m"));
    command.addAll(List.of(System.getProperty("millrace.test.place", "-ea").split(" ")));
    command.addAll(options);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Child.class.getName()));
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().putAll(environment);
    try {
      Path output = Files.createTempFile("millrace-child", ".txt");
      try {
        Process process = builder.redirectOutput(output.toFile()).start();
        boolean ended = process.waitFor(MINUTES_MAX, TimeUnit.MINUTES);
        process.destroyForcibly();
        List<String> lines = Files.readAllLines(output);
        assertThat(ended && process.waitFor() == 0).as(() -> String.join("\n", lines)).isTrue();
        return lines.getLast();
      } finally {
        Files.delete(output);
      }
    } catch (IOException e) {
      throw new IllegalStateException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /** What runs in the other process. */
  static final class Child {
    private Child() {}

    @SuppressWarnings("SystemOut") // this is how it answers
    public static void main(String[] arguments) {
      System.out.println(
          arguments[0].equals("reason")
              ? "unavailable: " + new CudaBackendProvider().unsupportedReason().orElse("no")
              : digest(Path.of(arguments[1]), Arithmetic.BF16)
                  + " "
                  + digest(Path.of(arguments[1]), Arithmetic.F32));
    }

    /** Every bit of a prompt's logits, and what is generated after it. */
    private static String digest(Path directory, Arithmetic arithmetic) {
      try (Checkpoint checkpoint = Checkpoint.open(directory);
          DecoderModel model =
              DecoderModel.load(
                  checkpoint, TestCuda.backend(arithmetic), new ModelLimits(64, 4, 4L << 20, 16))) {
        int[] prompt = new SplittableRandom(1).ints(50, 2, model.vocabulary()).toArray();
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        for (float[] row : new Driver(model).logits(prompt, 21)) {
          ByteBuffer bytes = ByteBuffer.allocate(row.length * Float.BYTES);
          bytes.asFloatBuffer().put(row);
          digest.update(bytes);
        }
        int[] next = new Driver(model).greedy(prompt, 6);
        return HexFormat.of().formatHex(digest.digest()) + " " + Arrays.toString(next);
      } catch (NoSuchAlgorithmException e) {
        throw new IllegalStateException(e);
      }
    }
  }
}
