package dev.millrace.cli.model;

import dev.millrace.cli.ExitCode;
import dev.millrace.engine.inspect.ModelImport;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Writes a GGUF file as a model directory. */
@Command(
    name = "import",
    description = "Writes a GGUF file as a model directory in Hugging Face's layout.",
    footer = {
      "",
      "Weights in blocks become f32, which loses nothing: the directory answers in f32",
      "as the file does. Those in f32, f16 and bf16 stay as they are.",
    })
public final class ImportCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Parameters(index = "0", paramLabel = "FILE", description = "The .gguf file, or the first part.")
  private Path file = Path.of("");

  @Parameters(index = "1", paramLabel = "DIR", description = "Directory to write; new or empty.")
  private Path directory = Path.of("");

  @Option(
      names = "--bf16",
      description = "Round weights in blocks to bf16, which takes half the room.")
  private boolean rounded;

  @Override
  public Integer call() {
    ModelImport.write(file, directory, rounded);
    spec.commandLine().getOut().println(directory + " is a model directory now");
    spec.commandLine().getOut().flush();
    return ExitCode.SUCCESS;
  }
}
