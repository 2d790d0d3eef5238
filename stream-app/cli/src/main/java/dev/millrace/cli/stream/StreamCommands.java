package dev.millrace.cli.stream;

import dev.millrace.cli.bench.stream.StreamBench;
import dev.millrace.cli.operations.ServerCommands;
import picocli.CommandLine;

/** The commands around the stream application. */
public final class StreamCommands extends ServerCommands {

  @Override
  public int position() {
    return 0;
  }

  @Override
  public void addTo(CommandLine root) {
    root.addSubcommand(StreamDemo.class);
    root.addSubcommand(RunCommand.class);
    root.addSubcommand(TopicsCommand.class);
    root.addSubcommand(SchemasCommand.class);
    root.addSubcommand(ProduceCommand.class);
    root.addSubcommand(TailCommand.class);
    root.addSubcommand(RedriveCommand.class);
  }

  @Override
  public void addMeasurements(CommandLine bench) {
    bench.addSubcommand(StreamBench.class);
  }
}
