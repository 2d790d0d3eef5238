package dev.millrace.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.text.NumberFormat;
import java.time.ZoneId;
import java.util.Locale;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Tests run where nothing is as a developer has it: another language with other digits, another
 * time zone, no character set and no home. If that is lost, all other tests prove less.
 */
class PlaceTest {

  @BeforeEach
  void assumeMaven() {
    assumeThat(System.getProperty("millrace.test.place"))
        .as("SKIPPED, because not Maven runs this: its configuration is what is tested")
        .isNotNull();
  }

  @Test
  void shouldWriteOtherDigits() {
    assertThat(Locale.getDefault(Locale.Category.FORMAT)).isEqualTo(Locale.of("fa", "IR"));
    assertThat(Locale.getDefault(Locale.Category.DISPLAY)).isEqualTo(Locale.of("fa", "IR"));
    assertThat(NumberFormat.getInstance(Locale.getDefault()).format(10)).isEqualTo("۱۰");
  }

  @Test
  void shouldLiveThreeQuartersOfAnHourBesideWholeHours() {
    assertThat(ZoneId.systemDefault()).isEqualTo(ZoneId.of("Asia/Kathmandu"));
  }

  @Test
  void shouldHaveNeitherCharacterSetNorHome() {
    assertThat(System.getenv("LC_ALL")).isEqualTo("C");
    assertThat(System.getenv("HOME")).isNull();
    assertThat(System.getProperty("sun.jnu.encoding")).isEqualTo("ANSI_X3.4-1968");
  }

  @Test
  void shouldHandItOnToChildren() {
    assertThat(StreamHarness.place())
        .containsExactly(
            "-Duser.language=fa", "-Duser.country=IR", "-Duser.timezone=Asia/Kathmandu");
  }
}
