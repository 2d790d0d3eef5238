package dev.millrace.engine.checkpoint;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;
import java.util.stream.Collectors;

/**
 * The digest that identifies a model: the SHA-256 of what {@code sha256sum} prints for its files in
 * ascending order of names. Its files are the weights and whichever exist of configuration,
 * generation configuration, tokenizer and chat template.
 */
final class ModelDigest {

  private static final List<String> BESIDE_WEIGHTS =
      List.of(
          "chat_template.jinja",
          "chat_template.json",
          "config.json",
          "generation_config.json",
          "model.safetensors.index.json",
          "special_tokens_map.json",
          "tokenizer.json",
          "tokenizer_config.json");

  private static final int BUFFER_BYTES = 1 << 20;

  private ModelDigest() {}

  static String of(Path directory, List<String> shards, LongConsumer progress) throws IOException {
    List<String> names = new ArrayList<>(shards);
    for (String name : BESIDE_WEIGHTS) {
      if (Files.exists(directory.resolve(name))) {
        names.add(name);
      }
    }
    return ofFiles(directory, names, progress);
  }

  /** The same of these files alone. */
  static String ofFiles(Path directory, List<String> files, LongConsumer progress)
      throws IOException {
    List<String> names = new ArrayList<>(files);
    Collections.sort(names);
    AtomicLong done = new AtomicLong();
    try {
      String list =
          names.parallelStream()
              .map(name -> sum(directory.resolve(name), done, progress) + "  " + name + "\n")
              .collect(Collectors.joining());
      return hex(sha256().digest(list.getBytes(StandardCharsets.UTF_8)));
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  private static String sum(Path file, AtomicLong done, LongConsumer progress) {
    MessageDigest digest = sha256();
    byte[] buffer = new byte[BUFFER_BYTES];
    try (InputStream in = Files.newInputStream(file)) {
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        digest.update(buffer, 0, read);
        progress.accept(done.addAndGet(read));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return hex(digest.digest());
  }

  private static String hex(byte[] bytes) {
    return HexFormat.of().formatHex(bytes);
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
