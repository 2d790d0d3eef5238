package dev.millrace.streams;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Compares a generated page with the one in {@code docs/reference}, or writes it when asked to. */
public final class GeneratedPage {

  private GeneratedPage() {}

  /** Fails if the page is not what {@code content} says. */
  public static void check(String name, String content) {
    Path root = Path.of(System.getProperty("millrace.root", "../.."));
    Path page = root.resolve("docs/reference").resolve(name);
    try {
      if (Boolean.getBoolean("millrace.docs.write")) {
        Files.createDirectories(root.resolve("docs/reference"));
        Files.writeString(page, content);
      }
      assertThat(page).as("run the tests with -Dmillrace.docs.write=true").hasContent(content);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
