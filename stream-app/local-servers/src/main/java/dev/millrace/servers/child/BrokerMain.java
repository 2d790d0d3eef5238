package dev.millrace.servers.child;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import kafka.Kafka;
import org.apache.kafka.metadata.storage.Formatter;

/**
 * A single-node broker: formats its directory if that is new, then runs Kafka's own main class.
 *
 * <p>One process instead of two saves the start of a JVM.
 */
public final class BrokerMain {

  private BrokerMain() {}

  /**
   * Formats and runs.
   *
   * @param arguments the broker's properties file, and the cluster id for a new directory
   * @throws Exception if the directory cannot be formatted
   */
  public static void main(String[] arguments) throws Exception {
    if (arguments.length != 2) {
      throw new IllegalArgumentException(
          "expected a properties file and a cluster id, got " + arguments.length + " arguments");
    }
    ParentWatch.start();
    Path data = Path.of(read(Path.of(arguments[0])).getProperty("log.dirs"));
    if (!Files.exists(data.resolve("meta.properties"))) {
      format(data, arguments[1]);
    }
    Kafka.main(new String[] {arguments[0]});
  }

  private static void format(Path data, String clusterId) throws Exception {
    new Formatter()
        .setPrintStream(System.err)
        .setClusterId(clusterId)
        .setNodeId(1)
        .setControllerListenerName("CONTROLLER")
        .setMetadataLogDirectory(data.toString())
        .addDirectory(data.toString())
        .run();
  }

  private static Properties read(Path file) throws IOException {
    Properties properties = new Properties();
    try (InputStream in = Files.newInputStream(file)) {
      properties.load(in);
    }
    return properties;
  }
}
