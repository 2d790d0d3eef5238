package dev.millrace.cli;

import dev.millrace.cli.bench.engine.EngineBench;
import dev.millrace.cli.enrich.EnrichCommand;
import dev.millrace.cli.enrich.EvaluateCommand;
import dev.millrace.cli.model.ModelCommand;
import java.util.OptionalInt;
import picocli.CommandLine;

/**
 * The commands that need the engine and no Kafka: they run on a class path without Kafka, RocksDB
 * and Avro, on machines that have a GPU and little else.
 */
public final class EngineCommands implements CommandSet {

  @Override
  public int position() {
    return 1;
  }

  @Override
  public void addTo(CommandLine root) {
    root.addSubcommand(EnrichCommand.class);
    root.addSubcommand(EvaluateCommand.class);
    root.addSubcommand(ModelCommand.class);
  }

  @Override
  public void addMeasurements(CommandLine bench) {
    bench.addSubcommand(EngineBench.class);
  }

  @Override
  public OptionalInt exitCode(Throwable failure) {
    return failure instanceof CommandException known
        ? OptionalInt.of(known.exitCode())
        : OptionalInt.empty();
  }
}
