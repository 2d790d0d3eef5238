package dev.millrace.streams.cli;

import dev.millrace.streams.cli.bench.BenchCommand;
import dev.millrace.streams.cli.bench.engine.EngineBench;
import dev.millrace.streams.cli.enrich.EnrichCommand;
import dev.millrace.streams.cli.enrich.EvaluateCommand;
import dev.millrace.streams.cli.model.ModelCommand;
import picocli.CommandLine;
import picocli.CommandLine.HelpCommand;

/**
 * The same program with only those commands that need the engine and no Kafka, for machines that
 * have a GPU and little else: it starts on a class path without Kafka, RocksDB and Avro.
 */
public final class EngineMain {

  private EngineMain() {}

  /** Runs one command and exits with its code. */
  public static void main(String[] arguments) {
    Launch.exit(EngineMain::addCommands, arguments);
  }

  static void addCommands(CommandLine root) {
    root.addSubcommand(EnrichCommand.class);
    root.addSubcommand(EvaluateCommand.class);
    root.addSubcommand(ModelCommand.class);
    CommandLine bench = new CommandLine(new BenchCommand());
    root.addSubcommand(bench);
    bench.addSubcommand(EngineBench.class);
    root.addSubcommand(HelpCommand.class);
  }
}
