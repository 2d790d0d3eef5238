package dev.millrace.cli.log;

import ch.qos.logback.classic.pattern.MessageConverter;
import ch.qos.logback.classic.spi.ILoggingEvent;
import dev.millrace.schema.CredentialMask;

/**
 * The message of a log line without secrets: libraries log settings and addresses as they were
 * given. Stateless; named in logback.xml.
 */
public final class MaskedMessage extends MessageConverter {

  @Override
  public String convert(ILoggingEvent event) {
    return CredentialMask.inText(super.convert(event));
  }
}
