package dev.millrace.schema;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.schema.RegistryException.Kind;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import org.apache.avro.Schema;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RegistryClientTest {

  private static final SchemaId SEVEN = new SchemaId.Numbered(7);
  private static final String FOUND = "{\"schema\":\"\\\"string\\\"\"}";
  private static final String NO_SUCH_ID =
      "{\"error_code\":40403,\"message\":\"Schema not found\"}";

  private final RegistryStub stub = new RegistryStub();
  private long nanos = 1;

  @AfterEach
  void closeStub() {
    stub.close();
  }

  private RegistrySettings settings() {
    return RegistrySettings.of(List.of(stub.url()))
        .withTimeout(Duration.ofMillis(500))
        .withPatience(Duration.ofSeconds(5));
  }

  private RegistryClient client() {
    return client(settings());
  }

  /** A client whose time moves by hand and by waiting between tries. */
  private RegistryClient client(RegistrySettings settings) {
    Retry retry =
        new Retry(
            settings.patience(), () -> nanos, pause -> nanos += pause.toNanos(), new Random(1));
    return new RegistryClient(new ConfluentRegistry(settings), settings, retry, () -> nanos);
  }

  @Test
  void shouldAskOnceForWhatIsFound() {
    stub.then(200, FOUND);
    try (RegistryClient client = client()) {
      SchemaLookup first = client.lookup(SEVEN);

      assertThat(first).isEqualTo(new SchemaLookup.Found(Schema.create(Schema.Type.STRING)));
      assertThat(client.lookup(SEVEN)).isSameAs(first);
    }
    assertThat(stub.requests).hasSize(1).first().asString().startsWith("GET /schemas/ids/7");
  }

  /** A registry's answer with a schema, whose quotation marks are single ones here. */
  private static String answer(String schema, String more) {
    return "{\"schema\":\"" + schema.replace("'", "\\\"") + "\"," + more + "}";
  }

  @Test
  void shouldPutASchemaAndThoseItRefersToTogether() {
    stub.then(
            200,
            answer(
                "{'type':'record','name':'Order','fields':[{'name':'by','type':'acme.Customer'}]}",
                "\"references\":[{\"name\":\"acme.Customer\","
                    + "\"subject\":\"customer\",\"version\":2}]"))
        .then(
            200,
            answer(
                "{'type':'record','name':'acme.Customer','fields':["
                    + "{'name':'in','type':'acme.Place'}]}",
                "\"subject\":\"customer\",\"version\":2,\"id\":3,\"references\":"
                    + "[{\"name\":\"acme.Place\",\"subject\":\"place\",\"version\":1}]"))
        .then(
            200,
            answer(
                "{'type':'enum','name':'acme.Place','symbols':['here']}",
                "\"subject\":\"place\",\"version\":1,\"id\":2"));
    try (RegistryClient client = client()) {
      assertThat(client.lookup(SEVEN))
          .isInstanceOfSatisfying(
              SchemaLookup.Found.class,
              found ->
                  assertThat(
                          found
                              .schema()
                              .getField("by")
                              .schema()
                              .getField("in")
                              .schema()
                              .getEnumSymbols())
                      .containsExactly("here"));
      assertThat(client.lookup(SEVEN)).isInstanceOf(SchemaLookup.Found.class);
    }
    assertThat(stub.requests).hasSize(3);
    assertThat(stub.requests.get(1)).contains("/subjects/customer/versions/2");
  }

  @Test
  void shouldSayWhenTheRegistryHasAnotherKindOfSchema() {
    stub.then(200, "{\"schemaType\":\"PROTOBUF\",\"schema\":\"syntax = \\\"proto3\\\";\"}");
    try (RegistryClient client = client()) {
      assertThat(client.lookup(SEVEN)).isEqualTo(new SchemaLookup.OtherType("PROTOBUF"));
    }
  }

  @Test
  void shouldRememberForAWhileWhatIsUnknown() {
    stub.then(404, NO_SUCH_ID).then(404, NO_SUCH_ID).then(200, FOUND);
    try (RegistryClient client = client(settings().withUnknownTtl(Duration.ofSeconds(2)))) {
      assertThat(client.lookup(SEVEN)).isInstanceOf(SchemaLookup.Unknown.class);
      assertThat(client.lookup(SEVEN))
          .isInstanceOfSatisfying(
              SchemaLookup.Unknown.class,
              no -> assertThat(no.message()).contains("schema 7").contains("HTTP 404"));
      assertThat(stub.requests).hasSize(1);
      nanos += Duration.ofMillis(2_001).toNanos();
      assertThat(client.lookup(SEVEN)).isInstanceOf(SchemaLookup.Unknown.class);
      assertThat(stub.requests).hasSize(2);
      nanos += Duration.ofMillis(2_001).toNanos();
      assertThat(client.lookup(SEVEN)).isInstanceOf(SchemaLookup.Found.class);
    }
  }

  @Test
  void shouldLiveThroughATemporaryFailure() {
    stub.then(503, "")
        .then(500, "{\"error_code\":50001,\"message\":\"store\"}")
        .then(429, "")
        .then(200, FOUND);
    try (RegistryClient client = client()) {
      assertThat(client.lookup(SEVEN)).isInstanceOf(SchemaLookup.Found.class);
    }
    assertThat(stub.requests).hasSize(4);
  }

  @Test
  void shouldGiveUpInTimeAndAskAgainLater() {
    stub.then(503, "");
    try (RegistryClient client = client()) {
      assertThat(client.lookup(SEVEN))
          .isInstanceOfSatisfying(
              SchemaLookup.Unavailable.class,
              no ->
                  assertThat(no.message())
                      .contains("cannot look up schema 7")
                      .contains(stub.url())
                      .contains("503"));
      assertThat(Duration.ofNanos(nanos)).isLessThanOrEqualTo(Duration.ofSeconds(5));
      int tries = stub.requests.size();
      assertThat(tries).isGreaterThan(3);
      nanos += Outage.PAUSE.toNanos() + 1;
      client.lookup(SEVEN);
      assertThat(stub.requests).hasSizeGreaterThan(tries);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {400, 401, 403, 422})
  void shouldNotBlameTheRecordForARefusal(int status) {
    stub.then(status, String.format(Locale.ROOT, "{\"error_code\":%d,\"message\":\"no\"}", status));
    try (RegistryClient client = client()) {
      assertThat(client.lookup(SEVEN)).isInstanceOf(SchemaLookup.Unavailable.class);
    }
    assertThat(stub.requests).as("a refusal does not get better by asking again").hasSize(1);
  }

  @Test
  void shouldNotTakeAnotherServersNotFoundForAnAnswer() {
    stub.then(404, "<html>no such page</html>");
    try (RegistryClient client = client()) {
      assertThat(client.lookup(SEVEN)).isInstanceOf(SchemaLookup.Unavailable.class);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "{", "[]", "{}", "<html></html>", "{\"schema\":5}", "null"})
  void shouldNotTrustAnAnswerThatIsNone(String body) {
    stub.then(200, body);
    try (RegistryClient client = client(settings().withPatience(Duration.ZERO))) {
      assertThat(client.lookup(SEVEN))
          .isInstanceOfAny(SchemaLookup.Unavailable.class, SchemaLookup.Unusable.class);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"schema\":\"{\\\"type\\\":\\\"recordd\\\"}\"}",
        "{\"schema\":\"\"}",
      })
  void shouldSayThatASchemaCannotBeUsed(String body) {
    stub.then(200, body);
    try (RegistryClient client = client()) {
      assertThat(client.lookup(SEVEN)).isInstanceOf(SchemaLookup.Unusable.class);
      client.lookup(SEVEN);
    }
    assertThat(stub.requests).hasSize(1);
  }

  @Test
  void shouldSurviveASchemaThatIsNestedWithoutEnd() {
    int depth = 100_000;
    String nested =
        "{\\\"type\\\":\\\"array\\\",\\\"items\\\":".repeat(depth)
            + "\\\"int\\\""
            + "}".repeat(depth);
    stub.then(200, "{\"schema\":\"" + nested + "\"}");
    try (RegistryClient client = client(settings().withTimeout(Duration.ofSeconds(10)))) {
      assertThat(client.lookup(SEVEN)).isInstanceOf(SchemaLookup.Unusable.class);
    }
  }

  @Test
  void shouldAskForAGuid() {
    SchemaId guid = new SchemaId.Guid(UUID.fromString("89791762-2336-4186-9674-299b90a802e2"));
    stub.then(200, FOUND).then(404, "");
    try (RegistryClient client = client()) {
      assertThat(client.lookup(guid)).isInstanceOf(SchemaLookup.Found.class);
      assertThat(stub.requests)
          .containsExactly("GET /schemas/guids/89791762-2336-4186-9674-299b90a802e2");
      assertThat(client.lookup(new SchemaId.Guid(new UUID(0, 1))))
          .as("also where the registry has no such address at all")
          .isInstanceOf(SchemaLookup.Unknown.class);
    }
  }

  @Test
  void shouldGoOnToTheNextAddress() throws IOException {
    stub.then(200, FOUND);
    RegistrySettings two =
        new RegistrySettings(
            List.of("http://127.0.0.1:" + deadPort(), stub.url()),
            Duration.ofMillis(500),
            Duration.ofMillis(500),
            Duration.ZERO,
            Duration.ZERO,
            10,
            Map.of());
    try (RegistryClient client = client(two)) {
      assertThat(client.lookup(SEVEN)).isInstanceOf(SchemaLookup.Found.class);
    }
  }

  @Test
  void shouldSayThatNobodyListens() throws IOException {
    int port = deadPort();
    RegistrySettings down =
        RegistrySettings.of(List.of("http://127.0.0.1:" + port)).withPatience(Duration.ZERO);
    try (RegistryClient client = client(down)) {
      assertThat(client.lookup(SEVEN))
          .isInstanceOfSatisfying(
              SchemaLookup.Unavailable.class,
              no -> assertThat(no.message()).contains("" + port).contains("ConnectException"));
    }
  }

  /** It accepts and never answers: real time, for the timeout is the socket's. */
  @Test
  void shouldNotWaitForABlackHole() throws IOException {
    try (ServerSocket hole = new ServerSocket(0, 50, loopback())) {
      RegistrySettings settings =
          RegistrySettings.of(List.of("http://127.0.0.1:" + hole.getLocalPort()))
              .withTimeout(Duration.ofMillis(200))
              .withPatience(Duration.ZERO);
      try (RegistryClient client = RegistryClient.create(settings)) {
        long begin = System.nanoTime();
        assertThat(client.lookup(SEVEN))
            .isInstanceOfSatisfying(
                SchemaLookup.Unavailable.class,
                no -> assertThat(no.message()).contains("SocketTimeoutException"));
        assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(20));
      }
    }
  }

  @Test
  void shouldAuthenticateAndNeverShowThePassword() {
    stub.then(200, FOUND).then(401, "{\"error_code\":401,\"message\":\"Unauthorized\"}");
    RegistrySettings settings = settings().withBasicAuth("ann", "s3cret");
    try (RegistryClient client = client(settings)) {
      client.lookup(SEVEN);
      String refused = client.lookup(new SchemaId.Numbered(8)).toString();

      assertThat(refused).contains("401").doesNotContain("s3cret");
    }
    String expected =
        "Basic "
            + Base64.getEncoder().encodeToString("ann:s3cret".getBytes(StandardCharsets.UTF_8));
    assertThat(stub.authorizations).containsOnly(expected);
    assertThat(settings.toString()).contains("basic.auth.user.info").doesNotContain("s3cret");
    assertThat(RegistrySettings.of(List.of("http://a:b@host")).toString())
        .contains("http://***@host")
        .doesNotContain("a:b");
  }

  @Test
  void shouldSayThatASchemaDoesNotFit() {
    stub.then(409, "{\"error_code\":409,\"message\":\"incompatible\"}")
        .then(200, "{\"is_compatible\":false}");
    try (RegistryClient client = client()) {
      assertThatThrownBy(() -> client.register("t-value", Schema.create(Schema.Type.INT)))
          .isInstanceOfSatisfying(
              RegistryException.class,
              e -> {
                assertThat(e.kind()).isEqualTo(Kind.INCOMPATIBLE);
                assertThat(e.httpStatus()).isEqualTo(409);
              })
          .hasMessageContaining("cannot register a schema for t-value");
    }
  }

  /** Seen with a slow registry: the first call's answer came too late, the second met its work. */
  @Test
  void shouldTakeWhatAnotherRegistrationHasDone() {
    stub.then(409, "{\"error_code\":409,\"message\":\"already exists\"}")
        .then(200, "{\"is_compatible\":true}")
        .then(404, "{\"error_code\":40403,\"message\":\"not yet\"}")
        .then(409, "{\"error_code\":409,\"message\":\"already exists\"}")
        .then(200, "{\"is_compatible\":true}")
        .then(200, "{\"subject\":\"t-value\",\"id\":5,\"version\":1,\"schema\":\"\\\"int\\\"\"}");
    try (RegistryClient client = client()) {
      assertThat(client.register("t-value", Schema.create(Schema.Type.INT))).isEqualTo(5);
    }
    assertThat(stub.requests).hasSize(6);
  }

  @Test
  void shouldSayThatASchemaIsNotRegistered() {
    stub.then(404, "{\"error_code\":40401,\"message\":\"Subject not found\"}")
        .then(200, "{\"id\":5}");
    try (RegistryClient client = client()) {
      Schema schema = Schema.create(Schema.Type.INT);
      assertThat(client.idOf("t-value", schema)).isEmpty();
      assertThat(client.register("t-value", schema)).isEqualTo(5);
    }
  }

  @Test
  void shouldCheckAgainstEveryVersion() {
    stub.then(200, "[1,2]")
        .then(200, "{\"id\":1,\"version\":1,\"schema\":\"\\\"string\\\"\"}")
        .then(200, "{\"id\":2,\"version\":2,\"schema\":\"\\\"int\\\"\"}");
    try (RegistryClient client = client()) {
      assertThat(client.check("t-value", Schema.create(Schema.Type.LONG)))
          .singleElement()
          .asString()
          .startsWith("version 1: TYPE_MISMATCH");
    }
  }

  @Test
  void shouldBelieveTheRegistryWhenItSeesMore() {
    stub.then(200, "[1]")
        .then(200, "{\"id\":1,\"version\":1,\"schema\":\"\\\"int\\\"\"}")
        .then(200, "{\"is_compatible\":false}");
    try (RegistryClient client = client()) {
      assertThat(client.check("t-value", Schema.create(Schema.Type.INT)))
          .singleElement()
          .asString()
          .contains("compatibility level");
    }
  }

  @Test
  void shouldTakeAnythingForANewSubject() {
    stub.then(404, "{\"error_code\":40401,\"message\":\"Subject not found\"}");
    try (RegistryClient client = client()) {
      assertThat(client.check("t-value", Schema.create(Schema.Type.INT))).isEmpty();
    }
  }

  @Test
  void shouldForgetWhatWasNotUsedForLongest() {
    stub.then(200, FOUND);
    RegistrySettings tiny =
        new RegistrySettings(
            List.of(stub.url()),
            Duration.ofSeconds(1),
            Duration.ofSeconds(1),
            Duration.ZERO,
            Duration.ZERO,
            2,
            Map.of());
    try (RegistryClient client = client(tiny)) {
      for (int id : new int[] {1, 2, 1, 3, 1, 2}) {
        assertThat(client.lookup(new SchemaId.Numbered(id))).isInstanceOf(SchemaLookup.Found.class);
      }
    }
    assertThat(stub.requests).hasSize(4);
  }

  @Test
  void shouldRefuseSettingsThatCannotBeMeant() {
    assertThatThrownBy(() -> RegistrySettings.of(List.of()))
        .hasMessageContaining("at least one registry");
    assertThatThrownBy(() -> RegistrySettings.of(List.of("registry:8081")))
        .hasMessageContaining("http:// or https://");
    assertThatThrownBy(() -> settings().withTimeout(Duration.ZERO))
        .hasMessageContaining("connectTimeout must be PT0.001S..PT10M");
  }

  private static int deadPort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, loopback())) {
      return socket.getLocalPort();
    }
  }

  private static InetAddress loopback() throws IOException {
    return InetAddress.getByAddress(new byte[] {127, 0, 0, 1});
  }
}
