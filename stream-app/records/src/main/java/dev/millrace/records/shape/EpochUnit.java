package dev.millrace.records.shape;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Instant;

/** What a time that is a bare number counts, since 1970. */
public enum EpochUnit {
  /** Seconds. */
  SECONDS(9),
  /** Milliseconds. */
  MILLIS(6),
  /** Microseconds. */
  MICROS(3),
  /** Nanoseconds. */
  NANOS(0);

  private static final BigInteger NANOS_PER_SECOND = BigInteger.valueOf(1_000_000_000);

  /** More digits than any time has: a number of a billion zeros must not be written out. */
  private static final int DIGITS_MAX = 40;

  private final int zeros;

  EpochUnit(int zeros) {
    this.zeros = zeros;
  }

  /**
   * The time that a number stands for; parts of a nanosecond are dropped.
   *
   * @throws ArithmeticException if it is out of range
   * @throws java.time.DateTimeException if it is out of range
   */
  Instant time(BigDecimal number) {
    if (Math.abs((long) number.precision() - number.scale()) > DIGITS_MAX
        || Math.abs((long) number.scale()) > DIGITS_MAX) {
      throw new ArithmeticException("a time of so many digits");
    }
    BigInteger[] parts =
        number.scaleByPowerOfTen(zeros).toBigInteger().divideAndRemainder(NANOS_PER_SECOND);
    return Instant.ofEpochSecond(parts[0].longValueExact(), parts[1].longValueExact());
  }
}
