package dev.millrace.engine.tokenizer;

import com.hubspot.jinjava.Jinjava;
import com.hubspot.jinjava.JinjavaConfig;
import com.hubspot.jinjava.interpret.Context;
import com.hubspot.jinjava.interpret.InterpreterFactory;
import com.hubspot.jinjava.interpret.JinjavaInterpreter;
import java.util.concurrent.CancellationException;

/**
 * An interpreter that ends when its thread is interrupted, which the engine's own never notices.
 */
final class StoppableInterpreter extends JinjavaInterpreter {

  /** Makes nothing else. */
  static final InterpreterFactory FACTORY =
      new InterpreterFactory() {
        @Override
        public JinjavaInterpreter newInstance(JinjavaInterpreter original) {
          return new StoppableInterpreter(original);
        }

        @Override
        public JinjavaInterpreter newInstance(
            Jinjava application, Context context, JinjavaConfig config) {
          return new StoppableInterpreter(application, context, config);
        }
      };

  private StoppableInterpreter(JinjavaInterpreter original) {
    super(original);
  }

  private StoppableInterpreter(Jinjava application, Context context, JinjavaConfig config) {
    super(application, context, config);
  }

  /** Every turn of every loop comes by here. */
  @Override
  public Context getContext() {
    if (Thread.currentThread().isInterrupted()) {
      throw new CancellationException("the chat template was stopped");
    }
    return super.getContext();
  }
}
