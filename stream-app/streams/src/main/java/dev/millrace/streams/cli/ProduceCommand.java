package dev.millrace.streams.cli;

import dev.millrace.enrichment.Document;
import dev.millrace.schema.RegistryClient;
import dev.millrace.streams.config.Config;
import dev.millrace.streams.config.ConfigKeys;
import dev.millrace.streams.config.KafkaClientProperties;
import dev.millrace.streams.deploy.SchemaDeployment;
import dev.millrace.streams.wire.DocumentBytes;
import dev.millrace.streams.wire.JsonDecoder;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Locale;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Puts documents into the input topic. */
@Command(
    name = "produce",
    description = {
      "Writes the documents of a file into the input topic, in the topic's format.",
      "Each line is a JSON object: {\"id\",\"text\",\"language\"?,\"title\"?,..}. The whole file is "
          + "checked before the first document is written."
    })
public final class ProduceCommand implements Runnable {

  @Spec private CommandSpec spec;
  @Mixin private ConfigOption config;

  @Option(names = "--input", required = true, paramLabel = "FILE.jsonl", description = "Documents.")
  private Path input;

  @Option(names = "--json", description = "Prints the result as a line of JSON.")
  private boolean json;

  @Override
  public void run() {
    Config settings = config.read();
    int[] lines = {0};
    each(_ -> lines[0]++);
    DocumentBytes bytes = bytes(settings);
    String topic = settings.get(ConfigKeys.TOPIC_DOCUMENTS);
    AtomicReference<@Nullable Exception> failure = new AtomicReference<>();
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(KafkaClientProperties.producer(settings))) {
      each(document -> {
        byte[] key = document.id().getBytes(StandardCharsets.UTF_8);
        Future<RecordMetadata> _ =
            producer.send(
                new ProducerRecord<>(topic, key, bytes.of(document)),
                (_, e) -> failure.compareAndSet(null, e));
      });
      producer.flush();
    } catch (KafkaException e) {
      throw failed(topic, e);
    }
    Exception failed = failure.get();
    if (failed != null) {
      throw failed(topic, failed);
    }
    spec.commandLine()
        .getOut()
        .printf(
            json ? "{\"produced\":%d,\"topic\":\"%s\"}%n" : "%d documents written to %s%n",
            lines[0],
            topic);
  }

  private static CommandException failed(String topic, Exception cause) {
    return CommandException.failure(
        "cannot write to topic %s: %s; `millrace topics check` tells what is wrong with it"
            .formatted(topic, cause.getMessage()),
        cause);
  }

  private static DocumentBytes bytes(Config settings) {
    return switch (settings.get(ConfigKeys.DOCUMENTS_FORMAT)) {
      case AVRO -> {
        try (RegistryClient registry =
            RegistryClient.create(SchemaDeployment.settings(settings, SchemasCommand.PATIENCE))) {
          yield DocumentBytes.avro(new SchemaDeployment(settings, registry).documentId());
        }
      }
      case JSON -> DocumentBytes.json();
      case TEXT -> DocumentBytes.text();
    };
  }

  private void each(Consumer<Document> consumer) {
    int number = 0;
    try (BufferedReader reader = Files.newBufferedReader(input, StandardCharsets.UTF_8)) {
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        number++;
        if (!line.isBlank()) {
          consumer.accept(JsonDecoder.read(line, "line-" + number, Instant.EPOCH));
        }
      }
    } catch (IllegalArgumentException e) {
      throw CommandException.failure(
          String.format(Locale.ROOT, "%s, line %d: %s", input, number, e.getMessage()), e);
    } catch (CharacterCodingException e) {
      throw CommandException.failure("%s is not UTF-8".formatted(input), e);
    } catch (IOException e) {
      throw CommandException.failure(
          "cannot read %s: %s".formatted(input, e.getClass().getSimpleName()), e);
    }
  }
}
