package dev.millrace.streams.reference;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Compares a generated page with the one in {@code docs}, or writes it when asked to. */
public final class GeneratedPage {

  private GeneratedPage() {}

  /**
   * Fails if the page is not what {@code content} says.
   *
   * @param name path below {@code docs}
   */
  public static void check(String name, String content) {
    Path page = path(name);
    try {
      if (Boolean.getBoolean("millrace.docs.write")) {
        Files.createDirectories(page.resolveSibling("."));
        Files.writeString(page, content);
      }
      assertThat(page).as("run the tests with -Dmillrace.docs.write=true").hasContent(content);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Where a page lies. */
  public static Path path(String name) {
    return Path.of(System.getProperty("millrace.root", "../..")).resolve("docs").resolve(name);
  }
}
