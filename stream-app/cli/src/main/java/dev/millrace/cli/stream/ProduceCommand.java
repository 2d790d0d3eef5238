package dev.millrace.cli.stream;

import dev.millrace.cli.CommandException;
import dev.millrace.cli.ExitCode;
import dev.millrace.cli.JsonLines;
import dev.millrace.enrichment.Document;
import dev.millrace.enrichment.DocumentException;
import dev.millrace.enrichment.JsonDocuments;
import dev.millrace.enrichment.RejectReason;
import dev.millrace.operations.config.Config;
import dev.millrace.operations.config.Input;
import dev.millrace.operations.config.KafkaClientProperties;
import dev.millrace.operations.deploy.SchemaDeployment;
import dev.millrace.records.DocumentEncoder;
import dev.millrace.schema.RegistryClient;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Puts documents into the input topic. */
@Command(
    name = "produce",
    description = {
      "Writes the documents of a file into the input topic, in the topic's format.",
      "Each line is a JSON object: {\"id\",\"text\",\"language\"?,\"title\"?,..}. A line that is no "
          + "document is named on stderr and passed over; the command then ends with exit code 1."
    })
public final class ProduceCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;
  @Mixin private ConfigOption config;

  @Option(names = "--input", required = true, paramLabel = "FILE.jsonl", description = "Documents.")
  private Path input;

  @Option(
      names = "--topic",
      paramLabel = "NAME",
      description = "Which input, by its topic or name; needed where there are several.")
  private @Nullable String name;

  @Option(names = "--json", description = "Prints the result as a line of JSON.")
  private boolean json;

  @Override
  public Integer call() {
    Config settings = config.read();
    Input target = target(settings);
    String topic = topic(target);
    try (JsonLines lines = open()) {
      DocumentEncoder bytes = bytes(settings, target, topic);
      try (KafkaProducer<byte[], byte[]> producer =
          new KafkaProducer<>(KafkaClientProperties.producer(settings))) {
        return new Production(producer, topic, bytes, spec.commandLine().getErr()).run(lines);
      } catch (KafkaException e) {
        throw failed(topic, e);
      }
    } catch (IOException e) {
      throw CommandException.failure(
          String.format(Locale.ROOT, "cannot read %s: %s", input, e.getClass().getSimpleName()), e);
    }
  }

  private JsonLines open() throws IOException {
    return new JsonLines(Files.newInputStream(input), JsonLines.BYTES_MAX);
  }

  /** One run over the lines. Owned by its thread, but for what the producer's thread counts. */
  private final class Production {
    private final KafkaProducer<byte[], byte[]> producer;
    private final String topic;
    private final DocumentEncoder bytes;
    private final PrintWriter err;
    private final AtomicLong sent = new AtomicLong();
    private final AtomicLong refused = new AtomicLong();
    private final AtomicReference<@Nullable Exception> failure = new AtomicReference<>();

    Production(
        KafkaProducer<byte[], byte[]> producer,
        String topic,
        DocumentEncoder bytes,
        PrintWriter err) {
      this.producer = producer;
      this.topic = topic;
      this.bytes = bytes;
      this.err = err;
    }

    int run(JsonLines lines) throws IOException {
      JsonLines.Line line = lines.next();
      while (line != null && failure.get() == null) {
        try {
          send(line);
        } catch (DocumentException e) {
          refuse(line.number(), e.reason(), String.valueOf(e.getMessage()));
        }
        line = lines.next();
      }
      producer.flush();
      Exception failed = failure.get();
      if (failed != null) {
        throw failed(topic, failed);
      }
      report();
      return refused.get() == 0 ? ExitCode.SUCCESS : ExitCode.FAILURE;
    }

    private void send(JsonLines.Line line) {
      switch (line) {
        case JsonLines.NotUtf8 _ ->
            throw new DocumentException(RejectReason.INVALID_TEXT, "it is not UTF-8 text");
        case JsonLines.TooLong tooLong ->
            throw new DocumentException(
                RejectReason.TOO_LARGE,
                String.format(
                    Locale.ROOT,
                    "it has %d bytes, more than the %d a line may have",
                    tooLong.bytes(),
                    JsonLines.BYTES_MAX));
        case JsonLines.Text text -> {
          if (!text.isBlank()) {
            Document document =
                JsonDocuments.document(
                    JsonDocuments.parse(text.text()), "line-" + line.number(), Instant.EPOCH);
            send(line.number(), document);
          }
        }
      }
    }

    private void send(long line, Document document) {
      byte[] key = document.id().getBytes(StandardCharsets.UTF_8);
      Future<RecordMetadata> _ =
          producer.send(
              new ProducerRecord<>(topic, key, bytes.of(document)),
              (_, e) -> {
                if (e == null) {
                  sent.incrementAndGet();
                } else if (e instanceof RecordTooLargeException) {
                  refuse(
                      line,
                      RejectReason.TOO_LARGE,
                      "its record is larger than the topic or topics.record.bytes.max takes");
                } else {
                  failure.compareAndSet(null, e);
                }
              });
    }

    private void report() {
      PrintWriter out = spec.commandLine().getOut();
      if (json) {
        out.printf(
            Locale.ROOT,
            "{\"produced\":%d,\"refused\":%d,\"topic\":\"%s\"}%n",
            sent.get(),
            refused.get(),
            topic);
      } else {
        out.printf(Locale.ROOT, "%d documents written to %s%n", sent.get(), topic);
        if (refused.get() > 0) {
          out.printf(Locale.ROOT, "%d lines refused%n", refused.get());
        }
      }
    }

    private void refuse(long line, RejectReason reason, String message) {
      refused.incrementAndGet();
      err.printf(Locale.ROOT, "%s, line %d: %s: %s%n", input, line, reason, message);
    }
  }

  private static CommandException failed(String topic, Exception cause) {
    return CommandException.failure(
        String.format(
            Locale.ROOT,
            "cannot write to topic %s: %s; `millrace topics check` tells what is wrong with it",
            topic,
            cause.getMessage()),
        cause);
  }

  private Input target(Config settings) {
    List<Input> inputs = Input.all(settings);
    if (name == null && inputs.size() == 1) {
      return inputs.getFirst();
    }
    for (Input each : inputs) {
      if (each.name().equals(name) || (name != null && each.topics().documents().contains(name))) {
        return each;
      }
    }
    throw new ParameterException(
        spec.commandLine(),
        "%s: the configuration has the inputs %s"
            .formatted(
                name == null ? "--topic is missing" : "--topic " + name + " is none",
                inputs.stream().map(Input::name).toList()));
  }

  /** The topic to write to: of an input that reads all that match, the one that was named. */
  private String topic(Input target) {
    return target
        .topics()
        .documents()
        .name()
        .orElseGet(() -> {
          if (name == null || !target.topics().documents().contains(name)) {
            throw new ParameterException(
                spec.commandLine(),
                "input %s reads all topics that match \"%s\": name one of them with --topic"
                    .formatted(target.name(), target.topics().documents()));
          }
          return name;
        });
  }

  private static DocumentEncoder bytes(Config settings, Input target, String topic) {
    if (target.layout().shape().isForeign()) {
      throw CommandException.failure(
          ("cannot write to topic %s: its entry in inputs has fields or an envelope, and produce"
                  + " writes documents as they are; write such records with the producer whose"
                  + " shape they have")
              .formatted(topic));
    }
    return switch (target.format()) {
      case AVRO -> {
        try (RegistryClient registry =
            RegistryClient.create(SchemaDeployment.settings(settings, SchemasCommand.PATIENCE))) {
          yield DocumentEncoder.avro(new SchemaDeployment(settings, registry).documentId(topic));
        }
      }
      case JSON -> DocumentEncoder.json();
      case TEXT -> DocumentEncoder.text();
      case CSV -> DocumentEncoder.csv(target.layout().csv());
    };
  }
}
