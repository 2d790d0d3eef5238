package dev.millrace.flink.cli;

import ch.qos.logback.classic.Level;
import dev.millrace.cli.operations.ServerCommands;
import picocli.CommandLine;

/** The command around the Flink job. */
public final class FlinkCommands extends ServerCommands {

  @Override
  public int position() {
    return 0;
  }

  @Override
  public void addTo(CommandLine root) {
    root.addSubcommand(FlinkDemo.class);
  }

  @Override
  public void addMeasurements(CommandLine bench) {}

  @Override
  public boolean logMore() {
    show("org.apache.flink", Level.INFO);
    return super.logMore();
  }
}
