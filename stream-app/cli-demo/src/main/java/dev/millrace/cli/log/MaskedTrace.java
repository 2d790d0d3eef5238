package dev.millrace.cli.log;

import ch.qos.logback.classic.pattern.ThrowableProxyConverter;
import ch.qos.logback.classic.spi.ILoggingEvent;
import dev.millrace.schema.CredentialMask;

/** The stack trace behind a log line, likewise. Stateless; named in logback.xml. */
public final class MaskedTrace extends ThrowableProxyConverter {

  @Override
  public String convert(ILoggingEvent event) {
    return CredentialMask.inText(super.convert(event));
  }
}
