package dev.millrace.release;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LicencesTest {

  private static Coordinates jar(String group, String artifact) {
    return new Coordinates(group, artifact, "1", "");
  }

  @Test
  void shouldTakeTheLongestNameOfTheTable() throws IOException {
    Licences licences = Licences.parse("org.a MIT\norg.a.b Apache-2.0\norg.a.b:c EPL-2.0\n# x y\n");

    assertThat(licences.of(jar("org.a.x", "c"), List.of())).isEqualTo("MIT");
    assertThat(licences.of(jar("org.a.b", "d"), List.of())).isEqualTo("Apache-2.0");
    assertThat(licences.of(jar("org.a.b", "c"), List.of())).isEqualTo("EPL-2.0");
    assertThat(Licences.read().of(jar("org.apache.kafka", "kafka-clients"), List.of()))
        .isEqualTo("Apache-2.0");
  }

  @Test
  void shouldRefuseWhatNobodyLookedAt() {
    assertThatThrownBy(() -> Licences.parse("").of(jar("org.new", "thing"), List.of("WTFPL")))
        .isInstanceOf(ReleaseException.class)
        .hasMessageContainingAll("org.new:thing", "WTFPL", "licences.txt");
  }

  @ParameterizedTest
  @CsvSource({"GPL-2.0-only", "AGPL-3.0-only", "SSPL-1.0", "BUSL-1.1", "CPL-1.0"})
  void shouldRefuseALicenceThatDoesNotGoWithApache(String licence) {
    Licences licences = Licences.parse("org.a " + licence);

    assertThatThrownBy(() -> licences.of(jar("org.a", "thing"), List.of()))
        .isInstanceOf(ReleaseException.class)
        .hasMessageContainingAll("org.a:thing", licence);
  }

  @Test
  void shouldRefuseATableThatTheJarContradicts() {
    Licences licences = Licences.parse("org.a Apache-2.0");

    assertThatThrownBy(
            () -> licences.of(jar("org.a", "thing"), List.of("GNU General Public License v3")))
        .isInstanceOf(ReleaseException.class)
        .hasMessageContaining("declares [GPL]");
    List<String> choice = List.of("Apache License 2.0", "LGPL 2.1");
    assertThat(licences.of(jar("org.a", "thing"), choice)).isEqualTo("Apache-2.0");
  }

  @ParameterizedTest
  @CsvSource({
    "https://www.apache.org/licenses/LICENSE-2.0.txt,Apache-2.0",
    "The MIT License,MIT",
    "http://www.eclipse.org/legal/epl-v10.html,EPL-1.0",
    "https://projects.eclipse.org/license/epl-2.0,EPL-2.0",
    "http://www.eclipse.org/org/documents/edl-v10.php,BSD-3-Clause",
    "http://www.gnu.org/licenses/old-licenses/lgpl-2.1.html,LGPL",
    "GPL2 w/ CPE,GPL"
  })
  void shouldKnowManyNamesOfALicence(String declared, String spdx) {
    assertThat(Licences.spdx(declared)).contains(spdx);
  }
}
