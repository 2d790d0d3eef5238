package dev.millrace.streams.cli;

import dev.millrace.schema.CredentialMask;
import dev.millrace.streams.cli.bench.BenchCommand;
import dev.millrace.streams.cli.bench.StreamBench;
import dev.millrace.streams.cli.bench.engine.EngineBench;
import dev.millrace.streams.cli.enrich.EnrichCommand;
import dev.millrace.streams.cli.enrich.EvaluateCommand;
import dev.millrace.streams.cli.model.ModelCommand;
import dev.millrace.streams.demo.DemoCommand;
import java.io.PrintWriter;
import java.nio.file.Path;
import picocli.CommandLine;
import picocli.CommandLine.HelpCommand;

/** Where the process begins and ends. */
public final class Main {

  private static final Launch.CommandSet COMMANDS =
      new Launch.CommandSet() {
        @Override
        public void addTo(CommandLine root) {
          addCommands(root);
        }

        @Override
        public String mask(String text) {
          return CredentialMask.inText(text);
        }
      };

  private Main() {}

  /** Runs one command and exits with its code. */
  public static void main(String[] arguments) {
    Launch.exit(COMMANDS, arguments);
  }

  /**
   * Runs one command without exiting.
   *
   * @param out where results go
   * @param err where failures and usage go
   * @return the exit code, see {@link ExitCode}
   */
  public static int run(PrintWriter out, PrintWriter err, String... arguments) {
    return Launch.run(COMMANDS, out, err, arguments);
  }

  /** Every command. Add one by adding its class, here and, if it needs no Kafka, to EngineMain. */
  static void addCommands(CommandLine root) {
    root.addSubcommand(DemoCommand.class);
    root.addSubcommand(RunCommand.class);
    root.addSubcommand(TopicsCommand.class);
    root.addSubcommand(SchemasCommand.class);
    root.addSubcommand(ProduceCommand.class);
    root.addSubcommand(TailCommand.class);
    root.addSubcommand(RedriveCommand.class);
    root.addSubcommand(EnrichCommand.class);
    root.addSubcommand(EvaluateCommand.class);
    root.addSubcommand(ModelCommand.class);
    CommandLine bench = new CommandLine(new BenchCommand());
    root.addSubcommand(bench);
    bench.addSubcommand(EngineBench.class);
    bench.addSubcommand(StreamBench.class);
    root.addSubcommand(HelpCommand.class);
  }

  /**
   * The project's directory: where the bundled model and documents lie. The launcher passes it;
   * without it, the working directory is taken.
   */
  public static Path home() {
    return Path.of(System.getProperty("millrace.home", "")).toAbsolutePath().normalize();
  }
}
