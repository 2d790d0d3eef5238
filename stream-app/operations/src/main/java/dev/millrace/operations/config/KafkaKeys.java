package dev.millrace.operations.config;

import static dev.millrace.operations.config.ConfigKey.optional;
import static dev.millrace.operations.config.ConfigKey.required;
import static dev.millrace.operations.config.ConfigType.brokers;
import static dev.millrace.operations.config.ConfigType.integer;

import java.util.List;
import java.util.Map;
import org.apache.kafka.common.config.SaslConfigs;
import org.apache.kafka.common.config.types.Password;
import org.apache.kafka.common.security.JaasContext;

/** The cluster; {@code kafka.*}. */
public final class KafkaKeys {
  public static final ConfigKey<List<String>> BOOTSTRAP_SERVERS =
      required("kafka.bootstrap.servers", brokers(), "broker-1:9092", "Brokers to bootstrap from.");

  public static final ConfigKey<Integer> TRANSACTION_VERSION_MIN =
      optional(
              "kafka.unsafe.transaction.version.min",
              integer(0, 100),
              "2",
              "2",
              "Least transaction.version of the cluster. Unsafe below 2: a late commit or abort of"
                  + " a dead client may hit the next transaction (KIP-890), and a document may be"
                  + " lost or come out twice. 0 accepts that on any cluster.")
          .renamedFrom("kafka.transaction.version.min");

  /** In the order of the reference page. */
  public static final ConfigSection SECTION =
      ConfigSection.of(
          "kafka",
          "Where the brokers are.",
          List.of(BOOTSTRAP_SERVERS, TRANSACTION_VERSION_MIN),
          KafkaKeys::checkLogin);

  private KafkaKeys() {}

  /**
   * Kafka finds the same, later, and quotes what it did not expect: that may be half a password.
   */
  private static void checkLogin(ConfigProblems problems) {
    String login = problems.config().client().get(SaslConfigs.SASL_JAAS_CONFIG);
    if (login == null) {
      return;
    }
    boolean isLogin = true;
    try {
      JaasContext.loadClientContext(Map.of(SaslConfigs.SASL_JAAS_CONFIG, new Password(login)));
    } catch (RuntimeException e) {
      isLogin = false;
    }
    problems.require(
        isLogin,
        "kafka.client.sasl.jaas.config is not one login module as JAAS writes it:"
            + " `MODULE required username=\"USER\" password=\"PASSWORD\";`, with values in double"
            + " quotes, a quote or backslash in them behind a backslash, and a final semicolon");
  }
}
