package dev.millrace.schema;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CredentialMaskTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://qx1:qx2@host:8081/apis",
        "HTTP://qx1:qx2@host:8081",
        "http://qx1@host",
        "http://:qx1@host",
        "http://qx1:@host",
        "http://qx1:qx2@qx3@host:8081",
        "http://qx1:qx2/qx3@host:8081/apis",
        "http://qx1:qx2:qx3@host",
        "http://qx1:qx2%40qx3%2Fqx4%zz@host",
        "http://qx1:qx2?qx3#qx4@host",
        "http://qx1:qx2 qx3@host:8081",
        "http://qx1:12345@host",
        "http://qx1:12/34qx2@host",
        "http://qx1:qx2'qx3\"qx4@host",
        "http://qx1:qx2,qx3@host",
        "http://qx1:qx2@one,http://qx3:qx4@host",
        "http://one, https://qx3:qx4@qx5@host",
        "http://host/path?access_token=qx1",
        "http://host/path?password=qx1&qx2=qx3",
        "http://qx1@host?access_token=qx2#qx3",
        "http://host#access_token=qx1",
        "http://host:qx1",
        "SASL_SSL://qx1:qx2@host:9092",
        "jdbc:h2:tcp://qx1:qx2@host/db",
      })
  void shouldHideWhateverIsSecretInAUrl(String url) {
    assertThat(CredentialMask.inUrls(url)).doesNotContain("qx").contains("host", "***");
    assertThat(CredentialMask.inText("cannot ask " + url + ": refused"))
        .startsWith("cannot ask ")
        .endsWith(": refused")
        .doesNotContain("qx")
        .contains("host", "***");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "http://127.0.0.1:8081/apis/ccompat/v7",
        "http://registry: no route",
        "connect to http://[::1]:8081 or https://other:443, then try again",
        "the owner of http://host:8081/x is object@1b2c3d",
        "mail somebody@example.org",
        "schema.registry.user and schema.registry.password: set both or none",
        "password=*** and ssl.key.password = [hidden]",
        "ssl.keystore.password = null",
        "12 tokens = 3 words",
      })
  void shouldLeaveAloneWhatHoldsNoSecret(String text) {
    assertThat(CredentialMask.inText(text)).isEqualTo(text);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "PlainLoginModule required username=\"a\" password=\"qx1 ;qx2\\\"qx3\"; then|username=\"a\"",
        "password = qx1, next|, next",
        "{\"password\":\"qx1\\\"qx2\",\"next\":1}|\"next\":1",
        "\"{\\\"client_secret\\\":\\\"qx1\\\",\\\"n\\\":1}\"|\\\"n\\\":1",
        "access_token=qx1&next|&next",
        "ssl.key.passphrase='qx1 qx2' next|next",
      })
  void shouldHideValuesThatAreNamedSecrets(String text, String kept) {
    assertThat(CredentialMask.inText(text)).doesNotContain("qx").contains(kept);
  }

  /** Seconds, not hours, and no deep recursion: a log line may hold a whole answer. */
  @Test
  void shouldReadLongLines() {
    String line =
        "x://".repeat(50_000) + "a:".repeat(200_000) + "password=\"" + "\\".repeat(300_000);

    assertThat(CredentialMask.inText(line)).isNotEmpty();
  }

  @Test
  void shouldHideAnyPasswordInAnyPlace() {
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    List<String> odd =
        List.of(
            "@", "/", ":", "%", "%2F", "?", "#", "&", "=", ",", ";", "+", "é", "[", "]", "\\", "!");
    for (int i = 0; i < 10_000; i++) {
      StringBuilder password = new StringBuilder("qx");
      for (int part = random.nextInt(6); part >= 0; part--) {
        password.append(odd.get(random.nextInt(odd.size()))).append("qx");
      }
      String url = "http://alice:" + password + "@host:8081/apis";

      assertThat(CredentialMask.inUrls(url)).as("seed %s, %s", seed, url).doesNotContain("qx");
      assertThat(CredentialMask.inText("of " + url + " it is said"))
          .as("seed %s, %s", seed, url)
          .doesNotContain("qx");
    }
  }
}
