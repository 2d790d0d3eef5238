package dev.millrace.release;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class CoordinatesTest {

  @Test
  void shouldReadAPlaceInTheRepository() {
    Path repository = Path.of("/r");

    Coordinates name =
        Coordinates.ofRepository(
            repository, Path.of("/r/org/jcuda/jcuda-natives/1.2/jcuda-natives-1.2-linux.jar"));

    assertThat(name).isEqualTo(new Coordinates("org.jcuda", "jcuda-natives", "1.2", "linux"));
    assertThat(name.fileName()).isEqualTo("jcuda-natives-1.2-linux.jar");
    assertThat(name.purl())
        .isEqualTo("pkg:maven/org.jcuda/jcuda-natives@1.2?classifier=linux&type=jar");
    assertThatThrownBy(() -> Coordinates.ofRepository(repository, Path.of("/x/a.jar")))
        .hasMessageContaining("/x/a.jar");
  }

  @Test
  void shouldReadALineOfTheRegistry() {
    assertThat(Coordinates.ofQuarkusLine("a.b:c::jar:4.5"))
        .isEqualTo(new Coordinates("a.b", "c", "4.5", ""));
    assertThatThrownBy(() -> Coordinates.ofQuarkusLine("a.b:c")).hasMessageContaining("a.b:c");
  }
}
