package dev.millrace.schema;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the registry is told of a password, and who else is. */
class RegistryCredentialsTest {

  private static final SchemaId SEVEN = new SchemaId.Numbered(7);
  private static final String FOUND = "{\"schema\":\"\\\"string\\\"\"}";

  private final RegistryStub stub = new RegistryStub();

  @AfterEach
  void closeStub() {
    stub.close();
  }

  private RegistrySettings settings(String user) {
    return RegistrySettings.of(List.of(stub.url().replaceFirst("//", "//" + user + "@")))
        .withTimeout(Duration.ofSeconds(5))
        .withPatience(Duration.ZERO);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "ann:s3cret|ann:s3cret",
        "ann:s3cr%3Ft|ann:s3cr?t",
        "ann:a%40b%2Fc%3Ad%25e%20f|ann:a@b/c:d%e f",
        "ann:p@ss|ann:p@ss",
        "ann:p:s:s|ann:p:s:s",
        "ann:100%|ann:100%",
        "ann:50%zz|ann:50%zz",
        "ann:a+b|ann:a+b",
        "ann:a%2Bb|ann:a+b",
        "ann:gr%C3%BC%C3%9Fe|ann:grüße",
        "ann:a,b|ann:a,b",
        "a%40b.org:x|a@b.org:x",
        "ann|ann:",
        "ann:|ann:",
        ":key|:key",
      })
  void shouldSendWhatTheUrlMeans(String user, String sent) {
    stub.then(200, FOUND);
    try (RegistryClient client = RegistryClient.create(settings(user))) {
      assertThat(client.lookup(SEVEN)).isInstanceOf(SchemaLookup.Found.class);
    }

    assertThat(stub.authorizations).containsOnly(basic(sent));
  }

  @ParameterizedTest
  @ValueSource(strings = {"a@b/c:d%e f", "100%", "%2F", "grüße", "http://x:y@z"})
  void shouldSendAPasswordThatIsSetByItselfAsItIs(String password) {
    stub.then(200, FOUND);
    RegistrySettings settings =
        RegistrySettings.of(List.of(stub.url())).withBasicAuth("ann", password);
    try (RegistryClient client = RegistryClient.create(settings)) {
      assertThat(client.lookup(SEVEN)).isInstanceOf(SchemaLookup.Found.class);
    }

    assertThat(stub.authorizations).containsOnly(basic("ann:" + password));
  }

  @Test
  void shouldKeepTheCredentialsOfEachAddressApart() {
    try (RegistryStub other = new RegistryStub()) {
      stub.then(503, "{}");
      other.then(200, FOUND);
      RegistrySettings settings =
          RegistrySettings.of(
                  List.of(
                      stub.url().replace("http://", "HTTP://ann:one@") + "/",
                      other.url().replaceFirst("//", "//bob:two@")))
              .withPatience(Duration.ZERO);
      try (RegistryClient client = RegistryClient.create(settings)) {
        SchemaLookup _ = client.lookup(SEVEN);
        SchemaLookup _ = client.lookup(new SchemaId.Numbered(8));
      }

      // The client begins with either of them, by chance.
      assertThat(stub.authorizations).allMatch(basic("ann:one")::equals);
      assertThat(other.authorizations).allMatch(basic("bob:two")::equals);
      assertThat(stub.authorizations.size() + other.authorizations.size()).isPositive();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "no JSON",
        "{\"error_code\":40101,\"message\":\"no user qx at http://a:qx@h\"}"
      })
  void shouldShowNoPasswordWhateverTheRegistryAnswers(String body) {
    for (int status : new int[] {200, 301, 401, 403, 404, 409, 422, 429, 500, 503}) {
      stub.then(status, body.replace("user qx", "user"));
    }
    try (RegistryClient client = RegistryClient.create(settings("qx1:qx2%2Fqx3@qx4"))) {
      for (int i = 0; i < 10; i++) {
        assertThat(client.lookup(new SchemaId.Numbered(i)).toString()).doesNotContain("qx");
        assertThatThrownBy(() -> client.compatibilityLevel("t-value"))
            .satisfies(RegistryCredentialsTest::assertNoSecret);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://qx1:qx2@127.0.0.1:1",
        "http://qx1:qx2@qx3@127.0.0.1:1/apis",
        "https://qx1:qx2%2Fqx3@127.0.0.1:1",
        "http://qx1:qx2%zz@127.0.0.1:1",
        "http://qx1:qx2@no-such-host.invalid",
        "http://qx1:qx2@127.0.0.1:99999",
      })
  void shouldShowNoPasswordWhenNobodyAnswers(String url) {
    RegistrySettings settings = RegistrySettings.of(List.of(url)).withPatience(Duration.ZERO);
    try (RegistryClient client = RegistryClient.create(settings)) {
      assertThat(client.lookup(SEVEN).toString()).contains("***@").doesNotContain("qx");
      assertThatThrownBy(() -> client.compatibilityLevel("t-value"))
          .satisfies(RegistryCredentialsTest::assertNoSecret);
    }
    assertThat(settings.toString()).contains("***@").doesNotContain("qx");
  }

  /** Where a URL can be read in two ways it is refused, and the refusal quotes nothing. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "qx1:qx2@host",
        "ftp://qx1:qx2@host",
        "http://qx1:qx2/qx3@host",
        "http://qx1:12/qx3@host",
        "http://qx1:qx2?qx3@host",
        "http://qx1:qx2#qx3@host",
        "http://qx1:qx2",
        "http://qx1:qx2 qx3@host",
        "http://one, qx1:qx2@host",
        "http://qx1:qx2@",
        "http://host/?access_token=qx1",
        "http://host/a b?qx1",
        "http://qx1 qx2/apis",
        "http://qx1:%FF%FE@host",
      })
  void shouldRefuseWhatIsNoBaseAddressWithoutQuotingIt(String url) {
    assertThatThrownBy(() -> RegistrySettings.of(List.of("http://one", url)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("urls: entry 2 must ")
        .satisfies(RegistryCredentialsTest::assertNoSecret);
  }

  @Test
  void shouldSplitAListWhereAnAddressBegins() {
    assertThat(RegistrySettings.splitUrls("http://a:b,c@one , HTTPS://two,http://three"))
        .containsExactly("http://a:b,c@one", "HTTPS://two", "http://three");
  }

  private static void assertNoSecret(Throwable failure) {
    StringWriter trace = new StringWriter();
    failure.printStackTrace(new PrintWriter(trace));
    assertThat(trace.toString()).doesNotContain("qx");
  }

  private static String basic(String user) {
    return "Basic " + Base64.getEncoder().encodeToString(user.getBytes(StandardCharsets.UTF_8));
  }
}
